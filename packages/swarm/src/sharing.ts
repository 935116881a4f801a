import type { PeerName } from '@jarswarm/ports'

/** Who may learn what this node holds: everyone, peers on private networks, nobody. */
export type SharePolicy = 'all' | 'lan' | 'none'

export interface SharingInit {
  readonly share: SharePolicy
  readonly network: 'public' | 'private'
}

/** Who is told and given what this node has. */
export class Sharing {
  readonly #isLocal: (peer: PeerName) => boolean
  readonly #init: SharingInit

  constructor(isLocal: (peer: PeerName) => boolean, init: SharingInit) {
    this.#isLocal = isLocal
    this.#init = init
  }

  /** Whether what others hand on to everybody may be told: records of the DHT, notices of donors. */
  get isOpen(): boolean {
    const { share, network } = this.#init
    return share === 'all' || (share === 'lan' && network === 'private')
  }

  /** Whether one peer is told and given. */
  with(peer: PeerName): boolean {
    const { share } = this.#init
    return share === 'all' || (share === 'lan' && this.#isLocal(peer))
  }
}
