import type { SliceSet } from '@jarswarm/manifest'
import type { PeerName } from './peer-name.ts'

/** What a node gives to a repository: space, and in it some slices of the index, whole. */
export interface Donation {
  /** Space for files of the repository; above 0. */
  readonly donatedBytes: number
  /** The slices whose files are all here. */
  readonly slices: SliceSet
}

/** Another node that donates space, as it says itself. A claim is a hint, as with blobs. */
export interface Donor extends Donation {
  readonly peer: PeerName
  /** When it said so, by its own clock. */
  readonly issuedMs: number
  /**
   * The public address range, a /24 or /48, that it was last seen at, or says that it is at while nobody here has met
   * it; undefined for one on the local network, or that names no address.
   */
  readonly range: string | undefined
}
