/**
 * A mirror does not have the repository, or contradicts what is signed, so it was not put on the list.
 *
 * Show the message; whoever knows better adds it with --no-check.
 */
export class MirrorRefusedError extends Error {
  override readonly name = 'MirrorRefusedError'
  readonly code = 'ERR_MIRROR_REFUSED'
}
