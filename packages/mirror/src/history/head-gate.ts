import { InvalidHistoryError, parseHead, VerifiedHistory, WithdrawalFold } from '@jarswarm/manifest'
import type { Head, HistoryMismatch, NodeSource, Withdrawal } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { AcceptedStep, HistoryStore, Logger, RepositoryStatus } from '@jarswarm/ports'
import { parseManifest, TrustedRepository } from '@jarswarm/trust'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import type { TrustKeeper } from '../trust/trust-keeper.ts'
import { HistoryRefusedError } from './errors.ts'
import type { EvidenceRecorder, SignedHead } from './evidence-recorder.ts'
import type { LogSource } from './log-source.ts'
import { MendedNodes } from './mended-nodes.ts'
import type { WithdrawalBook } from '../withdrawal/withdrawal-book.ts'
import { WithdrawalsHeldError } from '../withdrawal/errors.ts'
import { checkStep } from './step-check.ts'

/** What may come from two digests of one release. */
const SECOND_DIGEST = new Set<HistoryMismatch['reason']>([
  'release has a second digest',
  'other bytes in the index',
])

type Gone = AcceptedStep['gone']

interface FoldOptions {
  readonly nodes: NodeSource
  readonly signal: AbortSignal
  /** What the newer head says is withdrawn. */
  readonly list: readonly Withdrawal[]
}

export interface HeadGateComponents {
  readonly keeper: TrustKeeper
  readonly tree: IndexKeeper
  readonly store: HistoryStore
  readonly log: LogSource
  readonly recorder: EvidenceRecorder
  readonly withdrawals: WithdrawalBook
  readonly logger: Logger
}

export interface HeadGateInit {
  /** Name of the repository, for the log. */
  readonly name: string
}

/** Why the newest head is not in use. */
export interface HeldBack {
  readonly seq: number
  /** One sentence. */
  readonly reason: string
  /** Whether its history was found to be wrong, not only out of reach. */
  readonly refused: boolean
  /** Whether it withdraws more than it may. */
  readonly held?: boolean
}

/**
 * Stands between the newest head that is signed and the head that is in use: a head comes into use when its history
 * was found to continue that of the head before, and its index to differ by exactly what the new lines say.
 *
 * The first head of a node has nothing before it, and is taken as it is; so is the first one after the owners of the root
 * gave the online roles new keys, for they may have to leave behind what the old ones signed.
 */
export class HeadGate {
  readonly #components: HeadGateComponents
  readonly #name: string
  #inUse: SignedHead | undefined
  #replayed = false
  /** Number of the first head from which on every step was compared. */
  #comparedSince = 0
  #heldBack: HeldBack | undefined
  #fault: string | undefined

  constructor(components: HeadGateComponents, init: HeadGateInit) {
    this.#components = components
    this.#name = init.name
  }

  /** The head by which paths are answered. */
  get head(): Head | undefined {
    return this.#inUse?.head ?? this.#components.keeper.trusted?.head
  }

  /** The head in use with the root manifest that signs it. */
  get signedHead(): SignedHead | undefined {
    return this.#inUse ?? this.#newest()
  }

