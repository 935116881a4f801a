/**
 * A stranger's provider record is outside the bounds of our part of the DHT.
 *
 * Nothing is to be done: the record is not stored, and the stranger's stream ends.
 */
export class ProviderRefusedError extends Error {
  override readonly name = 'ProviderRefusedError'
  readonly code = 'ERR_PROVIDER_REFUSED'
}
