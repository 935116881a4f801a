import { SourceUnavailableError } from '@jarswarm/ports'
import type { Clock } from '@jarswarm/ports'
import { abortable } from '../abortable.ts'
import type { Waiter } from '../abortable.ts'
import { MAX_WAITING_PROVIDES } from './limits.ts'

const DAY_MS = 86_400_000

interface Turn {
  readonly work: () => Promise<void>
  readonly cost: number
  readonly waiter: Waiter<undefined>
}

/** Lots of announcements one after another in the order given, within a budget that refills evenly over the day. */
export class ProvideQueue {
  readonly #clock: Clock
  /** Announcements in a day, and the most that one lot may have. */
  readonly perDay: number
  readonly #turns: Turn[] = []
  #budget: number
  #refilledMs: number
  #busy = false
  #timer: { cancel(): void } | undefined

  constructor(clock: Clock, perDay: number) {
    this.#clock = clock
    this.perDay = perDay
    this.#budget = perDay
    this.#refilledMs = clock.now()
  }

  /**
   * Do the work when it is its turn; an abort takes it out of the queue.
   *
   * @param lot.cost announcements in it, at most the budget of a day
   */
  run(
    work: () => Promise<void>,
    { cost, signal }: { readonly cost: number; readonly signal: AbortSignal | undefined },
  ): Promise<undefined> {
    if (this.#turns.length >= MAX_WAITING_PROVIDES) {
      const found = `${String(this.#turns.length)} lots of announcements waiting`
      return Promise.reject(new SourceUnavailableError(`Cannot announce: found ${found}`))
    }
    if (cost > this.perDay) {
      const found = `${String(cost)} announcements at a time`
      throw new RangeError(`Cannot announce: found ${found}, wanted at most ${String(this.perDay)}`)
    }
    return abortable(signal, (waiter) => {
      const turn = { work, cost, waiter }
      this.#turns.push(turn)
      this.#next()
      return () => {
        const at = this.#turns.indexOf(turn)
        if (at >= 0) this.#turns.splice(at, 1)
      }
    })
  }

  stop(): void {
    this.#timer?.cancel()
    const error = new SourceUnavailableError('Cannot announce: the swarm has stopped')
    for (const { waiter } of this.#turns.splice(0)) waiter.reject(error)
  }

  #next(): void {
    const [turn] = this.#turns
    if (this.#busy || turn === undefined || this.#timer !== undefined) return
    this.#refill()
    if (this.#budget < turn.cost) {
      const waitMs = ((turn.cost - this.#budget) / this.perDay) * DAY_MS
      this.#timer = this.#clock.setTimer(() => {
        this.#timer = undefined
        this.#next()
      }, Math.ceil(waitMs))
      return
    }
    this.#turns.shift()
    this.#budget -= turn.cost
    this.#busy = true
    void this.#work(turn)
  }

  async #work({ work, waiter }: Turn): Promise<void> {
    try {
      await work()
      waiter.resolve(undefined)
    } catch (error) {
      waiter.reject(error)
    }
    this.#busy = false
    this.#next()
  }

  #refill(): void {
    const now = this.#clock.now()
    const gained = ((now - this.#refilledMs) / DAY_MS) * this.perDay
    this.#budget = Math.min(this.perDay, this.#budget + Math.max(gained, 0))
    this.#refilledMs = now
  }
}