  /** Undefined while the newest head is in use. */
  get heldBack(): HeldBack | undefined {
    const newest = this.#newest()
    if (newest === undefined || this.#isInUse(newest)) return undefined
    if (this.#heldBack?.seq === newest.head.seq) return this.#heldBack
    const reason = 'its history has not been checked yet'
    return { seq: newest.head.seq, reason, refused: false }
  }

  /** Whether the index of the head in use is known to be the fold of the whole history, from its first line. */
  get replayed(): boolean {
    return this.#replayed
  }

  status(): NonNullable<RepositoryStatus['history']> {
    return {
      lines: this.head?.history.size ?? 0,
      replayed: this.#replayed,
      fault: this.#fault ?? null,
      heldBack: this.heldBack ?? null,
    }
  }

  /** Take up which head was in use. */
  async load(): Promise<void> {
    const last = await this.#components.store.lastStep()
    if (last === undefined) return
    try {
      const head = parseHead(parseManifest(last.manifest).head)
      this.#inUse = { manifest: last.manifest, head }
      this.#replayed = last.replayed
      await this.#components.withdrawals.load(head)
      if (this.heldBack === undefined) this.#components.withdrawals.covered()
    } catch (error) {
      const fields = { repository: this.#name, error: String(error) }
      this.#components.logger.warn(fields, 'the head in use could not be read: starting anew')
    }
  }

  /**
   * Bring the newest head into use.
   *
   * @throws {HistoryRefusedError} when it must never be
   * @throws {UnavailableError} when what it takes to say cannot be had now
   */
  async advance(signal: AbortSignal): Promise<void> {
    const newest = this.#newest()
    if (newest === undefined) return
    const { withdrawals } = this.#components
    if (this.#isInUse(newest)) {
      withdrawals.covered()
      await withdrawals.reload(newest.head, signal)
      return
    }
    // What was refused stays so, whatever is asked of whom.
    if (this.#heldBack?.refused === true && this.#heldBack.seq === newest.head.seq) {
      throw new HistoryRefusedError(newest.head.seq, this.#heldBack.reason)
    }
    try {
      await this.#take(newest, signal)
      this.#heldBack = undefined
    } catch (error) {
      signal.throwIfAborted()
      this.#holdBack(newest, error)
      throw error
    }
  }

  /**
   * Compare the whole history with the index of the head in use, from the first line; later steps are compared as they
   * come, so that once is enough.
   *
   * @throws {HistoryRefusedError} when they do not agree
   * @throws {UnavailableError} when lines cannot be had
   */
  async replay(signal: AbortSignal): Promise<void> {
    const inUse = this.#inUse
    if (inUse === undefined || this.#replayed) return
    // All of it first: while it arrives, the index may move on.
    const read = new VerifiedHistory(
      inUse.head.history,
      this.#components.log.fetcher({ signal, keep: true }),
    )
    for (let bundle = 0; bundle < read.bundles; bundle += 1) await read.lines(bundle)
    const { local: nodes } = this.#components.tree
    const list = await this.#components.withdrawals.read(inUse.head, signal)
    const gone = await this.#compareAll(inUse, { nodes, signal, list })
    const now = this.#inUse
    // Each step since was compared, as long as none was taken as it is.
    if (now === undefined || inUse.head.seq < this.#comparedSince) return
    await this.#accept(now, { gone, replayed: true })
    const fields = { repository: this.#name, lines: inUse.head.history.size }
    this.#components.logger.info(fields, 'the whole history was replayed: the index is its fold')
  }

  async #compareAll(inUse: SignedHead, options: FoldOptions): Promise<Gone> {
    try {
      return await this.#checkFold(undefined, inUse, options)
    } catch (error) {
      if (error instanceof HistoryRefusedError && this.#fault === undefined) {
        this.#fault = error.message
        const fields = { repository: this.#name, seq: error.seq, error: error.message }
        this.#components.logger.error(
          fields,
          'SECURITY ERROR: the index in use is not what the history says',
        )
      }
      throw error
    }
  }

  #newest(): SignedHead | undefined {
    const { manifest, head } = this.#components.keeper.trusted ?? {}
    return manifest === undefined || head === undefined ? undefined : { manifest, head }
  }

  #isInUse({ head }: SignedHead): boolean {
    const inUse = this.#inUse?.head
    return (
      inUse?.seq === head.seq &&
      inUse.index.root === head.index.root &&
      inUse.history.root === head.history.root
    )
  }

  async #take(newest: SignedHead, signal: AbortSignal): Promise<void> {
    const before = this.#inUse
    const { withdrawals } = this.#components
    if (before !== undefined) await withdrawals.reload(before.head, signal)
    const list = await withdrawals.read(newest.head, signal)
    if (before === undefined) {
      await withdrawals.checkLimit(undefined, newest.head, list)
      await this.#takeAsItIs(newest, list)
      return
    }
    if (!this.#isStillSigned(before)) {
      this.#components.logger.warn(
        { repository: this.#name, seq: newest.head.seq, before: before.head.seq },
        'the online keys were replaced: the first head that the new ones signed is taken as it is',
      )
      await this.#takeAsItIs(newest, list)
      return
    }
    await this.#checkConsistency(before, newest, signal)
    const { tree } = this.#components
    if (tree.completeRoot !== before.head.index.root) {
      // Without the index of before there is nothing to compare with.
      await withdrawals.checkLimit(before.head, newest.head, list)
      await this.#takeAsItIs(newest, list)
      return
    }
    await tree.fetch(newest.head, signal)
    const nodes = new MendedNodes(tree, signal)
    try {
      const gone = await this.#checkFold(before, newest, { nodes: nodes.read, signal, list })
      await withdrawals.checkLimit(before.head, newest.head, list)
      await this.#accept(newest, { gone, replayed: this.#replayed, list })
    } catch (error) {
      if (!nodes.isLost) throw error
      this.#components.logger.warn(
        { repository: this.#name, seq: newest.head.seq },
        'the index here is damaged, and what it said is nowhere to be had: the newest head is taken as it is',
      )
      await withdrawals.checkLimit(before.head, newest.head, list)
      await this.#takeAsItIs(newest, list)
    }
  }

  /** RFC 6962: the lines that were there are still there, in their places. */
  async #checkConsistency(
    before: SignedHead,
    newest: SignedHead,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, recorder, keeper } = this.#components
    const { size, root: wanted } = before.head.history
    const { seq, history } = newest.head
    if (history.size < size) {
      throw new HistoryRefusedError(
        seq,
        `a history of ${String(history.size)} lines after one of ${String(size)}`,
      )
    }
    // Not kept before it is known that they continue what is kept.
    const read = new VerifiedHistory(history, log.fetcher({ signal, keep: false }))
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

  /** The fold of what was there and the new lines is the new index. */
  async #checkFold(
    before: SignedHead | undefined,
    newest: SignedHead,
    { nodes, signal, list }: FoldOptions,
  ): Promise<Gone> {
    const { log, store, withdrawals } = this.#components
    const fold = new WithdrawalFold(before === undefined ? [] : withdrawals.all)
    const read = new VerifiedHistory(newest.head.history, log.fetcher({ signal, keep: true }))
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

  async #report(
    { path, reason }: HistoryMismatch,
    found: { before: SignedHead | undefined; newest: SignedHead; read: VerifiedHistory },
  ): Promise<void> {
    const { tree, recorder, keeper } = this.#components
    if (!SECOND_DIGEST.has(reason) || isMutablePath(path) || keeper.trusted === undefined) return
    const { before: from, newest: to, read: log } = found
    await recorder.secondDigest({ path, from, to, nodes: tree.local, log }, keeper.trusted)
  }

  async #takeAsItIs(newest: SignedHead, list: readonly Withdrawal[]): Promise<void> {
    await this.#accept(newest, { gone: [], replayed: false, list })
    this.#comparedSince = newest.head.seq
  }

