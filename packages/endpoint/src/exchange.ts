import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@jarswarm/ports'
import { UnavailableError } from '@jarswarm/ports'
import { BrokenBodyError, ClientGoneError } from './errors.ts'
import { CLIENT_SILENCE_MS } from './limits.ts'
import { untilAborted } from './until-aborted.ts'

/** Clients are told within 8 s what they get (Leiningen leaves after 10 s of silence); this leaves room to say it. */
const DECISION_MS = 7_500
/** No client waits longer than 10 s for the next byte of a body. */
const SOURCE_SILENCE_MS = 8_000
/** Between two bytes of what was held back, while a slow source sends what is not verified yet. */
const DRIP_MS = 3_000

export interface ExchangeComponents {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Resets the connection, whatever it is made of. */
  readonly reset: () => void
}

/** One request with its answer in the making, and the one signal that ends everything done for it. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly startedMs: number
  readonly #clock: Clock
  readonly #reset: () => void
  #control: AbortController | undefined
  #decision: { cancel(): void } | undefined
  #isDecided = false

  constructor({ request, response, reset }: ExchangeComponents, clock: Clock) {
    this.request = request
    this.response = response
    this.#reset = reset
    this.#clock = clock
    this.startedMs = clock.monotonicMs()
  }

  /**
   * Aborted when the client goes, when no decision is made in time, or when the body stands still.
   *
   * Made when it is first asked for: most answers are in memory, and nothing is waited for.
   */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isHead(): boolean {
    return this.request.method === 'HEAD'
  }

  /** The answer is known and its first bytes are here: from now on only the body's deadlines count. */
  decided(): void {
    this.#isDecided = true
    this.#decision?.cancel()
  }

  /**
   * Wait for the source's next chunk.
   *
   * @param drip called every 3 s; says whether it had something to send meanwhile, which counts as a chunk
   * @throws {BrokenBodyError} after 8 s without one
   */
  async untilChunk<T>(work: Promise<T>, drip: () => boolean): Promise<T> {
    let silentSinceMs = this.#clock.monotonicMs()
    const look = (): void => {
      if (drip()) silentSinceMs = this.#clock.monotonicMs()
      const leftMs = SOURCE_SILENCE_MS - (this.#clock.monotonicMs() - silentSinceMs)
      if (leftMs <= 0) this.#breakOff('no byte came for it', SOURCE_SILENCE_MS)
      else timer = this.#clock.setTimer(look, Math.min(DRIP_MS, leftMs))
    }
    let timer = this.#clock.setTimer(look, DRIP_MS)
    try {
      return await untilAborted(work, this.signal)
    } finally {
      timer.cancel()
    }
  }

  /** Wait until the client has taken what was written. @throws {BrokenBodyError} after 60 s */
  async untilDrained(): Promise<void> {
    const drained = Promise.withResolvers<undefined>()
    const onDrain = (): void => {
      drained.resolve(undefined)
    }
    this.response.once('drain', onDrain)
    const timer = this.#clock.setTimer(() => {
      this.#breakOff('the client takes no byte', CLIENT_SILENCE_MS)
    }, CLIENT_SILENCE_MS)
    try {
      await untilAborted(drained.promise, this.signal)
    } finally {
      timer.cancel()
      this.response.off('drain', onDrain)
    }
  }

  /** End the connection so that the client sees a failure and not a short file. */
  reset(): void {
    this.#reset()
  }

  get #abort(): AbortController {
    this.#control ??= this.#watch()
    return this.#control
  }

  #watch(): AbortController {
    const control = new AbortController()
    const { response } = this
    if (!this.#isDecided) {
      const passedMs = this.#clock.monotonicMs() - this.startedMs
      this.#decision = this.#clock.setTimer(
        () => {
          control.abort(
            new UnavailableError(
              'No source answered in time; the fetch goes on, try again shortly',
            ),
          )
        },
        Math.max(DECISION_MS - passedMs, 0),
      )
    }
    const onClose = (): void => {
      this.#decision?.cancel()
      if (!response.writableFinished)
        control.abort(new ClientGoneError('The client closed the connection'))
    }
    if (response.destroyed) onClose()
    else response.once('close', onClose)
    return control
  }

  #breakOff(found: string, limitMs: number): void {
    this.#abort.abort(new BrokenBodyError(`Cannot send the body: ${found} in ${limitMs / 1000} s`))
  }
}
