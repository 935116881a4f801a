import type { NodeControl } from '@jarswarm/node'
import { codeOf } from '../exit-code.ts'

/** Each question reads the whole history: more than a few minutes of that nobody waits for. */
export const MAX_QUESTIONS = 100

/** What the history says of some bytes at a path; `unasked` when it cannot be had, or was asked too often. */
export type PastState = 'published' | 'never' | 'unasked'

/** Asks the history of a repository whether a path had some bytes before. */
export class PastStates {
  readonly #node: NodeControl
  readonly #signal: AbortSignal
  #questions = 0

  constructor(node: NodeControl, signal: AbortSignal) {
    this.#node = node
    this.#signal = signal
  }

  async find(repository: string, path: string, digest: string | undefined): Promise<PastState> {
    if (digest === undefined || this.#questions >= MAX_QUESTIONS) return 'unasked'
    this.#questions += 1
    try {
      const { events } = await this.#node.history(`${repository}/${path}`, { signal: this.#signal })
      const had = events.some((event) => event.kind !== 'del' && event.digest === digest)
      return had ? 'published' : 'never'
    } catch (error) {
      // Lines that are not here cannot be had without the network; what they would say remains open.
      if (codeOf(error) === 'ERR_UNAVAILABLE') return 'unasked'
      throw error
    }
  }
}
