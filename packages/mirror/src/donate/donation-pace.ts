/** How quickly a donor decides and acts. The standing values suit a network in which news takes minutes. */
export interface DonationPace {
  /** Between two decisions, when nothing calls for one sooner. @defaultValue 60 s */
  readonly planMs: number
  /** Decided anew after donors changed, for more changes will follow, and after so long at work. @defaultValue 10 s */
  readonly replanMs: number
  /** Between two runs of proofs. @defaultValue 15 s */
  readonly proofRunMs: number
  /**
   * Before a donor is asked again that lacked a file. Also the first wait for one that could not be reached, and for a slice
   * of which a file lacks: those double each time. @defaultValue 60 s
   */
  readonly retryMs: number
  /**
   * How long a slice that somebody keeps must have been short before another brings it: the longest time between two notices of
   * a donor. Of those that left together the last is missed that much later than the first, and meanwhile more copies seem to be
   * wanted than in the end. @defaultValue 5 min
   */
  readonly settleMs: number
  /**
   * How long a donor is waited for that is to bring a slice and brings nothing: three times as long as it may take until
   * it is heard of. @defaultValue 15 min
   */
  readonly patienceMs: number
}

export const DONATION_PACE: DonationPace = {
  planMs: 60_000,
  replanMs: 10_000,
  proofRunMs: 15_000,
  retryMs: 60_000,
  settleMs: 300_000,
  patienceMs: 900_000,
}
