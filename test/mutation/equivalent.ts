/** A mutant that nobody can tell from the original, and why. */
export interface Equivalent {
  readonly file: string
  readonly original: string
  readonly replacement: string
  readonly why: string
}

export const EQUIVALENT: Readonly<Record<string, readonly Equivalent[]>> = {
  trust: [],
  manifest: [],
}
