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

/**
 * The disk under a database failed, or is full; what was being written is not kept.
 *
 * Tell the operator: once the disk works, the same may be done again.
 */
export class DatabaseFailedError extends Error {
  override readonly name = 'DatabaseFailedError'
  readonly code = 'ERR_DATABASE_FAILED'
}

/**
 * What is kept in the data directory cannot be read as what it should be.
 *
 * Stop, and tell the operator which file: it was changed by hand or by a damaged disk.
 */
export class CorruptFileError extends Error {
  override readonly name = 'CorruptFileError'
  readonly code = 'ERR_CORRUPT_FILE'
}
