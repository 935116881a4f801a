import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { startJarswarm } from '../_jarswarm.ts'
import type { Ready } from '../_jarswarm.ts'
import { waitedForProcessorMs } from '../_process-figures.ts'
import { ViolationError } from './_violation-error.ts'

/** A long-running command that is killed and started again, each time by the same words. */
export class KilledCommand {
  /** Longest time from its start until it served: as it was, and without what its main thread waited for a processor. */
  slowestStartMs = 0
  slowestAloneMs = 0
  /** What the last start took, as it was. */
  lastStartMs = 1
  readonly #args: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #gone: Promise<unknown> = Promise.resolve()
  #started: Promise<Ready> | undefined
  #ready: Ready | undefined
  #errors: () => string = () => ''
  #isKilled = false
  #readyAtMs = 0

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#args = args
    this.#env = env
  }

  /** Where it serves, or undefined while it does not. */
  get ready(): Ready | undefined {
    return this.#ready
  }

  /** For how long it has served, 0 while it does not. */
  servedMs(): number {
    return this.#ready === undefined ? 0 : performance.now() - this.#readyAtMs
  }

  /** What it wrote to stderr since it serves. */
  errors(): string {
    return this.#errors()
  }

  start(env: Readonly<Record<string, string>> = {}): void {
    this.#isKilled = false
    this.#started = this.#start({ ...this.#env, ...env })
    // Whoever waits for it hears of it; one that is killed before it serves is no failure.
    this.#started.catch(() => undefined)
  }

  /** Wait until it serves. @throws {ViolationError} when it ends by itself */
  async untilReady(): Promise<Ready> {
    if (this.#started === undefined) throw new TypeError('Cannot wait: it was not started')
    return this.#started
  }

  /** Resolves when it is gone. @throws {ViolationError} when it had ended by itself before */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { exitCode, signalCode } = this.#child ?? {}
    if ((exitCode ?? signalCode ?? undefined) !== undefined) {
      await this.untilReady()
      throw new ViolationError('status', `it ended by itself: ${this.#errors()}`)
    }
    this.#isKilled = true
    this.#ready = undefined
    this.#child?.kill(signal)
    await this.#gone
  }

  /** Let nothing of it run on, however it is. */
  async end(): Promise<void> {
    this.#isKilled = true
    this.#child?.kill('SIGKILL')
    await this.#gone
  }

  async #start(env: Readonly<Record<string, string>>): Promise<Ready> {
    const begun = performance.now()
    try {
      const running = await startJarswarm(this.#args, {
        env,
        spawned: (child) => {
          this.#child = child
          this.#gone = once(child, 'exit')
        },
      })
      if (this.#isKilled) return running.ready
      this.#ready = running.ready
      this.#readyAtMs = performance.now()
      this.#errors = running.errors
    } catch (error) {
      if (this.#isKilled) throw error
      throw new ViolationError('status', `it did not start by itself: ${String(error)}`)
    }
    const tookMs = performance.now() - begun
    const aloneMs = tookMs - waitedForProcessorMs(this.#child?.pid ?? 0)
    this.lastStartMs = Math.ceil(tookMs)
    this.slowestStartMs = Math.max(this.slowestStartMs, tookMs)
    this.slowestAloneMs = Math.max(this.slowestAloneMs, aloneMs)
    return this.#ready
  }
}
