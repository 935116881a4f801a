import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { HistoryEvent } from './history-event.ts'
import type { Withdrawal } from './withdrawal.ts'

/** What the history says of one withdrawal; when its head was issued only that head says. */
export type FoldedWithdrawal = Omit<Withdrawal, 'issuedSeconds'>

/**
 * Whether an event is a withdrawal: a release leaves for no other reason, while a mutable file, which comes and goes, is
 * withdrawn when a reason is given.
 */
export function isWithdrawal({ kind, path, reason }: HistoryEvent): boolean {
  return kind === 'del' && (reason !== undefined || !isMutablePath(path))
}

/** The withdrawals after some events, by those before them. */
export class WithdrawalFold {
  readonly #byPath: Map<RepositoryPath, FoldedWithdrawal>

  constructor(before: Iterable<FoldedWithdrawal>) {
    this.#byPath = new Map([...before].map((one) => [one.path, one]))
  }

  add(event: HistoryEvent): void {
    const { path, digest, seq, reason } = event
    if (isWithdrawal(event)) this.#byPath.set(path, { path, digest, seq, reason })
    // What comes back is not withdrawn any more.
    else if (event.kind !== 'del') this.#byPath.delete(path)
  }

  /** The first path of which this and a signed list do not say the same; undefined when they agree. */
  differenceFrom(signed: readonly Withdrawal[]): RepositoryPath | undefined {
    const different = signed.find((one) => !isSame(this.#byPath.get(one.path), one))
    if (different !== undefined) return different.path
    const listed = new Set(signed.map(({ path }) => path))
    return [...this.#byPath.keys()].find((path) => !listed.has(path))
  }
}

function isSame(folded: FoldedWithdrawal | undefined, signed: Withdrawal): boolean {
  return (
    folded?.digest === signed.digest && folded.seq === signed.seq && folded.reason === signed.reason
  )
}
