import type { Clock } from '@jarswarm/ports'
import { LRUCache } from 'lru-cache'
import { MAX_MISSES } from './limits.ts'

/** Paths that the origin said it does not have, each for a while. In memory: a restart forgets them. */
export class Misses {
  readonly #clock: Clock
  readonly #until = new LRUCache<string, number>({ max: MAX_MISSES })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(path: string, forMs: number): void {
    this.#until.set(path, this.#clock.now() + forMs)
  }

  has(path: string): boolean {
    const untilMs = this.#until.get(path)
    return untilMs !== undefined && this.#clock.now() < untilMs
  }

  delete(path: string): void {
    this.#until.delete(path)
  }
}
