import { InvalidHistoryError, VerifiedHistory, WithdrawalFold } from '@jarswarm/manifest'
import type { HistoryMismatch, NodeSource, Withdrawal } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { AcceptedStep, HistoryStore } from '@jarswarm/ports'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import type { TrustKeeper } from '../trust/trust-keeper.ts'
import type { WithdrawalBook } from '../withdrawal/withdrawal-book.ts'
import { HistoryRefusedError, HistoryUnavailableError } from './errors.ts'
import type { EvidenceRecorder, SignedHead } from './evidence-recorder.ts'
import { checkIndexAlone } from './index-check.ts'
import type { LogSource } from './log-source.ts'
import { checkStep } from './step-check.ts'

/** What may come from two digests of one release. */
const SECOND_DIGEST = new Set<HistoryMismatch['reason']>([
  'release has a second digest',
  'other bytes in the index',
])

export interface StepJudgeComponents {
  readonly keeper: TrustKeeper
  readonly tree: IndexKeeper
  readonly store: HistoryStore
  readonly log: LogSource
  readonly recorder: EvidenceRecorder
  readonly withdrawals: WithdrawalBook
}

export interface JudgeOptions {
  /** Has the nodes of both indexes. */
  readonly nodes: NodeSource
  readonly signal: AbortSignal
  /** What the newer head says is withdrawn. */
  readonly list: readonly Withdrawal[]
}

/** Says whether a signed head continues another one, and keeps evidence when it does not. */
export class StepJudge {
  readonly #components: StepJudgeComponents

  constructor(components: StepJudgeComponents) {
    this.#components = components
  }

  /** The history of a head, of which `keep` says whether its tiles are kept. */
  log(
    { head }: SignedHead,
    options: { readonly signal: AbortSignal; readonly keep: boolean },
  ): VerifiedHistory {
    return new VerifiedHistory(head.history, this.#components.log.fetcher(options))
  }

  /**
   * RFC 6962: the lines that were there are still there, in their places.
   *
   * @throws {HistoryRefusedError} when they are not, after the evidence was kept
   * @throws {HistoryUnavailableError} when nobody gives the tiles
   */
  async consistency(before: SignedHead, newest: SignedHead, signal: AbortSignal): Promise<void> {
    const { recorder, keeper } = this.#components
    const { size, root: wanted } = before.head.history
    const { seq, history } = newest.head
    if (history.size < size) {
      throw new HistoryRefusedError(
        seq,
        `a history of ${String(history.size)} lines after one of ${String(size)}`,
      )
    }
    // Not kept before it is known that they continue what is kept.
    const read = this.log(newest, { signal, keep: false })
    const root = await read.rootAt(size)
    if (root === wanted) return
    const proof = await read.proveConsistency(size)
    const { manifest: first } = before
    const { manifest: second } = newest
    await recorder.record(
      { kind: 'rewritten-history', first, second, root, proof },
      keeper.trusted?.record().roots ?? [],
    )
    throw new HistoryRefusedError(seq, `that it rewrites the first ${String(size)} lines`)
  }

  /**
   * The fold of what was there, or of nothing, and the new lines is the new index.
   *
   * @returns releases that left
   * @throws {HistoryRefusedError} when it is not, after the evidence was kept if there is any
   * @throws {HistoryUnavailableError} when nobody gives the lines
   */
  async fold(
    before: SignedHead | undefined,
    newest: SignedHead,
    { nodes, signal, list }: JudgeOptions,
  ): Promise<AcceptedStep['gone']> {
    const { store, withdrawals } = this.#components
    const fold = new WithdrawalFold(before === undefined ? [] : withdrawals.all)
    const read = this.log(newest, { signal, keep: true })
    const onEvent = fold.add.bind(fold)
    const init = { from: before?.head, to: newest.head, log: read, nodes, store, onEvent }
    try {
      const { mismatch, gone } = await checkStep(init)
      const path = mismatch === undefined ? fold.differenceFrom(list) : undefined
      if (path !== undefined) {
        throw new HistoryRefusedError(newest.head.seq, `${path}: not withdrawn as the history says`)
      }
      if (mismatch === undefined) return gone
      await this.#report(mismatch, { before, newest, read })
      throw new HistoryRefusedError(newest.head.seq, `${mismatch.path}: ${mismatch.reason}`)
    } catch (error) {
      // The line is the signed one, for its hash is: whoever signed it is at fault.
      if (!(error instanceof InvalidHistoryError)) throw error
      throw new HistoryRefusedError(newest.head.seq, error.message)
    }
  }

  /**
   * The indexes alone: no release has other bytes, and none left without being withdrawn.
   *
   * @returns releases that left
   * @throws {HistoryRefusedError} when that is not so
   */
  async indexes(
    before: SignedHead,
    newest: SignedHead,
    { nodes, signal, list }: JudgeOptions,
  ): Promise<AcceptedStep['gone']> {
    const { store } = this.#components
    const init = { from: before.head, to: newest.head, nodes, store, list }
    const { flaw, gone } = await checkIndexAlone(init)
    if (flaw === undefined) return gone
    const { path, reason } = flaw
    if (reason === 'release has a second digest') {
      const read = this.log(newest, { signal, keep: false })
      try {
        await this.#report({ path, reason }, { before, newest, read })
      } catch (error) {
        // One of the digests is only in a line that nobody gives.
        if (!(error instanceof HistoryUnavailableError)) throw error
      }
    }
    throw new HistoryRefusedError(newest.head.seq, `${path}: ${reason}`)
  }

  async #report(
    { path, reason }: HistoryMismatch,
    found: { before: SignedHead | undefined; newest: SignedHead; read: VerifiedHistory },
  ): Promise<void> {
    const { tree, recorder, keeper } = this.#components
    if (!SECOND_DIGEST.has(reason) || isMutablePath(path) || keeper.trusted === undefined) return
    const { before: from, newest: to, read: log } = found
    await recorder.secondDigest({ path, from, to, nodes: tree.local, log }, keeper.trusted)
  }
}
