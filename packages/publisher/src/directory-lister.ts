import { availableParallelism } from 'node:os'
import { parseListing } from './listing.ts'
import { ListingThread } from './listing-thread.ts'
import { readDirectory } from './read-directory.ts'
import type { DirectoryEntry } from './read-directory.ts'

/** A thread takes as long to come up as listing so many directories, so that a smaller tree is better off without. */
const DIRECTORIES_ALONE = 4_000

export interface DirectoryListerInit {
  /** Directories to list before a thread helps. @defaultValue 4 000; where there is one processor, all */
  readonly alone?: number
  /** @defaultValue a new one */
  readonly startThread?: () => ListingThread
}

/**
 * Lists the directories of one walk. In a large tree a thread lists them ahead: that is more than half of what a walk of an
 * unchanged tree takes. Nobody waits for the thread, and what it cannot list, the walk lists and says why.
 */
export class DirectoryLister implements Disposable {
  readonly #startThread: () => ListingThread
  #alone: number
  #thread: ListingThread | undefined
  #hasBegun = false

  constructor(init: DirectoryListerInit = {}) {
    this.#alone = init.alone ?? (availableParallelism() > 1 ? DIRECTORIES_ALONE : Infinity)
    this.#startThread = init.startThread ?? ((): ListingThread => new ListingThread())
  }

  /**
   * List the directory that the walk has come to, in no order; at most a second ago.
   *
   * @param coming the directories that the walk knows of, this one last, the one after it before that
   * @throws what the system says
   */
  list(path: string, coming: () => readonly string[]): readonly DirectoryEntry[] {
    const listing = this.#threadFor(coming)?.take(path)
    return listing === undefined ? readDirectory(path) : parseListing(listing)
  }

  [Symbol.dispose](): void {
    this.#thread?.[Symbol.dispose]()
  }

  #threadFor(coming: () => readonly string[]): ListingThread | undefined {
    if (this.#hasBegun) return this.#thread
    this.#alone -= 1
    if (this.#alone >= 0) return undefined
    this.#thread ??= this.#tryToStart()
    // Told only then, it begins where the walk has come to meanwhile.
    if (this.#thread?.isReady !== true) return undefined
    this.#thread.begin(coming())
    this.#hasBegun = true
    return this.#thread
  }

  /** A system that has no thread left, or gives none to this process, is no reason not to walk. */
  #tryToStart(): ListingThread | undefined {
    try {
      return this.#startThread()
    } catch {
      this.#alone = Infinity
      return undefined
    }
  }
}
