import type { KadDHTInit } from '@libp2p/kad-dht'

/**
 * Refuses every value, so that nobody can fill a disk with them: the DHT is used for provider records only.
 *
 * kad-dht looks for the validator of a key under its first segment in a plain object. For `constructor` and the like it would
 * find what every object inherits, and that refuses nothing; so each of these names has its own refusal.
 */
export const NO_VALUES: NonNullable<KadDHTInit['validators']> = Object.fromEntries(
  ['pk', ...Object.getOwnPropertyNames(Object.prototype)].map((name) => [name, refuseValue]),
)

function refuseValue(): void {
  throw new TypeError('Cannot store a value in this DHT: it keeps provider records only')
}
