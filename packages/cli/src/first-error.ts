/** What went wrong first: what failed at the clean-up after it follows from it as a rule, and says less. */
export function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error
}
