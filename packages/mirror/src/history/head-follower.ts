import type { Head } from '@jarswarm/manifest'
import type { AbortOptions, Clock, Logger } from '@jarswarm/ports'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import { withDeadline } from '../wait/deadline.ts'
import { FollowUp } from '../wait/follow-up.ts'
import type { HeadGate } from './head-gate.ts'
import type { HistoryReader } from './history-reader.ts'

/** Longest wait of a client for a head that was found to come into use: well inside the 8 s for an answer. */
export const IN_USE_TIMEOUT_MS = 2_000

export interface HeadFollowerComponents {
  readonly gate: HeadGate
  readonly tree: IndexKeeper
  readonly history: HistoryReader
  readonly clock: Clock
  readonly logger: Logger
  /** Called when the index here is that of a head in use; `isFirst` when there was none before. */
  readonly onSynced: (head: Head, isFirst: boolean, signal: AbortSignal) => Promise<void>
}

export interface HeadFollowerInit {
  /** Name of the repository, for the log. */
  readonly name: string
  readonly offline: boolean
  /** Whether the whole index is kept. */
  readonly syncIndex: boolean
  /** Whether the whole history is compared with it, from the first line. */
  readonly replays: boolean
}

/** Follows the newest head in the background: into use, then its index, then, in a full mirror, the whole history. */
export class HeadFollower {
  readonly #components: HeadFollowerComponents
  readonly #init: HeadFollowerInit
  readonly #check: FollowUp
  readonly #sync: FollowUp
  readonly #replay: FollowUp

  constructor(components: HeadFollowerComponents, init: HeadFollowerInit) {
    this.#components = components
    this.#init = init
    const { name, offline, syncIndex, replays } = init
    const followUp = (
      what: string,
      enabled: boolean,
      task: (signal: AbortSignal) => Promise<void>,
    ): FollowUp =>
      new FollowUp({ ...components, task }, { enabled: enabled && !offline, name, what })
    this.#check = followUp('history check', true, (signal) => this.#checkNewest(signal))
    this.#sync = followUp('index sync', syncIndex, (signal) => this.#syncToNewest(signal))
    this.#replay = followUp('replay of the history', replays, (signal) =>
      components.history.replayOnce(signal),
    )
  }

  /** Begin with the head that is known, if there is one. */
  start(): void {
    if (this.#components.gate.head !== undefined) this.#check.run()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#check.stop(), this.#sync.stop(), this.#replay.stop()])
  }

  /** A newer head was found. */
  newHead(): void {
    this.#check.newHead()
  }

  /** Somebody else may have what was lacking. */
  peerJoined(): void {
    for (const one of [this.#check, this.#sync, this.#replay]) one.peerJoined()
  }

  /** Wait until the newest head is in use, or it is said why not; soon, as a rule, for its new lines are few. */
  async untilInUse({ signal }: AbortOptions): Promise<void> {
    const { gate, clock, logger } = this.#components
    if (gate.heldBack === undefined) return
    const init = {
      timeoutMs: IN_USE_TIMEOUT_MS,
      reason: 'the history was not checked in time',
      parents: [signal],
    }
    try {
      await withDeadline(clock, init, () => this.#check.settled())
    } catch (error) {
      signal?.throwIfAborted()
      logger.debug({ error: String(error) }, 'a head is not in use yet')
    }
  }

  /** While the index of the head in use is on its way, that comes first: it is what the next one is compared with. */
  async #checkNewest(signal: AbortSignal): Promise<void> {
    const { gate, tree } = this.#components
    const isOnItsWay =
      tree.completeRoot !== undefined && tree.completeRoot !== gate.head?.index.root
    if (isOnItsWay && this.#init.syncIndex) {
      this.#sync.run()
      await this.#sync.settled()
      signal.throwIfAborted()
    }
    try {
      await gate.advance(signal)
    } finally {
      // The head in use has an index, too, whatever becomes of a newer one.
      this.#sync.newHead()
    }
  }

  async #syncToNewest(signal: AbortSignal): Promise<void> {
    const { gate, tree, onSynced } = this.#components
    for (let { head } = gate; head !== undefined; head = gate.head) {
      const isFirst = tree.completeRoot === undefined
      await tree.sync(head, signal)
      await onSynced(head, isFirst, signal)
      if (head !== gate.head) continue
      this.#replay.newHead()
      return
    }
  }
}
