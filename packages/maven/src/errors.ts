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

/**
 * A POM, or a maven-metadata.xml, cannot be read, or is larger than is sensible.
 *
 * Go on without it: what is read from a POM is only ever a hint.
 */
export class InvalidPomError extends SyntaxError {
  override readonly name = 'InvalidPomError'
  readonly code = 'ERR_INVALID_POM'

  constructor(found: string, options?: ErrorOptions) {
    super(`Cannot read the POM: ${found.slice(0, 200)}`, options)
  }
}
