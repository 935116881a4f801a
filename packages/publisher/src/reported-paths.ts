/** Paths of one kind that a report names. It counts them all: a list of a million paths has no place in memory. */
export const MAX_REPORTED_PATHS = 10_000

/** A path that is not published as it stands in the tree, and why. */
export interface ReportedPath {
  readonly path: string
  readonly reason: string
}

/** Paths of which the same is to be said: all are counted, the first ones named. */
export class ReportedPaths<Reported extends ReportedPath = ReportedPath> {
  #named: readonly Reported[] = []
  #added: Reported[] = []
  #count = 0

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  /** The first ones, ascending by path. */
  get named(): readonly Reported[] {
    this.#merge()
    return this.#named
  }

  add(reported: Reported): void {
    this.#count += 1
    this.#added.push(reported)
    if (this.#added.length >= MAX_REPORTED_PATHS) this.#merge()
  }

  addAll({ count, named }: Pick<ReportedPaths<Reported>, 'count' | 'named'>): void {
    for (const reported of named) this.add(reported)
    this.#count += count - named.length
  }

  #merge(): void {
    if (this.#added.length === 0) return
    const all = [...this.#named, ...this.#added].sort(byPath)
    this.#named = all.slice(0, MAX_REPORTED_PATHS)
    this.#added = []
  }
}

function byPath(a: ReportedPath, b: ReportedPath): number {
  if (a.path === b.path) return 0
  return a.path < b.path ? -1 : 1
}
