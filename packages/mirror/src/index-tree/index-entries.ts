import type { IndexEntry } from '@jarswarm/manifest'
import { UnavailableError } from '@jarswarm/ports'
import type { AbortOptions, IndexStore } from '@jarswarm/ports'
import { MAX_ENTRIES_READ } from '../limits.ts'
import { sampleEntries } from '../upstreams/sample-entries.ts'
import type { IndexKeeper } from './index-keeper.ts'

export interface IndexEntriesComponents {
  readonly index: IndexStore
  readonly tree: IndexKeeper
}

/** Reads the entries of the complete copy of an index, some at a time. */
export class IndexEntries {
  readonly #components: IndexEntriesComponents

  constructor(components: IndexEntriesComponents) {
    this.#components = components
  }

  /**
   * Entries in ascending order of their paths; while a newer index is taken up, some may be of it already.
   *
   * @param after path to go on behind; the empty string begins
   * @param limit at most {@link MAX_ENTRIES_READ}
   * @throws {UnavailableError} when the index is not complete here
   */
  async page(
    after: string,
    limit: number,
    options: AbortOptions = {},
  ): Promise<readonly IndexEntry[]> {
    checkCount(limit)
    this.#root()
    const entries: IndexEntry[] = []
    for await (const entry of this.#components.index.listEntries('', { ...options, after })) {
      if (entries.push(entry) >= limit) break
    }
    return entries
  }

  /**
   * Entries that are drawn at random, each with the same chance and at most once.
   *
   * @param count at most {@link MAX_ENTRIES_READ}
   * @param random a number from 0 to 1
   * @returns fewer when nearly the whole index is wanted; all of it when it has no more
   * @throws {UnavailableError} when the index is not complete here
   */
  async sample(
    count: number,
    random: () => number,
    options: AbortOptions = {},
  ): Promise<readonly IndexEntry[]> {
    checkCount(count)
    const root = this.#root()
    const { tree } = this.#components
    if (tree.files <= count) return await this.page('', count, options)
    const isWanted = (): boolean => true
    return await sampleEntries({ read: tree.local, root, isWanted }, count, random)
  }

  #root(): string {
    const { completeRoot } = this.#components.tree
    if (completeRoot === undefined) {
      throw new UnavailableError('the index is not complete here yet')
    }
    return completeRoot
  }
}

function checkCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_ENTRIES_READ) return
  throw new RangeError(
    `Cannot read ${String(count)} entries: a number from 1 to ${String(MAX_ENTRIES_READ)} is wanted`,
  )
}
