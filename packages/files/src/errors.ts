/**
 * Somebody besides the owner can read a private key, or whatever else is to be secret; or it belongs to somebody else.
 *
 * Take the permission away (`chmod 600`); if others may have used it, replace the key.
 */
export class KeysExposedError extends Error {
  override readonly name = 'KeysExposedError'
  readonly code = 'ERR_KEYS_EXPOSED'
  readonly path: string

  constructor(path: string, found: string) {
    super(`Cannot use ${path}: ${found}`)
    this.path = path
  }
}
