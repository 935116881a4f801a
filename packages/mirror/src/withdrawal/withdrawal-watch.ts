import type { Digest, Withdrawal } from '@jarswarm/manifest'
import type { BlobStore, Clock, Logger, ServedLog, WithdrawnStatus } from '@jarswarm/ports'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import { MAX_NAMED_WITHDRAWALS } from '../limits.ts'
import type { HeldBlobs } from '../share/held-blobs.ts'
import type { HoldingsBoard } from '../share/holdings-board.ts'
import { Periodic } from '../wait/periodic.ts'
import type { WithdrawalBook } from './withdrawal-book.ts'

/** How often it is looked whether a blob's time is over. */
export const PURGE_CHECK_MS = 3_600_000
const PURGE = 'purge withdrawn blobs'
/** How often what went to clients is written. */
export const SERVED_FLUSH_MS = 60_000

export interface WithdrawalWatchComponents {
  readonly book: WithdrawalBook
  readonly board: HoldingsBoard
  readonly held: HeldBlobs
  readonly fetcher: Pick<BlobFetcher, 'withdrawn'>
  readonly blobs: BlobStore
  readonly served: ServedLog
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  /** Whether another repository has a file of these bytes. */
  readonly isNamedElsewhere: (digest: Digest) => boolean
}

/** Does what a withdrawal demands of a node: gives the blob to nobody, warns whoever got it, and purges it in the end. */
export class WithdrawalWatch {
  readonly #components: WithdrawalWatchComponents
  readonly #name: string
  readonly #purging: Periodic
  readonly #flushing: Periodic
  #named: WithdrawnStatus['files'] = []
  #needsScan = false

  constructor(components: WithdrawalWatchComponents, init: { readonly name: string }) {
    this.#components = components
    this.#name = init.name
    const periodic = (intervalMs: number, what: string, task: () => Promise<void>): Periodic =>
      new Periodic(components, { intervalMs, run: () => this.#orWarn(what, task) })
    this.#purging = periodic(PURGE_CHECK_MS, PURGE, () => this.#purge())
    this.#flushing = periodic(SERVED_FLUSH_MS, 'note what was served', () =>
      components.served.flush(),
    )
  }

  /** Begin, with what is known to be withdrawn already. */
  async start(): Promise<void> {
    await this.#nameFiles()
    await this.#orWarn(PURGE, () => this.#purge())
    this.#purging.start()
    this.#flushing.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#purging.stop(), this.#flushing.stop()])
  }

  status(): WithdrawnStatus {
    return { count: this.#components.book.all.length, files: this.#named }
  }

  /** Files came to be withdrawn: when this returns its promise, none of them is fetched or given to peers any more. */
  async withdrawn(fresh: readonly Withdrawal[]): Promise<void> {
    const { board, fetcher, blobs } = this.#components
    for (const withdrawal of fresh) {
      fetcher.withdrawn(withdrawal)
      // Another path may have it: then the next scan, by an index without this one, finds it again.
      if (board.removed(withdrawal.digest)) this.#needsScan = true
    }
    for (const { digest } of fresh) await blobs.setPinned(digest, false)
    await this.#nameFiles()
    await this.#warn(fresh)
  }

  /** Whether a blob was taken off the list of what is held that another path may name. Asked once. */
  takeScanNeed(): boolean {
    const need = this.#needsScan
    this.#needsScan = false
    return need
  }

  async #warn(fresh: readonly Withdrawal[]): Promise<void> {
    const { served, logger } = this.#components
    for (const { path, reason } of fresh.slice(0, MAX_NAMED_WITHDRAWALS)) {
      const times = await served.find(path)
      const fields = { repository: this.#name, path, reason: reason ?? 'none given' }
      if (times === undefined) logger.info(fields, 'a file was withdrawn: it is served no more')
      else {
        const servedAt = { first: timeOf(times.firstMs), last: timeOf(times.lastMs) }
        logger.warn({ ...fields, servedAt }, 'a file was withdrawn that a build got from this node')
      }
    }
  }

  /** Those that a build got come first, the newest first. */
  async #nameFiles(): Promise<void> {
    const { book, served } = this.#components
    const files = []
    for (const withdrawal of book.all) {
      const times = await served.find(withdrawal.path)
      files.push({
        path: withdrawal.path,
        digest: withdrawal.digest,
        reason: withdrawal.reason ?? null,
        withdrawn: timeOf(withdrawal.issuedSeconds * 1000),
        servedAt: times ? { first: timeOf(times.firstMs), last: timeOf(times.lastMs) } : null,
      })
    }
    const rank = ({ servedAt }: { servedAt: unknown }): number => (servedAt === null ? 1 : 0)
    this.#named = files
      .reverse()
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, MAX_NAMED_WITHDRAWALS)
  }

  async #orWarn(what: string, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      const fields = { repository: this.#name, error: String(error) }
      this.#components.logger.warn(fields, `cannot ${what} now: tried again later`)
    }
  }

  async #purge(): Promise<void> {
    const { book, held, blobs, logger, isNamedElsewhere } = this.#components
    for (const { path, digest } of book.due()) {
      if (held.has(digest) || isNamedElsewhere(digest) || !(await blobs.has(digest))) continue
      await blobs.delete(digest)
      logger.info({ repository: this.#name, path, digest }, 'a withdrawn blob was purged')
    }
  }
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
