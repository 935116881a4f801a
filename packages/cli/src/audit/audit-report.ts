import type { Difference, Verdict } from './verdict.ts'

/** Paths of each kind that a report names; it counts them all. */
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
  changed = 0
  unsure = 0
  readonly differences: Difference[] = []
  /** What could not be read or compared, with the reason. */
  readonly problems: AuditRemark[] = []
  #problems = 0

  add(path: string, verdict: Verdict): void {
    this.files += 1
    this[verdict.kind] += 1
    if (verdict.kind === 'changed') named(this.differences, verdict.difference)
    if (verdict.kind === 'unsure') named(this.problems, { path, reason: verdict.reason })
  }

  addProblem(path: string, reason: string): void {
    this.#problems += 1
    named(this.problems, { path, reason })
  }

  /** Whether everything that a signed index names was compared, and is the same. */
  get isClean(): boolean {
    return this.changed === 0 && this.unsure === 0 && this.#problems === 0
  }

  toJSON(): object {
    const { files, same, changed, unknown, unsure, differences, problems } = this
    return { files, same, changed, unknown, unsure, unread: this.#problems, differences, problems }
  }
}

function named<T>(list: T[], item: T): void {
  if (list.length < MAX_NAMED) list.push(item)
}
