import pRetry from 'p-retry'
import { OriginLostError, UnusableAnswerError } from './errors.ts'
import { HttpReader } from './http-reader.ts'
import type { HttpAnswer, ReadOptions } from './http-reader.ts'
import { RequestPace } from './request-pace.ts'

/** Attempts after the first one that failed. */
const RETRIES = 3
/** Wait before the first retry; it doubles, and is random, so that many do not return together. */
export const RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000
/** A server that has more to do than to wait for us may take so long to begin. */
const FIRST_BYTE_TIMEOUT_MS = 30_000
const SILENCE_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000

export interface PatientReaderInit {
  readonly url: string
  readonly userAgent: string
  /** Files asked for at a time. */
  readonly concurrency: number
  readonly onPause: (pauseMs: number) => void
  readonly signal: AbortSignal | undefined
  /** @defaultValue {@link RETRY_MS} */
  readonly retryMs?: number | undefined
  /** @defaultValue {@link FIRST_BYTE_TIMEOUT_MS} */
  readonly firstByteTimeoutMs?: number | undefined
  /** @defaultValue {@link SILENCE_TIMEOUT_MS} */
  readonly silenceTimeoutMs?: number | undefined
}

/** How a file is asked for; a signal ends all requests alike. */
export type AskOptions = Omit<ReadOptions, 'signal'>

/** What remains of an answer when the server's wish to wait has been granted. */
export type PatientAnswer = Exclude<HttpAnswer, { readonly kind: 'busy' }>

/** Reads many files of one server as a guest: politely, and with patience. */
export class PatientReader implements AsyncDisposable {
  readonly url: string
  readonly #reader: HttpReader
  readonly #pace: RequestPace
  readonly #signal: AbortSignal | undefined
  readonly #retryMs: number

  constructor(init: PatientReaderInit) {
    this.#reader = new HttpReader({
      url: init.url,
      userAgent: init.userAgent,
      connections: init.concurrency,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      firstByteTimeoutMs: init.firstByteTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS,
      silenceTimeoutMs: init.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS,
    })
    this.url = this.#reader.url
    this.#pace = new RequestPace(this.url, init.onPause)
    this.#signal = init.signal
    this.#retryMs = init.retryMs ?? RETRY_MS
  }

  /**
   * Ask for a file, again where that may help, and do something with the answer; a file's body must be read or
   * discarded.
   *
   * @throws {OriginLostError} when asking on makes no sense
   * @throws whatever failed last
   */
  async ask<T>(
    path: string,
    options: AskOptions,
    read: (answer: PatientAnswer) => Promise<T>,
  ): Promise<T> {
    const signal = this.#signal
    const attempt = async (): Promise<T> => {
      const result = await read(await this.#answer(path, options))
      this.#pace.answered()
      return result
    }
    try {
      return await pRetry(attempt, {
        retries: RETRIES,
        minTimeout: this.#retryMs,
        maxTimeout: MAX_RETRY_MS,
        randomize: true,
        shouldRetry: ({ error }) => isPassing(error),
        ...(signal && { signal }),
      })
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof OriginLostError) throw error
      this.#pace.failed(describeFailure(error))
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.close()
  }

  async #answer(path: string, options: AskOptions): Promise<PatientAnswer> {
    for (;;) {
      await this.#pace.ready(this.#signal)
      const answer = await this.#reader.get(path, { ...options, signal: this.#signal })
      if (answer.kind !== 'busy') return answer
      this.#pace.pause(answer.retryAfterMs)
    }
  }
}

/** Whether a failure may be over in a moment. */
function isPassing(error: unknown): boolean {
  if (error instanceof OriginLostError || error instanceof RangeError) return false
  return !(error instanceof UnusableAnswerError) || (error.status ?? 0) >= 500
}

/** What failed, in a few words: a system's code, else the message. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && !(error instanceof UnusableAnswerError) ? code : error.message
}
