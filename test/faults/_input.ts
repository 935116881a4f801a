/** A kind of bytes that strangers hand in, with valid ones to damage, and the code that must stand it. */
export interface InputKind {
  readonly name: string
  /** Valid inputs, at least one. */
  readonly samples: readonly Uint8Array[]
  /** Named error classes that a refusal may have. */
  readonly refusals: readonly string[]
  /**
   * Hand the bytes in. Throws `WrongAcceptance` when something is taken for good that the valid input does not say.
   *
   * @param sample the valid input that was damaged
   * @returns whether the bytes were accepted
   */
  take(bytes: Uint8Array, sample: Uint8Array): boolean | Promise<boolean>
  /** Part of the runs that it gets: less than 1 for one that is slow by design. @defaultValue 1 */
  readonly share?: number
  /** Why it may take longer than the others. */
  readonly slowBecause?: string
}

/** Damaged bytes were taken for something that nobody signed. */
export class WrongAcceptance extends Error {
  override readonly name = 'WrongAcceptance'
}

/** Fail unless a claim about what was accepted holds. */
export function mustHold(holds: boolean, what: string): void {
  if (!holds) throw new WrongAcceptance(`Wrongly accepted: ${what}`)
}
