import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { Logger, ProxyOrigin, ProxyRecord } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_DOWNLOAD_MS } from './limits.ts'
import { startDeadline } from '../wait/deadline.ts'
import type { Arrival } from './arrival.ts'
import { NoChecksumError, OriginBusyError } from './errors.ts'
import { FileReceiver } from './file-receiver.ts'
import type { FileReceiverComponents, ReceivedFile } from './file-receiver.ts'
import { readStatedChecksums } from './stated-checksums.ts'
import type { StatedChecksums } from './stated-checksums.ts'

/** What fails this soon is tried a second time before anybody is told: one fault of a moment breaks a build. */
export const RETRY_WITHIN_MS = 2_500

/** What is known of a file once its origin has answered. */
export type DownloadOutcome =
  | { readonly kind: 'absent' }
  /** Only when there is a previous record: it still holds. */
  | { readonly kind: 'unmodified' }
  | ({ readonly kind: 'whole' } & ReceivedFile)
  | { readonly kind: 'arriving'; readonly arrival: Arrival; readonly file: ArrivingFacts }

/** What the origin states of a file on its way. */
export interface ArrivingFacts {
  readonly sizeBytes: number
  readonly sha1: string
  readonly mtimeSeconds: number
}

export interface OriginDownloadComponents extends FileReceiverComponents {
  readonly origin: ProxyOrigin
  readonly logger: Logger
}

export interface OriginDownloadInit {
  readonly repository: RepositoryId
  readonly path: RepositoryPath
  /** What is known of the file and still held here, to ask only whether it changed. */
  readonly previous: ProxyRecord | undefined
  readonly signal: AbortSignal
}

/** One file asked of the origin, for all who wait for it. Goes on when they leave. */
export class OriginDownload {
  /** Rejects with what stands in the way. */
  readonly decided: Promise<DownloadOutcome>
  /** The record of the whole file; undefined when there is nothing new. Rejects as `decided`, or later. */
  readonly ended: Promise<ProxyRecord | undefined>
  readonly #components: OriginDownloadComponents
  readonly #init: OriginDownloadInit
  readonly #decision = Promise.withResolvers<DownloadOutcome>()
  #passedOn = false

  constructor(components: OriginDownloadComponents, init: OriginDownloadInit) {
    this.#components = components
    this.#init = init
    this.decided = this.#decision.promise
    this.ended = this.#run()
    this.decided.catch(() => undefined)
    this.ended.catch(() => undefined)
  }

  async #run(): Promise<ProxyRecord | undefined> {
    const { clock } = this.#components
    const deadline = startDeadline(clock, {
      timeoutMs: MAX_DOWNLOAD_MS,
      reason: 'it takes too long to arrive',
      parents: [this.#init.signal],
    })
    try {
      return await this.#tryTwice(deadline.signal)
    } catch (error) {
      this.#decision.reject(error)
      throw error
    } finally {
      deadline.end()
    }
  }

  async #tryTwice(signal: AbortSignal): Promise<ProxyRecord | undefined> {
    const { clock, logger } = this.#components
    const startedMs = clock.monotonicMs()
    try {
      return await this.#fetch(signal)
    } catch (error) {
      const isLate = clock.monotonicMs() - startedMs > RETRY_WITHIN_MS
      if (this.#passedOn || signal.aborted || isLate || isFinal(error)) throw error
      logger.debug({ path: this.#init.path, error: String(error) }, 'asking the origin once more')
      return await this.#fetch(signal)
    }
  }

  async #fetch(signal: AbortSignal): Promise<ProxyRecord | undefined> {
    const { origin } = this.#components
    const { repository, path, previous } = this.#init
    let isWanted = true
    const readStated = (): Promise<StatedChecksums | undefined> => {
      const stated = readStatedChecksums(origin, path, { signal, isWanted: () => isWanted })
      stated.catch(() => undefined)
      return stated
    }
    const asked = origin.get(path, { signal, ...unlessChanged(previous) })
    // Beside the file, for one round trip instead of two; a file that probably did not change needs none.
    const early = previous === undefined ? readStated() : undefined
    const answer = await asked
    switch (answer.kind) {
      case 'absent':
      case 'unmodified':
        isWanted = false
        this.#decision.resolve(answer)
        return undefined
      case 'busy':
        throw new OriginBusyError(answer.retryAfterMs)
      case 'file': {
        const onArriving = (arrival: Arrival, sha1: string): void => {
          const { sizeBytes = 0, lastModifiedMs = 0 } = answer
          const file = { sizeBytes, sha1, mtimeSeconds: Math.floor(lastModifiedMs / 1_000) }
          this.#passedOn = true
          this.#decision.resolve({ kind: 'arriving', arrival, file })
        }
        const stated = early ?? readStated()
        const init = { repository, path, file: answer, stated, onArriving, signal }
        const received = await new FileReceiver(this.#components, init).receive()
        this.#decision.resolve({ kind: 'whole', ...received })
        return received.record
      }
    }
  }
}

function unlessChanged(previous: ProxyRecord | undefined): {
  unless?: { readonly etag: string | undefined; readonly mtimeSeconds: number }
} {
  if (previous === undefined) return {}
  return { unless: { etag: previous.etag, mtimeSeconds: previous.mtimeSeconds } }
}

/** Asking again at once would not help, or is forbidden. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof OriginBusyError ||
    error instanceof NoChecksumError ||
    error instanceof NoSpaceError
  )
}
