import { parsePath } from '@jarswarm/maven'
import { MemoryUpstream } from '@jarswarm/testkit'
import type { SignedRepositoryBuilder } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JAR, METADATA, Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const DAY_MS = 86_400_000
const NEW_POM = 'org/example/lib/2.0/lib-2.0.pom'

/** A bootstrap that took the state of its day, and has heard nothing since. */
async function bootstrapOf(rig: Rig, builder: SignedRepositoryBuilder): Promise<Node> {
  const upstream = new MemoryUpstream({ files: new Map(builder.files) })
  const heads = { push: false, pull: false, pollIntervalMs: 1_000 * DAY_MS }
  const node = await rig.node({ upstreams: [upstream], heads, mirrorPolicy: 'all' })
  await rig.until(() => node.repository.head?.seq === builder.state?.head.seq)
  return node
}

describe('a newcomer in the midst of a long outage', () => {
  it('takes the highest head of several bootstraps, and says how old it is', async (t) => {
    const rig = new Rig(t)
    await bootstrapOf(rig, rig.builder)
    rig.builder.put(NEW_POM, 'new').publish()
    await bootstrapOf(rig, rig.builder)
    rig.clock.advance(10 * DAY_MS)
    const newcomer = await rig.node({ upstreams: [] })
    const resolution = await rig.resolve(newcomer, NEW_POM)
    assert.equal(resolution.kind, 'artifact', JSON.stringify(resolution))
    const { head, freshness } = newcomer.repository.status()
    assert.equal(head?.seq, 2)
    assert.equal(freshness, 'stale')
    assert.ok(head.ageSeconds >= 10 * 86_400)
    assert.ok(newcomer.repository.freshness().staleSeconds >= 3 * 86_400)
  })

  it('serves releases of a state that is too old to say what is the latest', async (t) => {
    const rig = new Rig(t)
    await bootstrapOf(rig, rig.builder)
    rig.clock.advance(31 * DAY_MS)
    const newcomer = await rig.node({ upstreams: [] })
    assert.equal((await rig.resolve(newcomer, JAR)).kind, 'artifact')
    assert.equal((await rig.resolve(newcomer, METADATA)).kind, 'unknown')
    assert.equal((await rig.resolve(newcomer, NEW_POM)).kind, 'unknown')
    // A release may have no pom, and whether it has one is asked of the index alone.
    const asked = newcomer.repository.resolve(parsePath(NEW_POM), { indexOnly: true })
    assert.equal((await rig.wait(asked)).kind, 'absent')
    assert.equal(newcomer.repository.status().freshness, 'suspect')
  })

  it('takes no expired head at all when it is strict', async (t) => {
    const rig = new Rig(t)
    await bootstrapOf(rig, rig.builder)
    rig.clock.advance(10 * DAY_MS)
    const newcomer = await rig.node({ upstreams: [], enforceExpiry: true, maxStaleMs: 0 })
    assert.equal((await rig.resolve(newcomer, JAR)).kind, 'unknown')
    assert.equal(newcomer.repository.head, undefined)
  })

  it('hears of it when bootstraps were told different things', async (t) => {
    const rig = new Rig(t)
    const other = rig.builder.fork()
    rig.builder.put(NEW_POM, 'one story').publish()
    other.put(NEW_POM, 'another').publish()
    await bootstrapOf(rig, rig.builder)
    await bootstrapOf(rig, other)
    rig.clock.advance(10 * DAY_MS)
    const newcomer = await rig.node({ upstreams: [] })
    await rig.resolve(newcomer, NEW_POM)
    await rig.until(() =>
      newcomer.logger.lines.some(
        ({ level, fields }) =>
          level === 'warn' && /EquivocationError/.test(String(fields['error'])),
      ),
    )
  })
})
