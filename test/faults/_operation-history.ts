// A log of what a swarm was asked and answered, and what must hold of it. Pure: it knows what was published and what was
// seen, and nothing of how nodes work.
import { createHash } from 'node:crypto'
import { ViolationError } from './_violation-error.ts'
import type { Rule } from './_violation-error.ts'

/** What a head says of a path: a file, that it was withdrawn, or nothing. */
export type PathState =
  { readonly kind: 'file'; readonly bytes: Uint8Array } | { readonly kind: 'withdrawn' } | undefined

/** What was published under one sequence number. */
export interface PublishedEvent {
  readonly kind: 'published'
  readonly seq: number
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
  /** Whether the node had to make room. */
  readonly evicting: boolean
}

/** All blobs that a node has when it is started again. */
export interface InventoryEvent {
  readonly kind: 'inventory'
  readonly node: string
  readonly digests: ReadonlySet<string>
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
  /** SHA-256 of the body in hex. */
  readonly digest: string
  /** Stated length of the body. */
  readonly sizeBytes: number
  /** Of `range`: its first byte and its length. */
  readonly range?: readonly [offset: number, length: number]
  /** Of `list`: names, in order. */
  readonly names?: readonly string[]
}

export type SwarmEvent = PublishedEvent | HeadEvent | BlobEvent | InventoryEvent | OperationEvent

/** Not now: always allowed, for nothing wrong follows from it. */
const UNAVAILABLE = 424

/** Looks at events in the order in which they came, and throws at the first that must not be. */
export class OperationChecker {
  readonly #heads = new Map<number, string>()
  /** Per path what it became, and under which number. */
  readonly #states = new Map<string, { readonly seq: number; readonly state: PathState }[]>()
  readonly #directories = new Map<string, Set<string>>()
  readonly #used = new Map<string, number>()
  readonly #stored = new Map<string, Set<string>>()

  /** @throws {ViolationError} */
  observe(event: SwarmEvent): void {
    switch (event.kind) {
      case 'published':
        this.#publish(event)
        return
      case 'head':
        this.#use(event)
        return
      case 'stored':
        this.#blobsOf(event.node).add(event.digest)
        return
      case 'dropped':
        this.#drop(event)
        return
      case 'inventory':
        this.#takeStock(event)
        return
      case 'operation':
        this.#judge(event)
    }
  }

  #publish({ seq, head, changes }: PublishedEvent): void {
    this.#heads.set(seq, head)
    for (const [path, state] of changes) {
      const states = this.#states.get(path) ?? []
      states.push({ seq, state })
      this.#states.set(path, states)
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
        const directory = path.slice(0, at)
        const below = this.#directories.get(directory) ?? new Set()
        this.#directories.set(directory, below.add(path))
      }
    }
  }

  #use({ node, seq, head }: HeadEvent): void {
    const before = this.#used.get(node) ?? 0
    if (seq < before) throw new ViolationError('rollback', `${node} went from ${before} to ${seq}`)
    if (seq > 0 && this.#heads.get(seq) !== head)
      throw new ViolationError('fork', `${node} uses a head ${seq} that was not published`)
    this.#used.set(node, seq)
  }

  #drop({ node, digest, evicting }: BlobEvent): void {
    this.#blobsOf(node).delete(digest)
    if (evicting) return
    const seq = this.#used.get(node) ?? 0
    const named = [...this.#states.keys()].find((path) => {
      const state = this.#stateAt(path, seq)
      return state?.kind === 'file' && sha256(state.bytes) === digest
    })
    if (named !== undefined) throw new ViolationError('lost', `${node} dropped what ${named} is`)
  }

  #takeStock({ node, digests }: InventoryEvent): void {
    for (const digest of this.#blobsOf(node))
      if (!digests.has(digest))
        throw new ViolationError('lost', `${node} has ${digest} no more, which it had stored`)
  }

  #judge(operation: OperationEvent): void {
    const { node, verb, path, from, to, status } = operation
    if (status === UNAVAILABLE) return
    const window = Array.from({ length: to - from + 1 }, (_, at) => from + at)
    const reasons = window.map((seq) =>
      verb === 'list' ? this.#flawOfList(operation, seq) : this.#flawOf(operation, seq),
    )
    const [reason] = reasons
    if (reasons.includes(undefined)) return
    throw new ViolationError(
      reason ?? 'status',
      `${node} answered ${String(status)} to ${verb} ${path} under head ${from} to ${to}`,
    )
  }

  /** Why an answer is wrong under one head, or undefined when it is right. */
  #flawOf(operation: OperationEvent, seq: number): Rule | undefined {
    const { status, path } = operation
    const state = this.#stateAt(path, seq)
    if (state === undefined) return status === 404 ? undefined : 'status'
    if (state.kind === 'withdrawn') return status === 410 ? undefined : 'withdrawn'
    if (status === 404) return 'absent'
    return flawOfFile(operation, state.bytes)
  }

  #flawOfList({ path, status, names = [] }: OperationEvent, seq: number): Rule | undefined {
    const below = [...(this.#directories.get(path) ?? [])]
    const there = below.filter((one) => this.#stateAt(one, seq)?.kind === 'file')
    if (there.length === 0) return status === 404 ? undefined : 'listing'
    if (status !== 200) return status === 404 ? 'absent' : 'status'
    const children = there.map((one) => one.slice(path.length + 1).replace(/\/.*$/, '/'))
    const wanted = [...new Set(children)].sort()
    return wanted.join('\n') === [...names].sort().join('\n') ? undefined : 'listing'
  }

  #stateAt(path: string, seq: number): PathState {
    return this.#states.get(path)?.findLast((one) => one.seq <= seq)?.state
  }

  #blobsOf(node: string): Set<string> {
    const blobs = this.#stored.get(node) ?? new Set()
    this.#stored.set(node, blobs)
    return blobs
  }
}

function flawOfFile(operation: OperationEvent, bytes: Uint8Array): Rule | undefined {
  const { verb, status, digest, sizeBytes, range } = operation
  const [offset, length] = range ?? [0, bytes.length]
  const wanted = bytes.subarray(offset, offset + length)
  if (status !== (verb === 'range' ? 206 : 200)) return 'status'
  if (sizeBytes !== wanted.length) return 'length'
  if (verb === 'head') return undefined
  return digest === sha256(wanted) ? undefined : 'bytes'
}

/** Digest in hex; of the same bytes it is worked out once. */
const digests = new WeakMap<Uint8Array, string>()

function sha256(bytes: Uint8Array): string {
  const known = digests.get(bytes)
  if (known !== undefined) return known
  const digest = createHash('sha256').update(bytes).digest('hex')
  digests.set(bytes, digest)
  return digest
}
