import type { LimitGroup, Limits } from '@jarswarm/ports'

/** The bounds of the DHT: what others may leave in it, and what this node asks of others. */

const DHT = {
  MAX_RECORDS_PER_KEY: {
    value: 64,
    unit: 'provider records of one key',
    why: 'more providers than anybody asks; then one at random gives way',
  },
  MAX_RECORDS_PER_RANGE: {
    value: 8,
    unit: 'provider records of one key from one public /24 or /48',
    why: 'one place cannot own a key',
  },
  MAX_RECORDS_PER_PEER: {
    value: 4_000,
    unit: 'provider records that one peer places in a day',
    why: 'twice the budget of an honest node',
  },
  MAX_COUNTED_PEERS: {
    value: 1_000,
    unit: 'peers whose records are counted',
    why: 'the longest silent is forgotten first',
  },
  MAX_UNJUDGED_KEYS: {
    value: 16_384,
    unit: 'keys kept while the index is not complete enough to know them',
    why: 'a fresh node knows no key, and must not keep all',
  },
  MAX_PROVIDERS_ANSWERED: {
    value: 20,
    unit: 'providers in one answer',
    why: 'a dial of each takes longer than another question',
  },
  PROVIDES_PER_DAY: {
    value: 2_000,
    unit: 'announcements of this node in a day',
    why: 'the projects of many builds, and the others bear the cost',
  },
  MAX_RECORDS_AT_ONCE: {
    value: 64,
    unit: 'records given to a server at a time, then none for 2 s',
    why: 'some 10 KB; each costs the server a look-up and a write',
  },
  MAX_OWN_RECORDS: {
    value: 4_000,
    unit: 'own announcements remembered',
    why: 'as long as their records live: two days of them',
  },
  MAX_WAITING_PROVIDES: {
    value: 256,
    unit: 'lots of announcements waiting for their turn',
    why: 'each is of one repository and 64 projects at most; later ones are made again',
  },
  MAX_PROVIDER_DIALS: {
    value: 8,
    unit: 'providers dialled at once during a lookup',
    why: 'ghosts take as long as a dial may take',
  },
  MAX_PROVIDERS_FOUND: {
    value: 40,
    unit: 'providers dialled by one lookup',
    why: 'more ghosts than that end a lookup, not the node',
  },
} satisfies Limits

export const MAX_RECORDS_PER_KEY: number = DHT.MAX_RECORDS_PER_KEY.value
export const MAX_RECORDS_PER_RANGE: number = DHT.MAX_RECORDS_PER_RANGE.value
export const MAX_RECORDS_PER_PEER: number = DHT.MAX_RECORDS_PER_PEER.value
export const MAX_COUNTED_PEERS: number = DHT.MAX_COUNTED_PEERS.value
export const MAX_UNJUDGED_KEYS: number = DHT.MAX_UNJUDGED_KEYS.value
export const MAX_PROVIDERS_ANSWERED: number = DHT.MAX_PROVIDERS_ANSWERED.value
export const PROVIDES_PER_DAY: number = DHT.PROVIDES_PER_DAY.value
export const MAX_RECORDS_AT_ONCE: number = DHT.MAX_RECORDS_AT_ONCE.value
export const MAX_OWN_RECORDS: number = DHT.MAX_OWN_RECORDS.value
export const MAX_WAITING_PROVIDES: number = DHT.MAX_WAITING_PROVIDES.value
export const MAX_PROVIDER_DIALS: number = DHT.MAX_PROVIDER_DIALS.value
export const MAX_PROVIDERS_FOUND: number = DHT.MAX_PROVIDERS_FOUND.value

/** All of it, for people. */
export const PROVIDER_LIMITS: LimitGroup = { title: 'Provider records (DHT)', limits: DHT }
