/**
 * The disk or the database under the data directory failed; what was being written is not kept.
 *
 * Do not try the same write again blindly: tell the operator, whose disk may be dying. Reads go on.
 */
export class StorageFailedError extends Error {
  override readonly name = 'StorageFailedError'
  readonly code = 'ERR_STORAGE_FAILED'
}

/**
 * The data directory was closed, or is closing.
 *
 * Drop the work: the node stops.
 */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError'
  readonly code = 'ERR_STORE_CLOSED'
}
