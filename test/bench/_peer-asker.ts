/** A process with a real node, which gets files of a repository from the one peer that it knows. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createNode } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { inParallel } from '@jarswarm/publisher'
import { silentLogger } from '@jarswarm/testkit'
import { parseLink } from '@jarswarm/trust'
import { limitBuffersWithHeap } from '../../packages/cli/src/buffer-limit.ts'
import { waitFor } from '../_wait-for.ts'

/** What the process is told in a message. */
export interface PeerTask {
  readonly dataDir: string
  readonly link: string
  readonly peer: string
  /** Got first, and not counted: after that both know what the other has. */
  readonly warmUp: string
  /** `<repository name>/<path>` of all different files. */
  readonly addresses: readonly string[]
  readonly parallel: number
}

export interface PeerReply {
  /** Until the last byte of the last one was given out, verified. */
  readonly ms: number
  /** Until all of them were durable. */
  readonly durableMs: number
  /** SHA-256 of each. */
  readonly digests: readonly string[]
}

async function get(node: Node, address: string): Promise<readonly Uint8Array[]> {
  const gotten = await node.get(address)
  const parts: Uint8Array[] = []
  try {
    for await (const part of gotten.bytes) parts.push(part)
    return parts
  } finally {
    gotten.release()
  }
}

// As a message: thousands of addresses are too many for an argument.
const [task] = (await once(process, 'message')) as [PeerTask]
// As the program does.
limitBuffersWithHeap()
const node = await createNode({
  dataDir: task.dataDir,
  version: 'bench',
  join: [parseLink(task.link)],
  listen: ['/ip4/127.0.0.1/tcp/0'],
  bootstrap: [task.peer],
  logger: silentLogger,
})
await node.start()
await waitFor('the index and the peer', () => {
  const { repositories, peers } = node.statusNow()
  return (repositories[0]?.index.complete === true && peers.connected > 0) || undefined
})
await get(node, task.warmUp)
const parts = new Map<string, readonly Uint8Array[]>()
const began = performance.now()
await inParallel(task.addresses, task.parallel, async (address) => {
  parts.set(address, await get(node, address))
})
const ms = performance.now() - began
await waitFor('all of them in the store', () => {
  return node.statusNow().store.blobs > task.addresses.length || undefined
})
const durableMs = performance.now() - began
const digests = task.addresses.map((address) => {
  const hash = createHash('sha256')
  for (const part of parts.get(address) ?? []) hash.update(part)
  return hash.digest('hex')
})
const reply: PeerReply = { ms, durableMs, digests }
process.send?.(reply)
await once(process, 'disconnect')
await node.stop()
