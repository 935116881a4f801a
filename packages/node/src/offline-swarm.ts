import { NotHeldError } from '@jarswarm/ports'
import type { Donor, PeerName, PeerStatus, Swarm } from '@jarswarm/ports'

/** The network of a node that uses none: nobody is there, and nothing is told to anybody. */
export class OfflineSwarm implements Swarm {
  readonly peerId: PeerName = ''

  listenAddresses(): readonly string[] {
    return []
  }

  peers(): readonly PeerStatus[] {
    return []
  }

  roundTripMs(): number | undefined {
    return undefined
  }

  claimants(): readonly PeerName[] {
    return []
  }

  followers(): readonly PeerName[] {
    return []
  }

  async *findProviders(): AsyncGenerator<PeerName> {
    // Nobody is found.
  }

  async *provide(): AsyncGenerator<string | undefined> {
    // Nobody is told.
  }

  request(peer: PeerName): Promise<Uint8Array> {
    return Promise.reject(
      new NotHeldError(`Cannot ask peer ${peer}: this node is offline, a network is wanted`),
    )
  }

  gossipManifest(): Promise<void> {
    return Promise.resolve()
  }

  keepConnected(): void {
    // Nobody is connected to.
  }

  donate(): void {
    // Nobody is told.
  }

  donors(): readonly Donor[] {
    return []
  }

  onDonorsChange(): () => void {
    return () => {
      // Nothing ever changes.
    }
  }

  proveDonor(): void {
    // There is none.
  }

  reportWrongBytes(): void {
    // No peer can have sent any.
  }

  transferred(): { readonly receivedBytes: number; readonly sentBytes: number } {
    return { receivedBytes: 0, sentBytes: 0 }
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }
}
