/** A bound of a format, or of a parser: the same in every node, and nobody changes it for one. */
export interface FormatLimit {
  readonly value: number
  /** What is counted, as it stands behind the value; `bytes …` and `ms …` say what the value is. */
  readonly unit: string
  /** Why it is there, and no lower or higher. */
  readonly why: string
}

/** Bounds by the name of their constant. */
export type FormatLimits = Readonly<Record<string, FormatLimit>>
