import type { Difference, DifferenceKind, Verdict } from './verdict.ts'

/** Paths that a report names of each kind; it counts them all. */
const MAX_NAMED = 10_000

/** A path, and what is to be said of it. */
export interface AuditRemark {
  readonly path: string
  readonly reason: string
}

/** What an audit found. */
export class AuditReport {
  files = 0
  same = 0
  unknown = 0
  unsure = 0
  readonly #differences: ReadonlyMap<DifferenceKind, Difference[]>
  readonly #remarks: AuditRemark[] = []
  readonly #counts: Record<DifferenceKind, number>
  readonly #harmless: readonly DifferenceKind[]
  #problems = 0

  /**
   * @param kinds what can differ, the worst first, as it is shown
   * @param harmless kinds that are said, but fail nothing
   */
  constructor(kinds: readonly DifferenceKind[], harmless: readonly DifferenceKind[] = []) {
    this.#differences = new Map(kinds.map((kind) => [kind, []]))
    this.#counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<
      DifferenceKind,
      number
    >
    this.#harmless = harmless
  }

  add(path: string, verdict: Verdict): void {
    this.files += 1
    if (verdict.kind === 'differs') {
      this.note(verdict.difference)
      return
    }
    this[verdict.kind] += 1
    if (verdict.kind === 'unsure') named(this.#remarks, { path, reason: verdict.reason })
  }

  /** Count a difference of a file, which may have several. */
  note(difference: Difference): void {
    this.#counts[difference.kind] += 1
    named(this.#differences.get(difference.kind) ?? [], difference)
  }

  addProblem(path: string, reason: string): void {
    this.#problems += 1
    named(this.#remarks, { path, reason })
  }

  /** The worst first, and of each kind by path, in whatever order they were found. */
  get differences(): readonly Difference[] {
    return [...this.#differences.values()].flatMap((some) => some.toSorted(byPath))
  }

  /** What could not be read or compared, with the reason, by path. */
  get problems(): readonly AuditRemark[] {
    return this.#remarks.toSorted(byPath)
  }

  /** How many differences there are. */
  get differing(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0)
  }

  /** How many files differ in which way; a file may differ in several. */
  get counts(): Readonly<Record<string, number>> {
    return this.#counts
  }

  /** Files that could not be read. */
  get unread(): number {
    return this.#problems
  }

  /** Whether everything that a signed index names was compared, and is as it should be. */
  get isClean(): boolean {
    const bad = Object.entries(this.#counts).some(
      ([kind, count]) => count > 0 && !this.#harmless.includes(kind as DifferenceKind),
    )
    return !bad && this.unsure === 0 && this.#problems === 0
  }

  toJSON(): object {
    const { files, same, unknown, unsure, unread, counts, differences, problems } = this
    return { files, same, ...counts, unknown, unsure, unread, differences, problems }
  }
}

function named<T>(list: T[], item: T): void {
  if (list.length < MAX_NAMED) list.push(item)
}

function byPath(one: { readonly path: string }, other: { readonly path: string }): number {
  if (one.path === other.path) return 0
  return one.path < other.path ? -1 : 1
}
