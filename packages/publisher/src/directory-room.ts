import { directoryOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { directoryHeadBytes, fileLineBytes, MAX_OBJECT_BYTES } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import type { TreeChange } from './judge-file.ts'
import type { RecordedFile } from './scan-record.ts'

interface OpenDirectory {
  readonly path: string
  bytes: number
}

/**
 * Sees to it that no directory becomes larger than an index node may be: a directory of some thousands of files must
 * not keep all others from being published.
 */
export class DirectoryRoom {
  /** The directories that are not over yet, each in the one before it. */
  readonly #open: OpenDirectory[] = []
  readonly #overfull = new Map<string, number>()

  /** Take note of what is to be recorded, in ascending order of paths. */
  async *measure(files: AsyncIterable<RecordedFile>): AsyncGenerator<RecordedFile> {
    for await (const file of files) {
      this.#add(file)
      yield file
    }
    this.#closeUntil(() => false)
  }

  /**
   * The changes that there is no room for, the last of each directory, by path. Removals are none of them.
   *
   * @param changes all of them, ascending by path; only those of directories without room are held in memory
   */
  async excess(
    changes: AsyncIterable<TreeChange>,
  ): Promise<ReadonlyMap<RepositoryPath, TreeChange>> {
    const excess = new Map<RepositoryPath, TreeChange>()
    if (this.#overfull.size === 0) return excess
    const crowded: { readonly change: TreeChange; readonly after: IndexEntry }[] = []
    for await (const change of changes) {
      const { after } = change
      if (after !== undefined && this.#overfull.has(directoryOf(after.path))) {
        crowded.push({ change, after })
      }
    }
    for (const { change, after } of crowded.reverse()) {
      const directory = directoryOf(after.path)
      const bytes = this.#overfull.get(directory) ?? 0
      const grown = fileLineBytes(after) - (change.before ? fileLineBytes(change.before) : 0)
      if (bytes <= MAX_OBJECT_BYTES || grown <= 0) continue
      this.#overfull.set(directory, bytes - grown)
      excess.set(after.path, change)
    }
    return excess
  }

  #add({ entry }: RecordedFile): void {
    const path = directoryOf(entry.path)
    this.#closeUntil((open) => open === '' || open === path || path.startsWith(`${open}/`))
    let last = this.#open.at(-1)
    if (last?.path !== path) {
      last = { path, bytes: directoryHeadBytes(path) }
      this.#open.push(last)
    }
    last.bytes += fileLineBytes(entry)
  }

  /** A directory is over when a path comes that is not below it, for they ascend. */
  #closeUntil(isOpen: (directory: string) => boolean): void {
    for (let last = this.#open.at(-1); last && !isOpen(last.path); last = this.#open.at(-1)) {
      this.#open.pop()
      if (last.bytes > MAX_OBJECT_BYTES) this.#overfull.set(last.path, last.bytes)
    }
  }
}
