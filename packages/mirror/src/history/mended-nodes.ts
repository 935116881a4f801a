import type { NodeSource } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'

/** Reads index nodes that should be here, and gets those anew that the disk has damaged. */
export class MendedNodes {
  readonly read: NodeSource
  #isLost = false

  constructor(tree: Pick<IndexKeeper, 'read'>, signal: AbortSignal) {
    this.read = async (digest) => {
      try {
        return await tree.read(digest, { signal })
      } catch (error) {
        this.#isLost ||= error instanceof UnavailableError
        throw error
      }
    }
  }

  /** Whether one was damaged and cannot be had from anybody. */
  get isLost(): boolean {
    return this.#isLost
  }
}
