/** Heads whose history nobody gives, as in an outage, or when somebody hides it. */
import { sha256 } from '@jarswarm/manifest'
import { MemoryUpstream } from '@jarswarm/testkit'
import type { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { judgeEvidence, parseEvidence } from '@jarswarm/trust'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HISTORY_PATIENCE_MS } from '../src/history/patience.ts'
import { JAR, POM, Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const NEW = 'org/example/lib/1.1/lib-1.1.pom'
const EARLIER = 'org/example/lib/0.9/lib-0.9.pom'

/** Let the origin have what a publisher published, but nothing of the log. */
function offerWithoutLog(rig: Rig, builder: SignedRepositoryBuilder): void {
  for (const [path, bytes] of builder.files) {
    if (!path.startsWith('.jarswarm/log/')) rig.origin.files.set(path, bytes)
  }
  for (const path of rig.origin.files.keys()) {
    if (path.startsWith('.jarswarm/log/')) rig.origin.files.delete(path)
  }
}

/** Ask in vain until patience ends. */
async function wearOut(rig: Rig, node: Node): Promise<void> {
  rig.clock.advance(11_000)
  await rig.wait(node.repository.lookForNewerHead({}))
  await rig.until(() => (node.repository.status().history?.heldBack ?? null) !== null)
  const { heldBack } = node.repository.status().history ?? {}
  assert.equal(heldBack?.refused, false)
  rig.clock.advance(HISTORY_PATIENCE_MS)
}

async function inUse(rig: Rig, node: Node, seq: number | undefined): Promise<void> {
  await rig.until(() => node.repository.status().head?.seq === seq)
}

async function refused(rig: Rig, node: Node, reason: RegExp): Promise<void> {
  await rig.until(() => node.repository.status().history?.heldBack?.refused === true)
  assert.match(String(node.repository.status().history?.heldBack?.reason), reason)
}

function verdictOf(node: Node): string | undefined {
  const [bytes] = node.stores.evidence.files.values()
  return bytes && judgeEvidence(parseEvidence(bytes)).kind
}

/** A node at the first head, and an origin that shows a later one without its history. */
async function worn(
  rig: Rig,
  change: (builder: SignedRepositoryBuilder) => void,
  options: Parameters<Rig['node']>[0] = {},
): Promise<Node> {
  const builder = rig.builder.fork()
  const node = await rig.node(options)
  await rig.synced(node)
  change(builder)
  offerWithoutLog(rig, builder)
  await wearOut(rig, node)
  return node
}

describe('a head whose history nobody gives for long', () => {
  it('comes into use when it changes no release', async (t) => {
    const rig = new Rig(t)
    const node = await worn(rig, (builder) => builder.put(NEW, 'new').publish())
    await inUse(rig, node, 2)
    assert.equal(node.repository.status().history?.replayed, false)
    assert.equal(node.repository.status().history?.heldBack, null)
    assert.equal((await rig.resolve(node, NEW)).kind, 'artifact')
    assert.ok(node.logger.lines.some(({ message }) => message.includes('nowhere to be had')))
  })

  it('never does in a full mirror', async (t) => {
    const rig = new Rig(t)
    const node = await worn(rig, (builder) => builder.put(NEW, 'new').publish(), {
      mirrorPolicy: 'all',
    })
    rig.clock.advance(HISTORY_PATIENCE_MS)
    await rig.wait(node.repository.lookForNewerHead({}))
    await rig.resolve(node, NEW)
    assert.equal(node.repository.status().head?.seq, 1)
    assert.equal(node.repository.status().history?.heldBack?.refused, false)
  })

  it('is refused with evidence when a release has other bytes', async (t) => {
    const rig = new Rig(t)
    const node = await worn(rig, (builder) => builder.put(JAR, 'other bytes').publish())
    await refused(rig, node, /second digest/)
    assert.equal(verdictOf(node), 'second-digest')
    const jar = await rig.resolve(node, JAR)
    assert.ok(jar.kind === 'artifact' && jar.entry.digest === sha256(Buffer.from('a jar')))
  })

  it('is refused when a release that left comes back with other bytes', async (t) => {
    const rig = new Rig(t)
    const builder = rig.builder.fork()
    const node = await rig.node()
    await rig.synced(node)
    builder.remove(POM).publish()
    offerWithoutLog(rig, builder)
    await wearOut(rig, node)
    await inUse(rig, node, 2)
    builder.put(POM, 'other bytes').publish()
    offerWithoutLog(rig, builder)
    await wearOut(rig, node)
    await refused(rig, node, /second digest/)
  })

  it('is refused when a release left without being withdrawn', async (t) => {
    const rig = new Rig(t)
    const node = await worn(rig, (builder) => {
      builder.remove(POM).publish({ withdrawals: 'hidden' })
    })
    await refused(rig, node, /left without being withdrawn/)
  })

  it('is found out when a later head rewrites what was before', async (t) => {
    const rig = new Rig(t)
    const forked = rig.builder.fork()
    rig.builder.put(NEW, 'the truth').publish()
    const stores = rig.stores()
    const first = await rig.node({ stores })
    await rig.synced(first)
    forked.put(EARLIER, 'a lie').put(NEW, 'the truth').publish()
    forked.put('org/example/lib/1.3/lib-1.3.pom', 'more').publish()
    forked.put('org/example/lib/1.4/lib-1.4.pom', 'more').publish()
    offerWithoutLog(rig, forked)
    await wearOut(rig, first)
    await inUse(rig, first, 4)
    // What went before is remembered over a restart.
    await first.stop()
    const node = await rig.node({ stores })
    await inUse(rig, node, 4)
    forked.put('org/example/lib/1.5/lib-1.5.pom', 'more').publish()
    for (const [path, bytes] of forked.files) rig.origin.files.set(path, bytes)
    rig.clock.advance(11_000)
    await rig.wait(node.repository.lookForNewerHead({}))
    await refused(rig, node, /rewrites the first/)
    assert.equal(verdictOf(node), 'rewritten-history')
  })

  it('is left behind by new online keys, with what went before it', async (t) => {
    const rig = new Rig(t)
    const forked = rig.builder.fork()
    rig.builder.put(NEW, 'the truth').publish()
    const node = await rig.node()
    await rig.synced(node)
    forked.put(EARLIER, 'a lie').put(NEW, 'the truth').publish()
    forked.put('org/example/lib/1.3/lib-1.3.pom', 'more').publish()
    forked.put('org/example/lib/1.4/lib-1.4.pom', 'more').publish()
    offerWithoutLog(rig, forked)
    await wearOut(rig, node)
    await inUse(rig, node, 4)
    forked.nextRoot({ rotate: true })
    for (const seq of [5, 6]) {
      forked.put(`org/example/lib/2.${String(seq)}/lib-2.${String(seq)}.pom`, 'more').publish()
      for (const [path, bytes] of forked.files) rig.origin.files.set(path, bytes)
      rig.clock.advance(11_000)
      await rig.wait(node.repository.lookForNewerHead({}))
      await inUse(rig, node, seq)
    }
  })
})

describe('a newcomer whose bootstraps have no history', () => {
  it('moves on to the newest head, whichever it heard of first', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ syncIndex: false })
    await inUse(rig, node, 1)
    rig.builder.put(NEW, 'new').publish()
    offerWithoutLog(rig, rig.builder)
    rig.clock.advance(11_000)
    await rig.wait(node.repository.lookForNewerHead({}))
    await inUse(rig, node, 2)
    assert.equal((await rig.resolve(node, NEW)).kind, 'artifact')
  })

  it('hears of both from peers alone', async (t) => {
    const rig = new Rig(t)
    const old = new MemoryUpstream({ files: new Map(rig.builder.files) })
    const first = await rig.node({ upstreams: [old], heads: { push: false, pull: false } })
    await inUse(rig, first, 1)
    const newcomer = await rig.node({ upstreams: [], syncIndex: false })
    await inUse(rig, newcomer, 1)
    rig.builder.put(NEW, 'new').publish()
    const second = await rig.node({ syncIndex: false })
    offerWithoutLog(rig, rig.builder)
    await inUse(rig, second, 2)
    await inUse(rig, newcomer, 2)
  })
})
