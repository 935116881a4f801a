import type { NodeStatus } from '@jarswarm/endpoint'
import type { NodeControl } from './node-control.ts'

/** A node of the swarm on this machine. */
export interface Node extends NodeControl, AsyncDisposable {
  /** Base URL of the Maven endpoint without a trailing slash; undefined when there is none, and before start. */
  readonly url: string | undefined
  /** As `url`, over TLS. */
  readonly secureUrl: string | undefined
  /** PEM file of the certificate that is shown at `secureUrl`. */
  readonly certificateFile: string | undefined
  /** Full multiaddrs; empty before start and when offline. */
  listenAddresses(): readonly string[]
  /** Names of the followed repositories, in the order of joining. */
  repositoryNames(): readonly string[]
  /** Swarm link that names this node as a peer; undefined unless exactly one repository is followed. */
  link(): string | undefined
  /** The status as of now. */
  statusNow(): NodeStatus
  /**
   * Begin to serve. When it fails, everything that was begun is ended.
   *
   * @throws {EndpointListenError | PortInUseError | ListenError} when an address cannot be had
   */
  start(): Promise<void>
  /** End everything and let go of the data directory, within 5 s. Idempotent; there is no second start. */
  stop(): Promise<void>
}
