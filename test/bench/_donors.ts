/** What the bench of donated space and its processes tell one another. */
import type { RepositoryId } from '@jarswarm/trust'

/** A published repository, as a process reads it. */
export interface BenchRepository {
  readonly id: RepositoryId
  /** By path, the published form included. */
  readonly files: Map<string, Uint8Array>
  /** Digest of each artifact. */
  readonly digests: readonly string[]
}

export type DonorOrder =
  | { readonly kind: 'join'; readonly donatedBytes: number; readonly bootstrap: readonly string[] }
  /** So many of its nodes stop at once, without a word to anybody. */
  | { readonly kind: 'leave'; readonly count: number }
  | { readonly kind: 'origin-dies' }
  | { readonly kind: 'report' }

export interface DonorReport {
  /** Multiaddrs of the nodes that run. */
  readonly addresses: readonly string[]
  /** How many of the nodes that run hold each artifact, in the order of `digests`. */
  readonly holders: Uint8Array
  /** Bytes that were stored in all, also by nodes that left. */
  readonly storedBytes: number
  /** Bytes that the exchange brought, also to nodes that left: proofs and index nodes included. */
  readonly receivedBytes: number
  /** Copies that a node aims at, the most that one says. */
  readonly wantedCopies: number
}

/** Everything that waits is shortened by so much, lest the bench take hours. */
export const QUICKENED = 20
