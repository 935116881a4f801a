import {
  busiestDay,
  countedWithdrawals,
  formatWithdrawals,
  InvalidWithdrawalsError,
  MAX_WITHDRAWALS_PER_DAY,
  readWithdrawals,
} from '@jarswarm/manifest'
import type { Head, Withdrawal } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type { ArtifactContent, Clock, IndexStore, Logger, RecordStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { HistoryRefusedError } from '../history/errors.ts'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import type { TrustKeeper } from '../trust/trust-keeper.ts'
import { WithdrawalsHeldError } from './errors.ts'
import { guardedContent } from './guarded-content.ts'
import { formatLearned, parseLearned } from './learned.ts'
import type { LearnedHead } from './learned.ts'

const DAY_SECONDS = 86_400

/** How long a withdrawn blob stays on disk, so that a withdrawal by mistake or by a thief can be undone. */
export const PURGE_AFTER_MS: number = 30 * DAY_SECONDS * 1_000

export interface WithdrawalBookComponents {
  readonly tree: Pick<IndexKeeper, 'read' | 'local'>
  readonly index: Pick<IndexStore, 'deleteObjects'>
  readonly keeper: Pick<TrustKeeper, 'trusted'>
  readonly records: RecordStore
  readonly clock: Clock
  readonly logger: Logger
}

export interface WithdrawalBookInit {
  readonly repository: RepositoryId
  readonly name: string
  /** Called with what was not known before to be withdrawn. */
  readonly onWithdrawn: (withdrawals: readonly Withdrawal[]) => void
}

/** What was taken back in the head that is in use, and since when this node knows. */
export class WithdrawalBook {
  readonly #components: WithdrawalBookComponents
  readonly #init: WithdrawalBookInit
  #all: readonly Withdrawal[] = []
  #byPath: ReadonlyMap<RepositoryPath, Withdrawal> = new Map()
  #learned = new Map<number, LearnedHead>()
  /** Up to when the publisher's own time is known to have passed under the head in use, in seconds. */
  #coveredSeconds = 0
  /** Number of the head whose list this is; 0 before there is one. */
  #seq = 0

  constructor(components: WithdrawalBookComponents, init: WithdrawalBookInit) {
    this.#components = components
    this.#init = init
  }

  /** Ascending by head, then by path. */
  get all(): readonly Withdrawal[] {
    return this.#all
  }

  find(path: RepositoryPath): Withdrawal | undefined {
    return this.#byPath.get(path)
  }

  /** @throws {UnavailableError} when a file was resolved a moment ago, and was taken back since */
  refuse(path: RepositoryPath): void {
    if (this.#byPath.has(path)) throw new UnavailableError(`${path} was withdrawn`)
  }

  /** Open a file; its content ends when it is withdrawn meanwhile. Throws as `refuse` and `open` do. */
  async guard(
    path: RepositoryPath,
    open: () => Promise<ArtifactContent>,
  ): Promise<ArtifactContent> {
    this.refuse(path)
    return guardedContent(await open(), () => {
      this.refuse(path)
    })
  }

  /** When this node learned of a withdrawal, in milliseconds since the epoch. */
  learnedMs({ seq }: Withdrawal): number | undefined {
    return this.#learned.get(seq)?.learnedMs
  }

  /** Have the list of the head in use, which the disk may have lost. Throws as `read`. */
  async reload(head: Head, signal: AbortSignal): Promise<void> {
    if (this.#seq !== head.seq) await this.take(undefined, head, await this.read(head, signal))
  }

  /** Take up what is known of the head in use, as far as it is here. */
  async load(head: Head): Promise<void> {
    const { records, tree, logger } = this.#components
    const learned = parseLearned(await records.get(this.#recordName))
    this.#learned = new Map(learned.heads.map((one) => [one.seq, one]))
    this.#coveredSeconds = Math.max(learned.coveredSeconds, secondsOf(head))
    try {
      const all = await readWithdrawals(head.withdrawn, async (digest) => {
        const bytes = await tree.local(digest)
        if (bytes === undefined) throw new Error(`object ${digest} is not here`)
        return bytes
      })
      this.#use(head, all)
    } catch (error) {
      const fields = { repository: this.#init.name, error: String(error) }
      logger.warn(fields, 'the list of withdrawals is damaged: it is fetched anew')
    }
  }

  /**
   * Read the list of a head; what is not here is fetched.
   *
   * @throws {UnavailableError} when it cannot be had now
   * @throws {HistoryRefusedError} when it is malformed
   */
  async read(head: Head, signal: AbortSignal): Promise<readonly Withdrawal[]> {
    try {
      return await readWithdrawals(head.withdrawn, (digest) =>
        this.#components.tree.read(digest, { signal }),
      )
    } catch (error) {
      if (!(error instanceof InvalidWithdrawalsError)) throw error
      throw new HistoryRefusedError(head.seq, error.message)
    }
  }

  /** A timestamp over the head in use: whatever a later head says, it was not issued before that. */
  covered(): void {
    const issuedMs = this.#components.keeper.trusted?.issuedMs ?? 0
    this.#coveredSeconds = Math.max(this.#coveredSeconds, Math.floor(issuedMs / 1000))
  }

  /**
   * Compare what a head withdraws with what the online keys may withdraw in a day.
   *
   * @param before the head in use; undefined when this is the first, so that only its last day can be judged
   * @throws {WithdrawalsHeldError} when it is more, and no root allows it
   */
  async checkLimit(
    before: Head | undefined,
    head: Head,
    list: readonly Withdrawal[],
  ): Promise<void> {
    const allowed = this.#components.keeper.trusted?.allowedWithdrawals ?? new Set()
    const counted = countedWithdrawals(list, allowed).map((one) => this.#inTime(before, head, one))
    const since = before === undefined ? secondsOf(head) - DAY_SECONDS : this.#coveredSeconds - 1
    const found = busiestDay(counted, since)
    if (found <= MAX_WITHDRAWALS_PER_DAY) return
    // Else a node that starts anew would not know that this much time has passed under the head in use.
    await this.#save()
    throw new WithdrawalsHeldError(found)
  }

  /** Use the list of the head that comes into use now, after the head `before`. */
  async take(before: Head | undefined, head: Head, list: readonly Withdrawal[]): Promise<void> {
    const learnedMs = this.#components.clock.now()
    const known = this.#byPath
    const fresh = list.filter((one) => known.get(one.path)?.seq !== one.seq)
    for (const one of fresh) {
      const { seq } = one
      if (this.#learned.has(seq)) continue
      const { issuedSeconds } = this.#inTime(before, head, one)
      this.#learned.set(seq, { seq, learnedMs, issuedSeconds })
    }
    const named = new Set(list.map(({ seq }) => seq))
    for (const seq of this.#learned.keys()) if (!named.has(seq)) this.#learned.delete(seq)
    const old = this.#all
    this.#use(head, list)
    this.#coveredSeconds = Math.max(this.#coveredSeconds, secondsOf(head))
    // Before the disk is asked: a full one must not keep what was withdrawn in use.
    if (fresh.length > 0) this.#init.onWithdrawn(fresh)
    await this.#save()
    await this.#dropObjects(old)
  }

  /**
   * Withdrawals whose blobs are to go. Two clocks must agree that the time is over, the machine's and the publisher's, so
   * that none that is wrong destroys anything early.
   */
  due(): readonly Withdrawal[] {
    const { clock, keeper } = this.#components
    const signedMs = keeper.trusted?.issuedMs ?? 0
    return this.#all.filter((one) => {
      const learnedMs = this.learnedMs(one)
      return (
        learnedMs !== undefined &&
        clock.now() >= learnedMs + PURGE_AFTER_MS &&
        signedMs >= one.issuedSeconds * 1000 + PURGE_AFTER_MS
      )
    })
  }

  /**
   * A withdrawal with a time that can be true: one that is new was issued after the newest timestamp over the head in use,
   * and not after the head that brings it, nor after now.
   */
  #inTime(before: Head | undefined, head: Head, withdrawal: Withdrawal): Withdrawal {
    const { seq } = withdrawal
    const known = this.#learned.get(seq)
    if (known !== undefined) return { ...withdrawal, issuedSeconds: known.issuedSeconds }
    if (before === undefined) return withdrawal
    const latest = Math.min(secondsOf(head), Math.floor(this.#components.clock.now() / 1000))
    const earliest = Math.min(this.#coveredSeconds, latest)
    const issuedSeconds = Math.min(Math.max(withdrawal.issuedSeconds, earliest), latest)
    return { ...withdrawal, issuedSeconds }
  }

  #use(head: Head, list: readonly Withdrawal[]): void {
    const now = this.#components.clock.now()
    for (const { seq, issuedSeconds } of list) {
      // Learned just before a crash: its time on this machine begins now.
      if (!this.#learned.has(seq)) this.#learned.set(seq, { seq, learnedMs: now, issuedSeconds })
    }
    this.#all = list
    this.#byPath = new Map(list.map((one) => [one.path, one]))
    this.#seq = head.seq
  }

  async #save(): Promise<void> {
    const heads = [...this.#learned.values()]
    const record = formatLearned({ coveredSeconds: this.#coveredSeconds, heads })
    await this.#components.records.set(this.#recordName, record)
  }

  /** Only the newest objects of a list change; those of the head before are wanted by nobody soon. */
  async #dropObjects(old: readonly Withdrawal[]): Promise<void> {
    const used = new Set(formatWithdrawals(this.#all).parts.map(({ digest }) => digest))
    const dropped = formatWithdrawals(old)
      .parts.map(({ digest }) => digest)
      .filter((digest) => !used.has(digest))
    if (dropped.length > 0) await this.#components.index.deleteObjects(dropped)
  }

  get #recordName(): string {
    return `withdrawn/${this.#init.repository}`
  }
}

function secondsOf({ issued }: Head): number {
  return Math.floor(Date.parse(issued) / 1000)
}
