import {
  formatHistoryLine,
  InvalidHistoryError,
  leafHash,
  parseTilePath,
  VerifiedHistory,
  verifyInclusion,
} from '@jarswarm/manifest'
import type { Digest, Head, HistoryEvent, HistoryMismatch } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type { AcceptedHead, HistoryStore } from '@jarswarm/ports'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import { cutTile } from './cut-tile.ts'
import type { HeadGate, HeldBack } from './head-gate.ts'
import type { LogSource } from './log-source.ts'
import { checkStep, eventsOf } from './step-check.ts'

export interface HistoryReaderComponents {
  readonly store: HistoryStore
  readonly log: LogSource
  readonly gate: HeadGate
  readonly tree: IndexKeeper
}

/** One event of a path, with the proof that it is in the history of a head. */
export interface ProvenEvent extends HistoryEvent {
  /** Place in the history, from 0. */
  readonly line: number
  /**
   * The first head in use here whose history has the line, and when it was issued, in ISO 8601: the event is of that head
   * when their numbers are the same, else of an earlier one that was never in use here.
   */
  readonly since: Pick<AcceptedHead, 'seq' | 'issued'>
  /** Hashes from the line to the root; verified. */
  readonly proof: readonly Digest[]
}

/** All that ever happened to a path. */
export interface PathHistory {
  /** The head whose history was read to its end: the one in use. */
  readonly head: AcceptedHead
  /** A newer head that is signed and not in use, and why; null when there is none. */
  readonly heldBack: HeldBack | null
  readonly events: readonly ProvenEvent[]
}

/** How two states of the history, and history and index, fit together. */
export interface HistoryReport {
  /** The head in use: the newest one whose history was checked. */
  readonly head: AcceptedHead
  /** A newer head that is signed and not in use, and why: nothing here speaks for it. Null when there is none. */
  readonly heldBack: HeldBack | null
  /** Heads that were compared with the one in use, ascending; itself as well, when it is in the range. */
  readonly heads: readonly AcceptedHead[]
  /** Numbers of those that it does not continue. */
  readonly inconsistent: readonly number[]
  /** What came of replaying the whole history; undefined when that was not asked for. */
  readonly replay:
    | {
        readonly lines: number
        readonly files: number
        readonly mismatch: HistoryMismatch | undefined
      }
    | undefined
}

export interface HistoryRange {
  /** Number of the head to begin with. @defaultValue all that are known, and a replay from the first line */
  readonly from?: number | undefined
  /** Number of the head to end with. @defaultValue the newest in use */
  readonly to?: number | undefined
}

/** Reads the history of one repository for peers, for people, and to replay it. */
export class HistoryReader {
  readonly #components: HistoryReaderComponents

  constructor(components: HistoryReaderComponents) {
    this.#components = components
  }

  /** A tile for a peer, or undefined when it is not here. Attackers hold its name. */
  async readTile(name: string): Promise<Uint8Array | undefined> {
    try {
      const tile = parseTilePath(name)
      const kept = await this.#components.store.readTile(tile)
      return kept && cutTile(kept, tile)
    } catch (error) {
      if (error instanceof InvalidHistoryError) return undefined
      throw error
    }
  }

  /**
   * Every event of a path. Reads all lines, and keeps them: the next question is answered from here.
   *
   * @throws {UnavailableError} when there is no head, or lines cannot be had
   */
  async pathHistory(path: RepositoryPath, signal: AbortSignal): Promise<PathHistory> {
    const head = this.#head()
    const log = this.#log(head, signal)
    const known = await this.#headsOf({}, head)
    const events: ProvenEvent[] = []
    for await (const event of eventsOf(log, { from: 0, to: head.history.size })) {
      if (event.path !== path) continue
      const { line, ...said } = event
      const proof = await log.proveInclusion(line)
      verifyInclusion(head.history, { index: line, hash: leafHash(formatHistoryLine(said)) }, proof)
      const { seq, issued } = known.find(({ size }) => size > line) ?? head
      events.push({ ...event, since: { seq, issued }, proof })
    }
    return { ...this.#place(head), events }
  }

  /**
   * Compare heads that were in use with the one that is; without a range, replay the whole history too.
   *
   * @throws {UnavailableError} when a head of the range is not known here, or lines cannot be had
   */
  async verify(range: HistoryRange, signal: AbortSignal): Promise<HistoryReport> {
    const head = this.#head()
    const log = this.#log(head, signal)
    const heads = await this.#headsOf(range, head)
    const inconsistent: number[] = []
    for (const { seq, size, root } of heads) {
      const fits = size <= head.history.size && (await log.rootAt(size)) === root
      if (!fits) inconsistent.push(seq)
    }
    const isWhole = range.from === undefined && range.to === undefined
    const replay = isWhole ? await this.#replay(head, signal) : undefined
    return { ...this.#place(head), heads, inconsistent, replay }
  }

  /**
   * Compare the whole history with the index, once: the steps after it are compared as they come.
   *
   * @throws {UnavailableError} when lines cannot be had
   */
  async replayOnce(signal: AbortSignal): Promise<void> {
    const { gate, tree } = this.#components
    const { signedHead, replayed } = gate
    if (signedHead === undefined || replayed) return
    if (tree.completeRoot !== signedHead.head.index.root) return
    await gate.replay(signal)
  }

  /** Heads of a range that were in use here, ascending; its ends must be among them. */
  async #headsOf({ from, to }: HistoryRange, newest: Head): Promise<readonly AcceptedHead[]> {
    const heads: AcceptedHead[] = []
    for await (const one of this.#components.store.heads()) {
      if (one.seq >= (from ?? 0) && one.seq <= (to ?? newest.seq)) heads.push(one)
    }
    for (const seq of [from, to]) {
      if (seq === undefined || heads.some((one) => one.seq === seq)) continue
      throw new UnavailableError(`head ${String(seq)} was not in use on this node`)
    }
    return heads
  }

  async #replay(head: Head, signal: AbortSignal): Promise<NonNullable<HistoryReport['replay']>> {
    const { tree, store } = this.#components
    if (tree.completeRoot !== head.index.root) {
      throw new UnavailableError('the index is not complete here yet')
    }
    const log = this.#log(head, signal)
    const init = { from: undefined, to: head, log, nodes: tree.local, store }
    const { mismatch } = await checkStep(init)
    return { lines: head.history.size, files: head.index.files, mismatch }
  }

  /** What a report speaks of, and what it does not. */
  #place({ seq, issued, history }: Head): Pick<HistoryReport, 'head' | 'heldBack'> {
    const head = { seq, issued, ...history }
    return { head, heldBack: this.#components.gate.heldBack ?? null }
  }

  #head(): Head {
    const { head } = this.#components.gate
    if (head === undefined) throw new UnavailableError('the repository has not been verified yet')
    return head
  }

  #log(head: Head, signal: AbortSignal): VerifiedHistory {
    return new VerifiedHistory(head.history, this.#components.log.fetcher({ signal, keep: true }))
  }
}
