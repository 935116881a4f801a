import { sha256 } from './digest.ts'
import type { Digest } from './digest.ts'
import { formatWithdrawalBatch } from './withdrawal.ts'
import type { Withdrawal } from './withdrawal.ts'

const DAY_SECONDS = 86_400

/**
 * Those withdrawals that count against the day's limit: all but the batches that a root allows. A batch is what left with
 * one head.
 *
 * @param allowed SHA-256 of batches, as the roots name them
 */
export function countedWithdrawals(
  withdrawals: readonly Withdrawal[],
  allowed: ReadonlySet<Digest>,
): readonly Withdrawal[] {
  if (allowed.size === 0) return withdrawals
  const batches = Map.groupBy(withdrawals, ({ seq }) => seq)
  return [...batches.values()]
    .filter((batch) => !allowed.has(sha256(formatWithdrawalBatch(batch))))
    .flat()
}

/** The most withdrawals that were issued within any 24 hours, looking at those after a moment and the day before it. */
export function busiestDay(withdrawals: readonly Withdrawal[], sinceSeconds: number): number {
  const times = withdrawals
    .map(({ issuedSeconds }) => issuedSeconds)
    .filter((time) => time > sinceSeconds - DAY_SECONDS)
    .sort((a, b) => a - b)
  let most = 0
  let first = 0
  for (const [place, time] of times.entries()) {
    while ((times[first] ?? time) <= time - DAY_SECONDS) first += 1
    // A day that was over before that moment is no concern any more.
    if (time > sinceSeconds) most = Math.max(most, place - first + 1)
  }
  return most
}
