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

/** A repository without signed index: checked against its origin's own checksums, and never called verified. */
export interface ProxiedStatus {
  readonly name: string
  readonly origin: string
  /** Body bytes that the origin sent since the node started. */
  readonly receivedBytes: number
  /** Bytes of files that local peers gave instead. */
  readonly fromLanBytes: number
  readonly served: {
    readonly requests: number
    readonly bytes: number
    /** Files by where their bytes came from. */
    readonly bySource: { readonly store: number; readonly peer: number; readonly origin: number }
  }
}

/** Where strangers read a repository. */
export interface PublicPlaceStatus {
  readonly name: string
  readonly url: string
  /** Whether the signed list of mirrors has it; null until there is a head. */
  readonly listed: boolean | null
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
  /** Of all but the proxied repositories. */
  readonly served: ServedStatus
  /** Absent when there is none. */
  readonly proxied?: readonly ProxiedStatus[]
  /** Absent without a public URL. */
  readonly public?: readonly PublicPlaceStatus[]
}
