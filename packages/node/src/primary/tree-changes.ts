import { MAX_CHANGED_PATHS } from '../limits/limits.ts'

/** What of a tree is to be looked at: some paths, or all of it, and then no path is kept. */
export class TreeChanges {
  readonly #paths = new Set<string>()
  /** In the beginning, too. */
  #isWhole = true

  get isEmpty(): boolean {
    return !this.#isWhole && this.#paths.size === 0
  }

  /** Paths that are kept. */
  get size(): number {
    return this.#paths.size
  }

  /** @param paths undefined means the whole tree */
  add(paths: readonly string[] | undefined): void {
    if (paths === undefined) this.#isWhole = true
    for (const path of paths ?? []) {
      if (this.#isWhole) break
      this.#paths.add(path)
      this.#isWhole = this.#paths.size > MAX_CHANGED_PATHS
    }
    if (this.#isWhole) this.#paths.clear()
  }

  /** @returns what was added since the last time; undefined means the whole tree */
  take(): readonly string[] | undefined {
    const paths = this.#isWhole ? undefined : [...this.#paths]
    this.#isWhole = false
    this.#paths.clear()
    return paths
  }
}
