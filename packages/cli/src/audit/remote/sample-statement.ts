/** How sure a statement is that this makes. */
const CONFIDENCE = 0.95

/**
 * The largest share of a whole that may differ although nothing of a random sample did, at 95 % confidence: with a
 * larger share, so clean a sample had a chance below 5 %. Exact for an endless whole, on the safe side for any other.
 */
export function largestUnseenShare(sampled: number): number {
  return 1 - (1 - CONFIDENCE) ** (1 / sampled)
}

export interface Compared {
  readonly files: number
  /** Whether they were drawn at random. */
  readonly isRandom: boolean
}

/** What it means that none of some files differs, in a sentence. */
export function sampleStatement({ files: sampled, isRandom }: Compared, whole: number): string {
  if (sampled >= whole) return `All ${String(whole)} files were compared.`
  // The first in the order of their paths may be the only ones in order.
  if (!isRandom)
    return `Of ${String(whole)} files ${String(sampled)} were compared; that says nothing of the others.`
  // Rounded up: a statement must not promise more than it can.
  const percent = Math.ceil(largestUnseenShare(sampled) * 10_000) / 100
  return (
    `None of ${String(sampled)} files drawn at random from ${String(whole)} differs: ` +
    `it is ${String(CONFIDENCE * 100)} % sure that fewer than ${String(percent)} % of them do.`
  )
}