  async #accept(
    next: SignedHead,
    {
      gone,
      replayed,
      list,
    }: Pick<AcceptedStep, 'gone' | 'replayed'> & { readonly list?: readonly Withdrawal[] },
  ): Promise<void> {
    const before = this.#inUse?.head
    const { seq, issued, history } = next.head
    const head = { seq, issued, ...history }
    await this.#components.store.accept({ manifest: next.manifest, head, gone, replayed })
    this.#inUse = next
    this.#replayed = replayed
    if (list === undefined) return
    await this.#components.withdrawals.take(before, next.head, list)
  }

  /** Whether the keys that signed a head are those of the newest root. */
  #isStillSigned({ manifest }: SignedHead): boolean {
    const { trusted } = this.#components.keeper
    if (trusted === undefined) return true
    const { roots } = trusted.record()
    return TrustedRepository.restore(trusted.id, { roots, manifest }).head !== undefined
  }

  #holdBack({ head: { seq } }: SignedHead, error: unknown): void {
    const refused = error instanceof HistoryRefusedError
    const reason = error instanceof Error ? error.message : String(error)
    const held = error instanceof WithdrawalsHeldError
    const isSaid = this.#heldBack?.seq === seq
    this.#heldBack = { seq, reason, refused, held }
    const fields = { repository: this.#name, seq, inUse: this.#inUse?.head.seq, error: reason }
    if (refused) this.#components.logger.error(fields, 'SECURITY ERROR: a head was refused')
    else if (held && !isSaid) this.#components.logger.warn(fields, 'a head is held back')
    else this.#components.logger.debug(fields, 'a head is not in use yet')
  }
}
