import { hasSlice, sliceOf, slicesIn } from '@jarswarm/manifest'
import type { Digest, SliceTotals } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { Clock, DonationStatus, Logger, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import { FollowUp } from '../wait/follow-up.ts'
import { Periodic } from '../wait/periodic.ts'
import type { DonatedSlices } from './donated-slices.ts'
import type { DonationPace } from './donation-pace.ts'
import type { DonorBook } from './donor-book.ts'
import type { DonorProof } from './donor-proof.ts'
import type { SharePlan } from './share-plan.ts'
import type { SharePlanner } from './share-planner.ts'
import type { SliceCensus } from './slice-census.ts'
import type { SliceFiles } from './slice-files.ts'
import type { SliceTrials } from './slice-trials.ts'

export interface DonationKeeperComponents {
  readonly swarm: Pick<Swarm, 'peerId' | 'donate' | 'donors' | 'onDonorsChange'>
  readonly tree: Pick<IndexKeeper, 'completeRoot' | 'local'>
  readonly slices: DonatedSlices
  readonly census: SliceCensus
  readonly files: SliceFiles
  readonly trials: SliceTrials
  readonly planner: SharePlanner
  readonly book: DonorBook
  readonly proof: DonorProof
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

export interface DonationKeeperInit {
  readonly repository: RepositoryId
  /** Local name of it, for the log. */
  readonly name: string
  /** Space for it now; undefined while that is not known. Absent when nothing is donated. */
  readonly donatedBytes?: (() => number | undefined) | undefined
  readonly pace: DonationPace
}

/** Keeps this node's share of a repository: brings what falls to it, tells of it, and lets go of what needs to go. */
export class DonationKeeper {
  readonly #components: DonationKeeperComponents
  readonly #init: DonationKeeperInit
  readonly #work: FollowUp
  readonly #planning: Periodic
  readonly #proving: Periodic
  readonly #stop = new AbortController()
  #plan: SharePlan | undefined
  #replan: { cancel(): void } | undefined
  #unsubscribe: (() => void) | undefined
  #told: { readonly donatedBytes: number; readonly slices: Uint8Array } | undefined
  #saidFull = false

  constructor(components: DonationKeeperComponents, init: DonationKeeperInit) {
    this.#components = components
    this.#init = init
    const { name } = init
    this.#work = new FollowUp(
      { ...components, task: (signal) => this.#round(signal) },
      { enabled: true, name, what: 'donation' },
    )
    this.#planning = new Periodic(components, {
      intervalMs: init.pace.planMs,
      run: () => {
        this.#work.run()
        return Promise.resolve()
      },
    })
    this.#proving = new Periodic(components, {
      intervalMs: init.pace.proofRunMs,
      run: () => this.#prove(),
    })
  }

  /** Take up what was kept, and go on; does nothing when nothing is donated and nothing was. */
  async start(): Promise<void> {
    const { slices, swarm } = this.#components
    const hadSome = await slices.load()
    if (!hadSome && this.#init.donatedBytes === undefined) return
    this.#unsubscribe = swarm.onDonorsChange((repository) => {
      if (repository === this.#init.repository) this.#soon()
    })
    this.#tell()
    this.#planning.start()
    this.#proving.start()
    this.#work.run()
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    this.#unsubscribe?.()
    this.#replan?.cancel()
    await Promise.all([this.#planning.stop(), this.#proving.stop(), this.#work.stop()])
  }

  /** A newer index is in use. */
  follow(): void {
    if (this.#unsubscribe !== undefined) this.#work.run()
  }

  /** The index names a file that it did not name before. Those of kept slices are fetched at once. */
  changed(path: RepositoryPath): void {
    if (this.#components.slices.pins(path)) this.#components.trials.changed(sliceOf(path))
  }

  /** Absent while nothing is donated. */
  status(): DonationStatus | undefined {
    const donatedBytes = this.#donatedBytes()
    if (this.#init.donatedBytes === undefined || donatedBytes === undefined) return undefined
    const { slices, swarm } = this.#components
    return {
      donatedBytes,
      usedBytes: this.#usedBytes(),
      slices: [...slicesIn(slices.kept)].length,
      donors: swarm.donors(this.#init.repository).length,
      copies: { least: this.#plan?.leastCopies ?? 0, wanted: this.#plan?.goal.copies ?? 1 },
    }
  }

  /** Decide, and carry it out; what takes long is decided anew on the way. */
  async #round(signal: AbortSignal): Promise<void> {
    const { tree, census, slices, clock } = this.#components
    const root = tree.completeRoot
    const donatedBytes = this.#donatedBytes()
    if (root === undefined || donatedBytes === undefined) return
    if (donatedBytes === 0) {
      await this.#release(root, [...slicesIn(slices.kept), ...slices.begun])
      return
    }
    const plan = this.#decide(await census.of(root), donatedBytes)
    this.#plan = plan
    await this.#release(root, [...plan.release, ...plan.abandon])
    this.#tell()
    const endMs = clock.monotonicMs() + this.#init.pace.replanMs
    for (const slice of this.#inOrder(plan)) {
      signal.throwIfAborted()
      if (clock.monotonicMs() >= endMs) {
        this.#work.run()
        return
      }
      if (!(await this.#bring(root, slice, signal))) return
    }
  }

  #decide(totals: SliceTotals, donatedBytes: number): SharePlan {
    const { swarm, planner, book, slices, clock } = this.#components
    const { kept, begun } = slices
    return planner.plan({
      own: { peer: swarm.peerId, donatedBytes, kept, begun },
      donors: book.donors(),
      totals,
      nowMs: clock.monotonicMs(),
    })
  }

  /** First what is kept and may lack something, then what is to come. */
  *#inOrder({ fetch }: SharePlan): Generator<number> {
    const { slices, trials } = this.#components
    for (const slice of slicesIn(slices.kept)) if (trials.isDue(slice)) yield slice
    for (const slice of fetch) if (trials.isDue(slice) && this.#hasRoom(slice)) yield slice
  }

  #hasRoom(slice: number): boolean {
    if (this.#components.slices.begun.has(slice)) return true
    const bytes = this.#components.census.last?.bytes[slice] ?? 0
    return this.#usedBytes() + bytes <= (this.#donatedBytes() ?? 0)
  }

  /** @returns false when the disk is full: then the rest waits */
  async #bring(root: Digest, slice: number, signal: AbortSignal): Promise<boolean> {
    const { slices, files, trials, logger } = this.#components
    if (!hasSlice(slices.kept, slice)) await slices.begin(slice)
    const outcome = await files.bring(root, slice, signal)
    const fields = { repository: this.#init.name, slice, lacking: outcome.lacking }
    if (outcome.lacking > 0) logger.info(fields, 'some files of a slice cannot be had now')
    if (trials.note(slice, outcome)) await slices.keep(slice)
    else await slices.begin(slice)
    this.#tell()
    if (outcome.isFull && !this.#saidFull) {
      logger.warn(fields, 'the disk has no room for all that is donated: what is here is kept')
    }
    this.#saidFull = outcome.isFull
    return !outcome.isFull
  }

  /** Nobody is told of it any more before it goes, and it stays on record until it went. */
  async #release(root: Digest, released: readonly number[]): Promise<void> {
    if (released.length === 0) return
    const { slices, files, trials } = this.#components
    for (const slice of released) {
      slices.release(slice)
      trials.forget(slice)
    }
    this.#tell()
    for (const slice of released) await files.release(root, slice)
    await slices.saveReleased()
  }

  #tell(): void {
    const { swarm, slices } = this.#components
    const donatedBytes = this.#donatedBytes()
    if (donatedBytes === undefined) return
    const isSame = this.#told?.donatedBytes === donatedBytes && this.#told.slices === slices.kept
    if (isSame) return
    this.#told = { donatedBytes, slices: slices.kept }
    swarm.donate(this.#init.repository, donatedBytes === 0 ? undefined : this.#told)
  }

  /** 0 when nothing is donated any more, so that all that was kept is let go of. */
  #donatedBytes(): number | undefined {
    const { donatedBytes } = this.#init
    return donatedBytes === undefined ? 0 : donatedBytes()
  }

  #usedBytes(): number {
    const { census, slices } = this.#components
    let used = 0
    for (const slice of [...slicesIn(slices.kept), ...slices.begun]) {
      used += census.last?.bytes[slice] ?? 0
    }
    return used
  }

  async #prove(): Promise<void> {
    try {
      if (await this.#components.proof.run(this.#stop.signal)) this.#soon()
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const fields = { repository: this.#init.name, error: String(error) }
      this.#components.logger.debug(fields, 'donors were not asked for proofs')
    }
  }

  #soon(): void {
    if (this.#stop.signal.aborted) return
    this.#replan ??= this.#components.clock.setTimer(() => {
      this.#replan = undefined
      this.#work.run()
    }, this.#init.pace.replanMs)
  }
}
