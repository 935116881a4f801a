import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Node } from '@jarswarm/node'
import type { Clock } from '@jarswarm/ports'
import { TestOrigin } from './_origin.ts'
import { startNode, temporaryDirectory } from './_swarm.ts'
import { waitFor } from './_wait-for.ts'

const LARGE = 'g/large/1/large-1.zip'
const FILES = {
  'g/large/1/large-1.pom': Buffer.from('<project>large</project>'),
  [LARGE]: Buffer.alloc(1_500_000, 'large '),
}

/** Time goes by so slowly that a busy machine is no reason to leave a peer for the origin. */
function slowClock(): Clock {
  const SLOWER = 50
  const startedMs = Date.now()
  return {
    now: () => startedMs + Math.floor((Date.now() - startedMs) / SLOWER),
    monotonicMs: () => Math.floor(performance.now() / SLOWER),
    setTimer: (callback, delayMs) => {
      const timer = setTimeout(callback, delayMs * SLOWER).unref()
      return {
        cancel: () => {
          clearTimeout(timer)
        },
      }
    },
  }
}

async function startPair(
  t: TestContext,
  share: 'all' | 'none' = 'all',
): Promise<{ readonly nodes: readonly [Node, Node] }> {
  const origin = await TestOrigin.start(t, FILES)
  const proxy = [{ name: 'central', url: origin.url }]
  const first = await startNode(t, { dataDir: join(temporaryDirectory(t), 'data'), proxy, share })
  const second = await startNode(t, {
    dataDir: join(temporaryDirectory(t), 'data'),
    proxy,
    bootstrap: first.listenAddresses(),
    clock: slowClock(),
  })
  await waitFor('the two nodes are connected', () => second.statusNow().peers.connected === 1)
  return { nodes: [first, second] }
}

async function sourceOf(node: Node): Promise<string | null> {
  const answer = await fetch(`${String(node.url)}/central/${LARGE}`)
  assert.equal(answer.status, 200, answer.statusText)
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(FILES[LARGE]))
  return answer.headers.get('x-jarswarm-source')
}

describe('two nodes of one LAN that proxy a repository', () => {
  it('fetch a large file from its origin once', async (t) => {
    const { nodes } = await startPair(t)
    assert.equal(await sourceOf(nodes[0]), 'origin')
    assert.equal(await sourceOf(nodes[1]), 'peer')
    const [proxied] = nodes[1].statusNow().proxied ?? []
    assert.deepEqual(proxied?.served.bySource, { store: 0, peer: 1, origin: 0 })
    // The answer that the origin had begun is cut off: what the second node read of it are checksums and a pom.
    assert.equal(proxied.fromLanBytes, FILES[LARGE].length)
    assert.ok(proxied.receivedBytes < 1_000, `${String(proxied.receivedBytes)} bytes`)
    assert.equal(await sourceOf(nodes[1]), 'store')
  })

  it('do so only if they share', async (t) => {
    const { nodes } = await startPair(t, 'none')
    assert.equal(await sourceOf(nodes[0]), 'origin')
    assert.equal(await sourceOf(nodes[1]), 'origin')
  })

  it('tell nobody of it', async (t) => {
    const { nodes } = await startPair(t)
    await sourceOf(nodes[0])
    const [seen] = await nodes[1].peers()
    assert.deepEqual(seen?.repositories, [])
    assert.deepEqual(nodes[0].statusNow().repositories, [])
  })
})
