/**
 * A text is no path of a repository.
 *
 * Refuse the request or skip the file: no other spelling of it is meant.
 */
export class InvalidPathError extends SyntaxError {
  override readonly name = 'InvalidPathError'
  readonly code = 'ERR_INVALID_PATH'
  /** The text that was given, cut to 200 characters. */
  readonly text: string

  constructor(text: string, found: string) {
    const shown = text.slice(0, 200)
    super(`Cannot parse path ${JSON.stringify(shown)}: ${found}`)
    this.text = shown
  }
}
