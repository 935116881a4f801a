import { parseHead } from '@jarswarm/manifest'
import type { Head, Withdrawal } from '@jarswarm/manifest'
import type { AcceptedStep, Clock, Logger, RepositoryStatus } from '@jarswarm/ports'
import { parseManifest, TrustedRepository } from '@jarswarm/trust'
import { WithdrawalsHeldError } from '../withdrawal/errors.ts'
import { HistoryRefusedError, HistoryUnavailableError } from './errors.ts'
import type { SignedHead } from './evidence-recorder.ts'
import { MendedNodes } from './mended-nodes.ts'
import { Patience } from './patience.ts'
import { StepJudge } from './step-judge.ts'
import type { JudgeOptions, StepJudgeComponents } from './step-judge.ts'

type Gone = AcceptedStep['gone']

interface Offered {
  readonly newest: SignedHead
  /** What it says is withdrawn. */
  readonly list: readonly Withdrawal[]
}

export interface HeadGateComponents extends StepJudgeComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
}

export interface HeadGateInit {
  /** Whether no head comes into use here whose history nobody gives, however long. */
  readonly insists: boolean
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
 * The first head of a node has nothing before it, and is taken as it is. So is one that does not continue the head before when
 * it is the first after the owners of the root gave the online roles new keys, for they may have to leave behind what a
 * thief signed with the old ones.
 */
export class HeadGate {
  readonly #components: HeadGateComponents
  readonly #judge: StepJudge
  readonly #name: string
  readonly #insists: boolean
  readonly #patience: Patience
  #lastStep: Promise<unknown> = Promise.resolve()
  #inUse: SignedHead | undefined
  /** The head after which one came into use whose history was not to be had: later ones are to continue both. */
  #unproven: SignedHead | undefined
  #replayed = false
  /** Number of the first head from which on every step was compared. */
  #comparedSince = 0
  #heldBack: HeldBack | undefined
  #fault: string | undefined

  constructor(components: HeadGateComponents, init: HeadGateInit) {
    this.#components = components
    this.#judge = new StepJudge(components)
    this.#name = init.name
    this.#insists = init.insists
    this.#patience = new Patience(components)
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
      const inUse = readSigned(last.manifest)
      this.#unproven = last.unproven && readSigned(last.unproven)
      this.#inUse = inUse
      this.#replayed = last.replayed
      await this.#components.withdrawals.load(inUse.head)
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
    const read = this.#judge.log(inUse, { signal, keep: true })
    for (let bundle = 0; bundle < read.bundles; bundle += 1) await read.lines(bundle)
    const { local: nodes } = this.#components.tree
    const list = await this.#components.withdrawals.read(inUse.head, signal)
    const gone = await this.#compareAll(inUse, { nodes, signal, list })
    await this.#inTurn(async () => {
      const now = this.#inUse
      // Each step since was compared, as long as none was taken as it is.
      if (now === undefined || inUse.head.seq < this.#comparedSince) return
      await this.#accept(now, { gone, replayed: true })
      const fields = { repository: this.#name, lines: inUse.head.history.size }
      this.#components.logger.info(fields, 'the whole history was replayed: the index is its fold')
    })
  }

  async #compareAll(inUse: SignedHead, options: JudgeOptions): Promise<Gone> {
    try {
      return await this.#judge.fold(undefined, inUse, options)
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
    try {
      await this.#takeNext(before, { newest, list }, signal)
    } catch (error) {
      const isRefusal =
        error instanceof HistoryRefusedError || error instanceof WithdrawalsHeldError
      if (!isRefusal || this.#isStillSigned(before)) throw error
      this.#components.logger.warn(
        {
          repository: this.#name,
          seq: newest.head.seq,
          before: before.head.seq,
          error: String(error),
        },
        'the online keys were replaced, and the first head that the new ones signed does not continue the one before: it is taken as it is',
      )
      this.#unproven = undefined
      await this.#takeAsItIs(newest, list)
    }
  }

  async #takeNext(before: SignedHead, offered: Offered, signal: AbortSignal): Promise<void> {
    try {
      await this.#takeCompared(before, offered, signal)
    } catch (error) {
      if (!(error instanceof HistoryUnavailableError) || !this.#goesOnWithout()) throw error
      await this.#takeWithoutHistory(before, offered, signal)
    }
  }

  async #takeCompared(
    before: SignedHead,
    { newest, list }: Offered,
    signal: AbortSignal,
  ): Promise<void> {
    const { tree, withdrawals } = this.#components
    for (const known of new Set([this.#unproven ?? before, before])) {
      await this.#judge.consistency(known, newest, signal)
    }
    this.#unproven = undefined
    if (tree.completeRoot !== before.head.index.root) {
      // Without the index of before there is nothing to compare with.
      await withdrawals.checkLimit(before.head, newest.head, list)
      await this.#takeAsItIs(newest, list)
      return
    }
    await tree.fetch(newest.head, signal)
    const nodes = new MendedNodes(tree, signal)
    try {
      const gone = await this.#judge.fold(before, newest, { nodes: nodes.read, signal, list })
      await withdrawals.checkLimit(before.head, newest.head, list)
      await this.#inTurn(() => this.#accept(newest, { gone, replayed: this.#replayed, list }))
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

  /** A node that has no index yet has nothing to lose by it; others wait, and full mirrors for ever. */
  #goesOnWithout(): boolean {
    if (this.#components.tree.completeRoot === undefined) return true
    return !this.#insists && this.#patience.isOver()
  }

  /** In an outage, the best that is known is a signed head that changes no release; that it adds to the history is seen later. */
  async #takeWithoutHistory(
    before: SignedHead,
    { newest, list }: Offered,
    signal: AbortSignal,
  ): Promise<void> {
    const { tree, withdrawals, logger } = this.#components
    const { seq } = newest.head
    await withdrawals.checkLimit(before.head, newest.head, list)
    this.#unproven ??= before
    if (tree.completeRoot === before.head.index.root) {
      await tree.fetch(newest.head, signal)
      const { read: nodes } = new MendedNodes(tree, signal)
      const gone = await this.#judge.indexes(before, newest, { nodes, signal, list })
      await this.#takeAsItIs(newest, list, gone)
    } else await this.#takeAsItIs(newest, list)
    logger.warn(
      { repository: this.#name, seq, before: before.head.seq },
      'the history of the newest head is nowhere to be had: it is in use because it changes no release',
    )
  }

  async #takeAsItIs(
    newest: SignedHead,
    list: readonly Withdrawal[],
    gone: Gone = [],
  ): Promise<void> {
    await this.#inTurn(async () => {
      await this.#accept(newest, { gone, replayed: false, list })
      this.#comparedSince = newest.head.seq
    })
  }

  /** One step at a time: that a head was replayed must not be noted after the step to the next, which it would undo. */
  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const taken = this.#lastStep.then(step)
    this.#lastStep = taken.catch(() => undefined)
    return taken
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
    const unproven = this.#unproven?.manifest
    await this.#components.store.accept({ manifest: next.manifest, head, gone, replayed, unproven })
    this.#inUse = next
    this.#replayed = replayed
    this.#patience.reset()
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

function readSigned(manifest: Uint8Array): SignedHead {
  return { manifest, head: parseHead(parseManifest(manifest).head) }
}
