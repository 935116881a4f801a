/** What watches one directory. */
export interface DirectoryWatch {
  close(): void
}

interface Watched {
  readonly watch: DirectoryWatch
  /** Paths of the directories directly in it that are watched; most have none. */
  below?: Set<string>
}

/**
 * The directories of a tree that are watched, by path below the tree; `''` is the tree. Closing one closes those below it, and costs
 * what is below it.
 */
export class WatchedDirectories {
  readonly #watched = new Map<string, Watched>()

  get size(): number {
    return this.#watched.size
  }

  get(path: string): DirectoryWatch | undefined {
    return this.#watched.get(path)?.watch
  }

  /** @param path one that is not there, in a directory that is */
  add(path: string, watch: DirectoryWatch): void {
    this.#watched.set(path, { watch })
    const above = this.#above(path)
    if (above !== undefined) (above.below ??= new Set()).add(path)
  }

  /** Close a directory and all below it, if it is there. */
  close(path: string): void {
    this.#above(path)?.below?.delete(path)
    this.#closeAll(path)
  }

  #closeAll(path: string): void {
    const watched = this.#watched.get(path)
    if (watched === undefined) return
    this.#watched.delete(path)
    watched.watch.close()
    for (const below of watched.below ?? []) this.#closeAll(below)
  }

  #above(path: string): Watched | undefined {
    if (path === '') return undefined
    return this.#watched.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  }
}
