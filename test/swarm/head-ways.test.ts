import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Mechanisms, Node } from '@jarswarm/node'
import { waitFor } from '../_wait-for.ts'
import { get, nameOf, Testnet, waitForPeer } from './_testnet.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const NEW_JAR = 'org/example/lib/2.0/lib-2.0.jar'
const SOON_MS = 100

const seqOf = (node: Node): number => node.statusNow().repositories[0]?.head?.seq ?? 0

const waitForSeq = (node: Node, seq: number): Promise<true> =>
  waitFor(`head ${String(seq)}`, () => (seqOf(node) >= seq ? true : undefined))

/** One node polls the origin; the others know it alone, and learn of heads in the given way alone. */
async function follow(t: TestContext, ways: readonly Mechanisms['heads'][]) {
  const net = await Testnet.create(t, { [JAR]: Buffer.from('one') })
  const poller = await net.holder({
    mechanisms: { heads: { push: false, pull: false, pollIntervalMs: SOON_MS } },
  })
  const nodes: Node[] = []
  for (const heads of ways) {
    const node = await net.node({ knows: [poller], mechanisms: { heads: heads ?? {} } })
    await waitForPeer(node, nameOf(poller))
    // A client who asks has the node look for its first head; nothing else would bring it.
    assert.equal((await get(node, JAR)).status, 200)
    assert.equal(seqOf(node), 1)
    nodes.push(node)
  }
  net.builder.put(NEW_JAR, 'two').publish({ nowMs: Date.now() })
  await waitForSeq(poller, 2)
  return nodes
}

const NO_WAY = { push: false, pull: false, poll: false } as const

describe('a new head', () => {
  it('comes by push alone, by pull alone, and not without either', async (t) => {
    const ways = [
      { ...NO_WAY, push: true },
      { ...NO_WAY, pull: true, pullIntervalMs: SOON_MS },
      NO_WAY,
    ]
    const [pushed, pulling, deaf] = await follow(t, ways)
    assert.ok(pushed !== undefined && pulling !== undefined && deaf !== undefined)
    await Promise.all([waitForSeq(pushed, 2), waitForSeq(pulling, 2)])
    assert.equal(seqOf(deaf), 1)
    assert.equal((await get(pulling, NEW_JAR)).status, 200)
  })
})
