import { SLICES } from '@jarswarm/manifest'
import type { PeerName } from '@jarswarm/ports'
import { createHash } from 'node:crypto'

/** Bytes of a draw before it becomes a number. */
const DRAW_BYTES = 4

/**
 * What every donor draws for every slice: -ln(u) of a number u between 0 and 1 that its name alone decides. The smaller
 * the better. Divided by the space that it donates, the smallest is each donor's as often as its space says (weighted
 * rendezvous hashing), and when one comes or goes, nobody else's order changes.
 */
export class SliceDraws {
  readonly #draws = new Map<PeerName, Float32Array>()

  /** The draws of a peer by slice, each above 0. */
  of(peer: PeerName): Float32Array {
    const known = this.#draws.get(peer)
    if (known !== undefined) return known
    const draws = drawAll(peer)
    this.#draws.set(peer, draws)
    return draws
  }

  /** Forget all but these: 16 KiB each. */
  keep(peers: ReadonlySet<PeerName>): void {
    for (const peer of this.#draws.keys()) if (!peers.has(peer)) this.#draws.delete(peer)
  }
}

function drawAll(peer: PeerName): Float32Array {
  const bytes = createHash('shake256', { outputLength: SLICES * DRAW_BYTES })
    .update(peer)
    .digest()
  return Float32Array.from(
    { length: SLICES },
    (_, slice) => -Math.log((bytes.readUInt32BE(slice * DRAW_BYTES) + 0.5) / 2 ** 32),
  )
}
