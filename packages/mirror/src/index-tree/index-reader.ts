import { findDirectory, findEntry } from '@jarswarm/manifest'
import type { Digest, Head, IndexEntry } from '@jarswarm/manifest'
import { directoryOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { AbortOptions, Clock, IndexStore } from '@jarswarm/ports'
import { LRUCache } from 'lru-cache'
import { MAX_REMEMBERED_ENTRIES } from '../limits.ts'
import { withDeadline } from '../wait/deadline.ts'
import { createBranchMemory } from './branch-memory.ts'
import type { IndexKeeper } from './index-keeper.ts'

/** Longest wait for the nodes of one proof that are not here. */
export const PROOF_TIMEOUT_MS = 3_000

/** What an index says of a path. */
export type Finding =
  | { readonly kind: 'entry'; readonly entry: IndexEntry }
  /** Not in the newest index: `newest` says whether that is what was read. */
  | { readonly kind: 'absent'; readonly newest: boolean }
  | { readonly kind: 'unread'; readonly error: unknown }

/** The files of a directory, by the index of one root. */
interface Directory {
  readonly root: Digest
  readonly entries: readonly IndexEntry[]
}

export interface IndexReaderComponents {
  readonly keeper: IndexKeeper
  readonly index: IndexStore
  readonly clock: Clock
}

/** Looks paths up in the newest index, by the proof alone while it is incomplete, else in the last complete one. */
export class IndexReader {
  readonly #components: IndexReaderComponents
  /** Files of directories by path: a client asks for several of one version in a row, and the next build again. */
  readonly #remembered = new LRUCache<string, Directory>({
    maxSize: MAX_REMEMBERED_ENTRIES,
    // What has no files costs its name, too.
    sizeCalculation: ({ entries }) => entries.length + 1,
  })
  readonly #branches = createBranchMemory()

  constructor(components: IndexReaderComponents) {
    this.#components = components
  }

  async find(head: Head, path: RepositoryPath, options: AbortOptions): Promise<Finding> {
    try {
      return this.recall(head, path) ?? (await this.#findIn(head.index.root, path, options))
    } catch (error) {
      options.signal?.throwIfAborted()
      return await this.#findInComplete(path, error)
    }
  }

  /** What is remembered of a path; undefined when it must be looked up. */
  recall({ index }: Head, path: RepositoryPath): Finding | undefined {
    const known = this.#remembered.get(directoryOf(path))
    return known?.root === index.root ? toFinding(known.entries, path) : undefined
  }

  /** Whether a path is a directory, with or without files of its own; undefined when that cannot be said. */
  async isDirectory(head: Head, path: string): Promise<boolean | undefined> {
    const { keeper, index } = this.#components
    if (keeper.completeRoot !== head.index.root) return undefined
    for await (const name of index.listDirectory(path)) return name !== ''
    return false
  }

  async #findIn(root: Digest, path: RepositoryPath, options: AbortOptions): Promise<Finding> {
    const directory = directoryOf(path)
    const { keeper, clock } = this.#components
    const init = {
      timeoutMs: PROOF_TIMEOUT_MS,
      reason: 'the index was not had in time',
      parents: [options.signal],
    }
    const branches = this.#branches
    const found = await withDeadline(clock, init, (signal) => {
      const source = (digest: Digest): Promise<Uint8Array> => keeper.read(digest, { signal })
      return findDirectory({ source, branches }, root, directory)
    })
    const entries = found ?? []
    this.#remembered.set(directory, { root, entries })
    return toFinding(entries, path)
  }

  /** While the newest index is out of reach, the one before it still says much. */
  async #findInComplete(path: RepositoryPath, error: unknown): Promise<Finding> {
    const { keeper } = this.#components
    if (keeper.completeRoot === undefined) return { kind: 'unread', error }
    let entry: IndexEntry | undefined
    try {
      entry = await findEntry(keeper.local, keeper.completeRoot, path)
    } catch (cause) {
      return { kind: 'unread', error: cause }
    }
    return entry === undefined ? { kind: 'absent', newest: false } : { kind: 'entry', entry }
  }
}

/** @param entries of the path's directory, by the newest index */
function toFinding(entries: readonly IndexEntry[], path: RepositoryPath): Finding {
  const entry = entries.find((one) => one.path === path)
  return entry === undefined ? { kind: 'absent', newest: true } : { kind: 'entry', entry }
}
