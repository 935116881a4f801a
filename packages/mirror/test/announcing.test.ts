import { MemorySwarmContent } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUIET_MS } from '../src/share/announcer.ts'
import { BIG, JAR, METADATA, POM, Rig } from './_rig.ts'

/** Less than the quiet that an announcement waits for. */
const SOON_MS = QUIET_MS - 1_000

/** Let time pass, and all that it brings happen. */
async function pass(rig: Rig, ms: number): Promise<void> {
  const endMs = rig.clock.now() + ms
  await rig.until(() => rig.clock.now() > endMs)
}

/** Who is known to hold something of the project of {@link POM}. */
function holders(rig: Rig): readonly string[] {
  return rig.network.records({ repository: rig.builder.id, project: 'org/example/lib' })
}

describe('a node that announces', () => {
  it('waits while a mirror is being filled', async (t) => {
    const rig = new Rig(t)
    const gate = Promise.withResolvers<undefined>()
    rig.origin.gate = async (path) => {
      if (path.startsWith(BIG)) await gate.promise
    }
    const node = await rig.node({ name: 'mirror', mirrorPolicy: 'all' })
    const stored = new Set<string>()
    node.mirror.onHoldingsChange(({ added }) => {
      for (const digest of added) stored.add(digest)
    })
    const small = [JAR, POM, METADATA].map((path) => rig.builder.entry(path).digest)
    await rig.until(() => small.every((digest) => stored.has(digest)))
    await pass(rig, QUIET_MS)
    assert.deepEqual(holders(rig), [])
    gate.resolve(undefined)
    const whole = { repository: rig.builder.id, project: undefined }
    await rig.until(() => rig.network.records(whole).length === 1)
    assert.deepEqual(holders(rig), [])
  })

  it('waits while more is stored', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ name: 'cache' })
    await rig.synced(node)
    for (const path of [POM, JAR, METADATA]) {
      node.repository.noteStored(rig.builder.entry(path))
      await pass(rig, SOON_MS)
    }
    assert.deepEqual(holders(rig), [])
    await pass(rig, QUIET_MS - SOON_MS)
    assert.deepEqual(holders(rig), ['cache'])
  })

  it('does not wait for an end of the joining of peers', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ name: 'cache' })
    await rig.synced(node)
    node.repository.noteStored(rig.builder.entry(POM))
    const content = new MemorySwarmContent([rig.builder.id])
    for (const name of ['first', 'second', 'third']) {
      const passer = rig.network.createSwarm({ name, content })
      await passer.start()
      await pass(rig, SOON_MS)
      await passer.stop()
    }
    assert.deepEqual(holders(rig), ['cache'])
  })
})
