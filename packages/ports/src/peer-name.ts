/** A peer's libp2p id in its usual text form. */
export type PeerName = string
