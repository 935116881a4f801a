/**
 * The command line, the environment or `config.json` says something that cannot be meant.
 *
 * Show the message and point to `--help`; the exit code is 2.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'ERR_USAGE'
}
