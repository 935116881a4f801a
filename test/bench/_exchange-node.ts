import type { Swarm } from '@jarswarm/ports'
import { createSwarm } from '@jarswarm/swarm'
import { MemorySwarmContent, silentLogger } from '@jarswarm/testkit'
import { SystemClock } from '@jarswarm/node'

export const REPOSITORY: string = 'be'.repeat(32)
/** The largest answer of the exchange: one piece. */
export const PIECE_BYTES: number = 256 * 1024
export const PIECES = 2_048
/** Different pieces; the rest are these again, so that the holder's memory stays small. */
export const DIFFERENT_PIECES = 16

/** What the holding process tells the asking one. */
export interface Offer {
  readonly peer: string
  readonly address: string
  readonly digests: readonly string[]
  /** Port of a plain TCP server that sends as many bytes to whoever connects. */
  readonly tcpPort: number
}

/** A started swarm node that listens on the loopback and keeps connected to some; and what it holds. */
export async function startExchangeNode(bootstrap: readonly string[] = []): Promise<{
  readonly swarm: Swarm
  readonly content: MemorySwarmContent
}> {
  const content = new MemorySwarmContent([REPOSITORY])
  const components = { content, clock: new SystemClock(), logger: silentLogger }
  const swarm = await createSwarm(components, {
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap,
  })
  await swarm.start()
  return { swarm, content }
}
