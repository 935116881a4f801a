/** Which promise was broken. */
export type Rule =
  | 'bytes'
  | 'absent'
  | 'withdrawn'
  | 'listing'
  | 'length'
  | 'rollback'
  | 'fork'
  | 'lost'
  | 'status'
  | 'headless'
  | 'refused'

/** Something happened that must not. */
export class ViolationError extends Error {
  override readonly name = 'ViolationError'
  readonly rule: Rule

  constructor(rule: Rule, found: string) {
    super(`Broken promise, ${rule}: ${found}`)
    this.rule = rule
  }
}
