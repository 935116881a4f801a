import { formatWithdrawals, isWithdrawal } from '@jarswarm/manifest'
import type { Head, Withdrawal } from '@jarswarm/manifest'
import type { ChangeLog } from './change-log.ts'
import type { ObjectUpdate } from './index-objects.ts'
import type { PublishedState } from './published-state.ts'

/** Nodes of the next index, and the objects that list what is withdrawn. */
export interface StateObjects extends ObjectUpdate {
  /** How the next head names the list. */
  readonly withdrawals: Head['withdrawn']
}

/** All that is withdrawn in the next state. */
export async function foldWithdrawals(
  init: { readonly before: PublishedState | undefined; readonly changes: ChangeLog },
  head: { readonly seq: number; readonly issuedSeconds: number },
): Promise<readonly Withdrawal[]> {
  const before = init.before?.carried.withdrawn ?? []
  const withdrawn = new Map(before.map((one) => [one.path, one]))
  for await (const { kind, before: old, after, reason } of init.changes) {
    const entry = after ?? old
    if (entry === undefined) continue
    const { path, digest, sizeBytes } = entry
    if (isWithdrawal({ seq: head.seq, kind, digest, sizeBytes, path, reason })) {
      withdrawn.set(path, { path, digest, reason, ...head })
    } else if (after !== undefined) withdrawn.delete(path)
  }
  return [...withdrawn.values()]
}

/** The objects of a list come and go like index nodes. */
export function withWithdrawals(
  update: ObjectUpdate,
  before: PublishedState | undefined,
  withdrawn: readonly Withdrawal[],
): StateObjects {
  const old = formatWithdrawals(before?.carried.withdrawn ?? []).parts
  const { pointer, parts } = formatWithdrawals(withdrawn)
  const published = new Set(old.map(({ digest }) => digest))
  const used = new Set(parts.map(({ digest }) => digest))
  const added = parts
    .filter(({ digest }) => !published.has(digest))
    .map(({ digest, bytes }) => ({ digest, content: bytes }))
  return {
    totals: update.totals,
    withdrawals: pointer,
    nodes: [...update.nodes, ...added],
    removed: async function* () {
      yield* update.removed()
      for (const { digest } of old) if (!used.has(digest)) yield digest
    },
  }
}
