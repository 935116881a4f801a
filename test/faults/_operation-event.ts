// What happens in a swarm, as it is logged.
import type { AskedRange } from './_operation-range.ts'

/** What a head says of a path: a file, that it was withdrawn, or nothing. */
export type PathState =
  { readonly kind: 'file'; readonly bytes: Uint8Array } | { readonly kind: 'withdrawn' } | undefined

/** What was published under one sequence number. */
export interface PublishedEvent {
  readonly kind: 'published'
  readonly seq: number
  /** When, in milliseconds since the Unix epoch. */
  readonly atMs: number
  /** Digest of the head. */
  readonly head: string
  /** Paths that are another than in the head before. */
  readonly changes: ReadonlyMap<string, PathState>
}

/** A node uses a head; also the first thing that it says after each start. */
export interface HeadEvent {
  readonly kind: 'head'
  readonly node: string
  readonly seq: number
  readonly head: string | undefined
}

/** A node acknowledged that it stored a blob, or let it go. */
export interface BlobEvent {
  readonly kind: 'stored' | 'dropped'
  readonly node: string
  readonly digest: string
}

/** A node began to store a blob, for which it needs room, or that came to an end. */
export interface RoomEvent {
  readonly kind: 'wanted' | 'settled'
  readonly node: string
  readonly sizeBytes: number
}

/** All blobs that a node has when it is started again; nothing is being stored then. */
export interface InventoryEvent {
  readonly kind: 'inventory'
  readonly node: string
  readonly digests: ReadonlySet<string>
  /** What its blobs may take together; Infinity for no limit. */
  readonly quotaBytes: number
}

/** What a client asked of a node, and was answered. */
export interface OperationEvent {
  readonly kind: 'operation'
  readonly verb: 'get' | 'range' | 'head' | 'list'
  readonly node: string
  readonly path: string
  /** Sequence numbers of the heads that the node used when it was asked and when it had answered; 0 for none. */
  readonly from: number
  readonly to: number
  readonly status: number
  /** How many events were logged when it was asked. */
  readonly askedAt: number
  /** What the clock of the node said then, in milliseconds since the Unix epoch. */
  readonly nowMs: number
  /** Who could be asked from then until it had answered, without anything being done to them: itself, honest peers, {@link ORIGIN}. */
  readonly reachable: readonly string[]
  /** Why it was refused, or why its body broke off, in words. */
  readonly reason?: string
  /** Only a part of the body came. */
  readonly brokeOff: boolean
  /** SHA-256 of the body in hex. */
  readonly digest: string
  /** Stated length of the body. */
  readonly sizeBytes: number
  /** Of `range`. */
  readonly range?: AskedRange
  /** Of `list`: names, in order. */
  readonly names?: readonly string[]
}

/** In the place of a peer's name. */
export const ORIGIN = 'the origin'

export type SwarmEvent =
  PublishedEvent | HeadEvent | BlobEvent | RoomEvent | InventoryEvent | OperationEvent
