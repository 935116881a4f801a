/**
 * No signed index names the artifact that `--strict` asks for.
 *
 * Nothing was written. Wait until the repository's next publish names it, or do without `--strict`.
 */
export class UnverifiedError extends Error {
  override readonly name = 'UnverifiedError'
  readonly code = 'ERR_UNVERIFIED'

  constructor(address: string) {
    super(
      `Cannot get ${address} with --strict: it agrees with its origin's own checksum only, ` +
        'wanted one that a signed index names',
    )
  }
}
