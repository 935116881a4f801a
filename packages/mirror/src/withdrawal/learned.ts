/** When this node learned what one head withdrew. */
export interface LearnedHead {
  readonly seq: number
  /** By this machine's clock. */
  readonly learnedMs: number
  /** As it counts for the limit of a day. */
  readonly issuedSeconds: number
}

/** What is kept of withdrawals beside the signed list itself. */
export interface Learned {
  readonly coveredSeconds: number
  readonly heads: readonly LearnedHead[]
}

/** As a JSON record. */
export function formatLearned({ coveredSeconds, heads }: Learned): unknown {
  const rows = heads.map(({ seq, learnedMs, issuedSeconds }) => [seq, learnedMs, issuedSeconds])
  return { coveredSeconds, heads: rows }
}

/** Read such a record; what is no such record counts as nothing known, so that all time begins now. */
export function parseLearned(value: unknown): Learned {
  if (typeof value !== 'object' || value === null) return { coveredSeconds: 0, heads: [] }
  const { coveredSeconds, heads } = value as Readonly<Record<string, unknown>>
  const rows: readonly unknown[] = Array.isArray(heads) ? heads : []
  return {
    coveredSeconds: Number.isSafeInteger(coveredSeconds) ? Number(coveredSeconds) : 0,
    heads: rows.filter(isRow).map(([seq, learnedMs, issuedSeconds]) => ({
      seq,
      learnedMs,
      issuedSeconds,
    })),
  }
}

function isRow(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every(Number.isSafeInteger)
}
