/** An error of another process, as it comes from there. */
export interface FailedAnswer {
  readonly kind: 'failed'
  readonly name: string
  readonly message: string
  readonly stack: string
  readonly code?: unknown
}

/** What the product threw, in its own process. */
export class ProductError extends Error {
  override readonly name: string
  override readonly stack: string
  readonly code: unknown

  constructor({ name, message, stack, code }: FailedAnswer) {
    super(message)
    this.name = name
    this.stack = stack
    this.code = code
  }
}
