import type { RepositoryStatus, SourceKind } from '@jarswarm/ports'

/** What the endpoint answered since it started. */
export interface ServedStatus {
  /** Requests below a repository name, whatever their answer. */
  readonly requests: number
  /** Body bytes of those requests. */
  readonly bytes: number
  /** Requests that were answered with an artifact, by where its bytes came from. */
  readonly bySource: Readonly<Record<SourceKind, number>>
}

/** The document at `/-/status`, and of `jarswarm status --json`. */
export interface NodeStatus {
  readonly version: string
  readonly peerId: string
  /** Full multiaddrs with the peer id. */
  readonly listen: readonly string[]
  readonly uptimeSeconds: number
  readonly repositories: readonly RepositoryStatus[]
  readonly store: {
    readonly blobs: number
    readonly bytes: number
    readonly quotaBytes: number
  }
  readonly peers: { readonly connected: number; readonly known: number }
  readonly served: ServedStatus
}
