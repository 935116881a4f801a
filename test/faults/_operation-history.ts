// What must hold of the log of a swarm. Pure: it knows what was published and what was seen, and nothing of how nodes work.
import { createHash } from 'node:crypto'
import { HeldBlobs } from './_held-blobs.ts'
import { ORIGIN } from './_operation-event.ts'
import type {
  BlobEvent,
  HeadEvent,
  InventoryEvent,
  OperationEvent,
  PathState,
  PublishedEvent,
  SwarmEvent,
} from './_operation-event.ts'
import { wantedBytes } from './_operation-range.ts'
import { ViolationError } from './_violation-error.ts'
import type { Rule } from './_violation-error.ts'

const DAY_MS = 86_400_000
/** Of a head: for as long a node surely answers with what it names, though the path may change. */
const SURELY_FRESH_MS = 6 * DAY_MS
/** Not now: allowed as long as nobody who could be asked has it, as is a body that breaks off. */
const UNAVAILABLE = 424

/** Looks at events in the order in which they came, and throws at the first that must not be. */
export class OperationChecker {
  readonly #heads = new Map<number, PublishedEvent>()
  /** Per path what it became, and under which number. */
  readonly #states = new Map<string, { readonly seq: number; readonly state: PathState }[]>()
  readonly #directories = new Map<string, Set<string>>()
  readonly #used = new Map<string, number>()
  readonly #blobs = new HeldBlobs()
  /** Of all that was ever published, by digest. */
  readonly #sizes = new Map<string, number>()
  #events = 0
  #evictions = 0

  /** How many blobs went to make room. */
  get evictions(): number {
    return this.#evictions
  }

  /** How many events were looked at. */
  get events(): number {
    return this.#events
  }

  /** @throws {ViolationError} */
  observe(event: SwarmEvent): void {
    this.#events += 1
    switch (event.kind) {
      case 'published':
        this.#publish(event)
        return
      case 'head':
        this.#use(event)
        return
      case 'stored':
        this.#store(event)
        return
      case 'wanted':
        this.#blobs.wanted(event.node, event.sizeBytes)
        return
      case 'settled':
        this.#blobs.wanted(event.node, -event.sizeBytes)
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

  #publish(event: PublishedEvent): void {
    const { seq, changes } = event
    this.#heads.set(seq, event)
    for (const [path, state] of changes) {
      if (state?.kind === 'file') this.#sizes.set(sha256(state.bytes), state.bytes.length)
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
    if (seq > 0 && this.#heads.get(seq)?.head !== head)
      throw new ViolationError('fork', `${node} uses a head ${seq} that was not published`)
    this.#used.set(node, seq)
  }

  #store({ node, digest }: Pick<BlobEvent, 'node' | 'digest'>): void {
    const sizeBytes = this.#sizes.get(digest)
    if (sizeBytes === undefined)
      throw new ViolationError('bytes', `${node} stored ${digest}, which nobody published`)
    this.#blobs.stored(node, digest, { since: this.#events, sizeBytes })
  }

  /** What the head in use names goes only to make room. */
  #drop({ node, digest }: BlobEvent): void {
    const isNeeded = this.#blobs.lacksRoom(node)
    this.#blobs.dropped(node, digest)
    if (isNeeded) {
      this.#evictions += 1
      return
    }
    const seq = this.#used.get(node) ?? 0
    const named = [...this.#states.keys()].find((path) => {
      const state = this.#stateAt(path, seq)
      return state?.kind === 'file' && sha256(state.bytes) === digest
    })
    if (named !== undefined) throw new ViolationError('lost', `${node} dropped what ${named} is`)
  }

  #takeStock({ node, digests, quotaBytes }: InventoryEvent): void {
    this.#blobs.started(node, quotaBytes)
    for (const digest of digests) this.#store({ node, digest })
    for (const digest of this.#blobs.of(node))
      if (!digests.has(digest))
        throw new ViolationError('lost', `${node} has ${digest} no more, which it had stored`)
  }

  #judge(operation: OperationEvent): void {
    const { node, verb, path, from, to, status, brokeOff } = operation
    const what = brokeOff ? 'broke off' : `answered ${String(status)} to`
    const found = `${node} ${what} ${verb} ${path} under head ${from} to ${to}`
    if (status === UNAVAILABLE || brokeOff) {
      const source = from === to ? this.#sourceOf(operation) : undefined
      if (source === undefined) return
      throw new ViolationError(
        'refused',
        `${found}, and ${source} has it: ${operation.reason ?? 'no reason'}`,
      )
    }
    // Without a head nothing is known, nor known to be absent.
    const first = Math.max(from, 1)
    const window = Array.from({ length: to - first + 1 }, (_, at) => first + at)
    if (window.length === 0) throw new ViolationError('headless', found)
    const reasons = window.map((seq) =>
      verb === 'list' ? this.#flawOfList(operation, seq) : this.#flawOf(operation, seq),
    )
    const [reason] = reasons
    if (reasons.includes(undefined)) return
    throw new ViolationError(reason ?? 'status', found)
  }

  /** Who could have given what was refused: it had it all the while, and could be asked. */
  #sourceOf(operation: OperationEvent): string | undefined {
    const { node, verb, path, to, nowMs, reachable, askedAt } = operation
    const state = this.#stateAt(path, to)
    if (verb === 'list' || state?.kind !== 'file') return undefined
    if (isMutable(path) && !this.#isSurelyFresh(to, nowMs)) return undefined
    const digest = sha256(state.bytes)
    const newest = this.#stateAt(path, Infinity)
    // Others may have a newer head, and give nothing that it does not name.
    const isNamedByAll = newest?.kind === 'file' && newest.bytes === state.bytes
    return reachable.find((name) => {
      if (name === ORIGIN) return isNamedByAll
      return (isNamedByAll || name === node) && this.#blobs.heldSince(name, digest, askedAt)
    })
  }

  #isSurelyFresh(seq: number, nowMs: number): boolean {
    const ageMs = nowMs - (this.#heads.get(seq)?.atMs ?? -Infinity)
    return ageMs >= 0 && ageMs < SURELY_FRESH_MS
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
}

/** May change from head to head: refused when nobody knows how old it is. */
const isMutable = (path: string): boolean => path.endsWith('/maven-metadata.xml')

function flawOfFile(operation: OperationEvent, bytes: Uint8Array): Rule | undefined {
  const { verb, status, digest, sizeBytes, range } = operation
  const wanted = wantedBytes(range, bytes.length)
  if (status !== (wanted?.status ?? 416)) return 'status'
  if (wanted === undefined) return undefined
  const body = bytes.subarray(wanted.start, wanted.end)
  if (sizeBytes !== body.length) return 'length'
  if (verb === 'head') return undefined
  return digest === sha256(body) ? undefined : 'bytes'
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
