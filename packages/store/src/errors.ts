/**
 * The data directory was closed, or is closing.
 *
 * Drop the work: the node stops.
 */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError'
  readonly code = 'ERR_STORE_CLOSED'
}
