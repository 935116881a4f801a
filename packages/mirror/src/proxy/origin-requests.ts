import { isMutablePath, nameOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type { ProxyOrigin, ProxyRecord } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_DOWNLOADS } from './limits.ts'
import type { Arrival } from './arrival.ts'
import { OriginBusyError, WrongChecksumError } from './errors.ts'
import { Misses } from './misses.ts'
import { OriginDownload } from './origin-download.ts'
import type { DownloadOutcome, OriginDownloadComponents } from './origin-download.ts'

/** How long a release is taken for missing after the origin said so. */
export const MISS_MS = 300_000
/** The same for a mutable file, whose next version may come at any moment. */
export const MUTABLE_MISS_MS = 10_000

export interface OriginRequestsComponents extends Omit<OriginDownloadComponents, 'origin'> {
  readonly origin: ProxyOrigin | undefined
}

export interface OriginRequestsInit {
  readonly repository: RepositoryId
  /** Name of the repository, for messages. */
  readonly name: string
  /** How long a file is taken for missing. @defaultValue {@link MISS_MS}, of a mutable file {@link MUTABLE_MISS_MS} */
  readonly missMs?: number | undefined
  /** Called before anybody who waits learns of it. */
  readonly onOutcome: (path: RepositoryPath, outcome: DownloadOutcome) => void
}

export type AskedOrigin =
  | { readonly kind: 'asked'; readonly outcome: Promise<DownloadOutcome> }
  /** The origin may not be asked; `reason` is for the user. */
  | { readonly kind: 'refused'; readonly reason: string }

interface Running {
  readonly download: OriginDownload
  readonly outcome: Promise<DownloadOutcome>
  /** Once a large file is being passed on. */
  arrival?: Arrival
}

/** What is asked of one origin: equal requests once, misses not again, and nothing while it asks to be left alone. */
export class OriginRequests {
  readonly #components: OriginRequestsComponents
  readonly #init: OriginRequestsInit
  readonly #running = new Map<RepositoryPath, Running>()
  readonly #misses: Misses
  readonly #stop = new AbortController()
  #busyUntilMs = 0

  constructor(components: OriginRequestsComponents, init: OriginRequestsInit) {
    this.#components = components
    this.#init = init
    this.#misses = new Misses(components.clock)
  }

  /** Whether the origin said not long ago that it does not have a file. */
  isMissing(path: RepositoryPath): boolean {
    return this.#misses.has(path)
  }

  /** Whether a file is being asked for. */
  isComing(path: RepositoryPath): boolean {
    return this.#running.has(path)
  }

  /** Whether there is an origin, and it does not ask to be left alone. */
  mayAsk(): boolean {
    const { origin, clock } = this.#components
    return origin !== undefined && clock.now() >= this.#busyUntilMs
  }

  /** @param held what is here of the file, to ask only whether it changed */
  ask(path: RepositoryPath, held: ProxyRecord | undefined): AskedOrigin {
    const running = this.#running.get(path)
    // One that has failed may still be removing what it wrote: nobody is to wait for that, and then be told of it.
    if (running !== undefined && running.arrival?.hasFailed !== true) {
      return { kind: 'asked', outcome: running.outcome }
    }
    const { origin, clock } = this.#components
    if (this.#stop.signal.aborted) return this.#refuse(path, 'the node stops')
    if (origin === undefined) return this.#refuse(path, 'the node is offline and does not hold it')
    const busyMs = this.#busyUntilMs - clock.now()
    if (busyMs > 0) return this.#refuse(path, new OriginBusyError(busyMs).message)
    if (this.#running.size >= MAX_DOWNLOADS) return this.#refuse(path, 'too many files at a time')
    return { kind: 'asked', outcome: this.#begin(path, { origin, held }).outcome }
  }

  /** The record of a file that is on its way, once it is here; undefined when it is not on its way. */
  async ended(path: RepositoryPath): Promise<ProxyRecord | undefined> {
    return await this.#running.get(path)?.download.ended
  }

  /** A failure as one sentence for the user. */
  explain(path: RepositoryPath, error: unknown): string {
    const reason = error instanceof Error ? error.message : String(error)
    const text = `Cannot get ${nameOf(path)} from ${this.#init.name}: ${reason}`
    return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300)
  }

  /** End all downloads; resolves when they let go of the store. */
  async stop(): Promise<void> {
    this.#stop.abort(new UnavailableError('the node stops'))
    await Promise.allSettled([...this.#running.values()].map(({ download }) => download.ended))
  }

  #refuse(path: RepositoryPath, reason: string): AskedOrigin {
    return { kind: 'refused', reason: this.explain(path, new UnavailableError(reason)) }
  }

  #begin(
    path: RepositoryPath,
    from: { readonly origin: ProxyOrigin; readonly held: ProxyRecord | undefined },
  ): Running {
    const { repository } = this.#init
    const download = new OriginDownload(
      { ...this.#components, origin: from.origin },
      { repository, path, previous: from.held, signal: this.#stop.signal },
    )
    const outcome = this.#noted(path, { download, held: from.held })
    outcome.catch(() => undefined)
    const running: Running = { download, outcome }
    this.#running.set(path, running)
    void this.#noteArrival(running)
    void this.#finish(path, download)
    return running
  }

  async #noted(
    path: RepositoryPath,
    {
      download,
      held,
    }: { readonly download: OriginDownload; readonly held: ProxyRecord | undefined },
  ): Promise<DownloadOutcome> {
    const outcome = await download.decided
    if (outcome.kind === 'absent') {
      const { missMs = isMutablePath(path) ? MUTABLE_MISS_MS : MISS_MS } = this.#init
      this.#misses.add(path, missMs)
      if (held !== undefined) await this.#components.cache.delete([path])
    } else {
      this.#misses.delete(path)
    }
    this.#init.onOutcome(path, outcome)
    return outcome
  }

  async #noteArrival(running: Running): Promise<void> {
    try {
      const outcome = await running.download.decided
      if (outcome.kind === 'arriving') running.arrival = outcome.arrival
    } catch {
      // Whoever waits for the outcome is told, and `#finish` writes it down.
    }
  }

  async #finish(path: RepositoryPath, download: OriginDownload): Promise<void> {
    const { logger, clock } = this.#components
    const fields = { repository: this.#init.name, path }
    try {
      await download.ended
    } catch (error) {
      const failed = { ...fields, error: String(error) }
      if (error instanceof OriginBusyError) {
        this.#busyUntilMs = clock.now() + error.retryAfterMs
        logger.warn(failed, 'Left the origin of a proxied repository alone, as it asks')
      } else if (error instanceof WrongChecksumError) {
        logger.warn(failed, 'Refused what the origin of a proxied repository sent')
      } else {
        logger.debug(failed, 'no answer from the origin of a proxied repository')
      }
    } finally {
      if (this.#running.get(path)?.download === download) this.#running.delete(path)
    }
  }
}
