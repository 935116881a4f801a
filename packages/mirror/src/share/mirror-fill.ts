import type { Digest, Head, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { Clock, IndexStore, Logger, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import { MAX_REMEMBERED_CHANGES } from '../limits.ts'
import { TransferFailedError } from '../transfer/errors.ts'
import { FILL_PARALLEL, FillTurns } from './fill-turns.ts'
import type { FillPurpose, FillTurnsInit } from './fill-turns.ts'
import { policyMatcher } from './mirror-policy.ts'
import type { MirrorPolicy } from './mirror-policy.ts'
import { inStoreOrder } from './store-order.ts'

/** Wait before the next try after some files could not be had; doubles with each that fails. */
export const FILL_RETRY_MS = 30_000
/** Longest wait before the next try. */
export const MAX_FILL_RETRY_MS = 900_000
/** When somebody joins, the wait is cut to this part of it: 2 s at first. */
const JOIN_SHARE = 1 / 30
/** Files that were asked for in vain until a round ends: the rest would not go better. */
const MAX_FAILURES = 64

export interface MirrorFillComponents {
  readonly index: IndexStore
  readonly fetcher: BlobFetcher
  readonly swarm: Swarm
  /** Whether a file that the index names is not to be had: it is being withdrawn, or the user denied it. */
  readonly isUnwanted: (entry: IndexEntry) => boolean
  readonly clock: Clock
  readonly logger: Logger
  /** Called when everything that the policy names is here, as of a head. */
  readonly onComplete: (head: Head) => void
}

export interface MirrorFillInit {
  readonly repository: RepositoryId
  readonly policy: MirrorPolicy
}

/**
 * `done`: it is here, or not to be had. `passed`: nobody known has it now, so that nobody was asked; others further on may
 * be had all the same. `not given`: by those that claim it, who alone were asked.
 */
type Outcome = 'done' | 'passed' | 'not given' | 'failed'

/** The round that comes when the time is up. */
interface Retry {
  readonly head: Head
  readonly timer: { cancel(): void }
  readonly isSoon: boolean
}

/** Fetches what the mirror policy names, in the background, for one head after the other. */
export class MirrorFill {
  readonly #components: MirrorFillComponents
  readonly #repository: RepositoryId
  readonly #policy: MirrorPolicy
  readonly #matches: (path: RepositoryPath) => boolean
  /** What globs name and is here. */
  readonly #mirrored = new Set<Digest>()
  readonly #stop = new AbortController()
  #wanted: Head | undefined
  /** The last one whose index was here. */
  #followed: Head | undefined
  /** Files that came since the last round, by path; undefined until all paths were gone through. */
  #changed: Map<RepositoryPath, IndexEntry> | undefined
  /** Paths that are named no more, or name something else, since the round under way began. */
  readonly #outdated = new Set<RepositoryPath>()
  /** Number of the first head that a file may be new in, while it is missing. */
  readonly #newSince = new Map<Digest, number>()
  #retryDelayMs = FILL_RETRY_MS
  #running: Promise<void> | undefined
  #retry: Retry | undefined

  constructor(components: MirrorFillComponents, init: MirrorFillInit) {
    this.#components = components
    this.#repository = init.repository
    this.#policy = init.policy
    this.#matches = policyMatcher(init.policy)
  }

  /** Whether files are being fetched, and not waited for. */
  get isUnderWay(): boolean {
    return this.#running !== undefined
  }

  /** The index names something else at a path than before: a file that is new since the head that was followed, or nothing. */
  changed(path: RepositoryPath, entry?: IndexEntry): void {
    if (this.#changed === undefined || !this.#matches(path)) return
    this.#outdated.add(path)
    this.#changed.delete(path)
    if (entry !== undefined) {
      this.#changed.set(path, entry)
      if (!this.#newSince.has(entry.digest))
        this.#newSince.set(entry.digest, (this.#followed?.seq ?? 0) + 1)
    }
    if (this.#outdated.size > MAX_REMEMBERED_CHANGES) this.#changed = undefined
    // As many as change may be missing already. Without the number an older head counts as a claim: a question in vain.
    if (this.#newSince.size > 2 * MAX_REMEMBERED_CHANGES) this.#newSince.clear()
  }

  /** A blob left the store. When the policy names it, as may be with a damaged one, all paths are gone through again. */
  lost(digest: Digest): void {
    if (this.#followed === undefined || this.#stop.signal.aborted) return
    if (!this.#isMirrored(digest)) return
    this.#changed = undefined
    if (this.#running === undefined && this.#retry === undefined)
      this.#retryLater(this.#followed, 1)
  }

  /** The ordered paths mirror this head now: bring the blobs after it. */
  follow(head: Head): void {
    if (this.#policy === 'none' || this.#stop.signal.aborted) return
    this.#wanted = head
    this.#followed = head
    this.#cancelRetry()
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Somebody came who may hold what could not be had. The more often it was tried in vain, the less haste there is. */
  peerJoined(): void {
    if (this.#retry === undefined || this.#retry.isSoon) return
    this.#retryAfter(this.#retry.head, this.#retryDelayMs * JOIN_SHARE, true)
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    this.#cancelRetry()
    await this.#running
  }

  async #run(): Promise<void> {
    for (let head = this.#take(); head !== undefined; head = this.#take()) {
      const failures = await this.#round()
      if (this.#stop.signal.aborted) return
      // Something was lost, or too much changed, while the round went on.
      if (failures > 0 || this.#changed === undefined) {
        // A newer head has its round at once.
        if (this.#wanted === undefined) this.#retryLater(head, failures)
        continue
      }
      this.#retryDelayMs = FILL_RETRY_MS
      this.#components.onComplete(head)
    }
  }

  #take(): Head | undefined {
    const head = this.#wanted
    this.#wanted = undefined
    return head
  }

  /** @returns how many files could not be had */
  async #round(): Promise<number> {
    const { logger } = this.#components
    const entries = this.#entries()
    const missing: IndexEntry[] = []
    let failures = 0
    let wasWhole = false
    const hopeless = new AbortController()
    const fetch = async (entry: IndexEntry, purpose: FillPurpose): Promise<boolean> => {
      const outcome = await this.#fetch(entry, purpose)
      if (outcome === 'not given') return false
      if (outcome === 'failed') failures += 1
      if (outcome !== 'done') missing.push(entry)
      if (failures >= MAX_FAILURES || missing.length >= MAX_REMEMBERED_CHANGES)
        hopeless.abort(new Error('too much could not be had'))
      return true
    }
    const signal = AbortSignal.any([this.#stop.signal, hopeless.signal])
    const turns = this.#takeTurns(entries, { fetch, signal, leastSeqOf: this.#leastSeqOf })
    try {
      for await (const entry of inStoreOrder(entries)) {
        signal.throwIfAborted()
        if (!this.#matches(entry.path) || this.#components.isUnwanted(entry)) continue
        await turns.add(entry)
      }
      await turns.end()
      wasWhole = true
    } catch (error) {
      logger.debug({ error: String(error) }, 'fill ended early')
    }
    await turns.abandon()
    if (wasWhole) this.#rememberMissing(missing)
    else this.#changed = undefined
    return wasWhole ? missing.length : Math.max(missing.length, 1)
  }

  /** What a newer head names no more need not come. */
  #rememberMissing(missing: readonly IndexEntry[]): void {
    for (const entry of missing)
      if (!this.#outdated.has(entry.path)) this.#changed?.set(entry.path, entry)
  }

  readonly #leastSeqOf = ({ digest }: Pick<IndexEntry, 'digest'>): number =>
    this.#newSince.get(digest) ?? 0

  #takeTurns(entries: unknown, init: Omit<FillTurnsInit, 'repository'>): FillTurns {
    // Few files are not worth a second of waiting for others.
    const isSmall = Array.isArray(entries) && entries.length <= FILL_PARALLEL
    return new FillTurns(this.#components, {
      repository: this.#repository,
      ...init,
      ...(isSmall && { mayAsk: Number.POSITIVE_INFINITY }),
    })
  }

  /** What may be missing: all paths the first time, then what changed or could not be had. */
  #entries(): AsyncIterable<IndexEntry> | Iterable<IndexEntry> {
    const changed = this.#changed
    this.#changed = new Map()
    this.#outdated.clear()
    if (changed === undefined) {
      return this.#components.index.listEntries('', { signal: this.#stop.signal })
    }
    const entries = [...changed.values()]
    this.#keepNumbers(entries)
    return entries
  }

  /** Those of what is missing; after a pass through all paths what is missing is not known. */
  #keepNumbers(entries: readonly IndexEntry[]): void {
    const missing = new Set(entries.map(({ digest }) => digest))
    for (const digest of this.#newSince.keys())
      if (!missing.has(digest)) this.#newSince.delete(digest)
  }

  async #fetch(entry: IndexEntry, purpose: FillPurpose): Promise<Outcome> {
    const { fetcher, isUnwanted } = this.#components
    if (this.#stop.signal.aborted) return 'failed'
    // It may have waited long for its turn.
    if (isUnwanted(entry)) return 'done'
    try {
      const leastSeq = this.#leastSeqOf(entry)
      if (!fetcher.hasSource(entry, leastSeq) && !(await fetcher.isStored(entry))) return 'passed'
      await fetcher.store(entry, { purpose, leastSeq, signal: this.#stop.signal })
      if (this.#policy !== 'all') this.#mirrored.add(entry.digest)
      return 'done'
    } catch (error) {
      if (purpose === 'claimed' && error instanceof TransferFailedError) return 'not given'
      const level = error instanceof NoSpaceError ? 'warn' : 'debug'
      this.#components.logger[level]({ path: entry.path, error: String(error) }, 'not mirrored yet')
      return 'failed'
    }
  }

  #retryLater(head: Head, failures: number): void {
    this.#components.logger.info({ failures }, 'some files are not mirrored yet')
    const delayMs = this.#retryDelayMs
    this.#retryDelayMs = Math.min(delayMs * 2, MAX_FILL_RETRY_MS)
    this.#retryAfter(head, delayMs, false)
  }

  #retryAfter(head: Head, delayMs: number, isSoon: boolean): void {
    this.#cancelRetry()
    const timer = this.#components.clock.setTimer(() => {
      this.#retry = undefined
      // A newer head that came meanwhile has its own round.
      if (this.#wanted === undefined) this.follow(head)
    }, delayMs)
    this.#retry = { head, timer, isSoon }
  }

  #isMirrored(digest: Digest): boolean {
    return this.#policy === 'all' || this.#mirrored.has(digest)
  }

  #cancelRetry(): void {
    this.#retry?.timer.cancel()
    this.#retry = undefined
  }
}
