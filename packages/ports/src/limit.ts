/** A bound that the node keeps to, so that nobody costs it more. */
export interface Limit {
  readonly value: number
  /** What is counted, as it stands behind the value; `bytes …`, `ms …` and `share …` say what the value is. */
  readonly unit: string
  /** Why it is there, and no lower or higher. */
  readonly why: string
  /** How the user changes it. Absent: it is built in. */
  readonly change?: string
}

/** Bounds by the name of their constant. */
export type Limits = Readonly<Record<string, Limit>>

/**
 * Bounds on one subject. Each package has the table of those that it enforces in its `limits.ts`, and takes its
 * constants from there, so that what a node shows is what it does.
 */
export interface LimitGroup {
  readonly title: string
  /** Whether a format has them, so that all nodes must have the same. @defaultValue false */
  readonly fixed?: boolean
  readonly limits: Limits
}
