import type { LimitGroup, Limits } from '@jarswarm/ports'

/** What the node asks of origins and mirrors at a time. */

const ORIGINS = {
  MAX_UPSTREAM_CONNECTIONS: {
    value: 16,
    unit: 'connections to one origin or mirror',
    why: 'what browsers take, twice over, and no burden to a server',
  },
  MAX_ORIGIN_CONNECTIONS: {
    value: 24,
    unit: 'connections to the origin of a proxied repository',
    why: 'four requests a file, itself and its checksum files, of six files at once',
  },
} satisfies Limits

export const MAX_UPSTREAM_CONNECTIONS: number = ORIGINS.MAX_UPSTREAM_CONNECTIONS.value
export const MAX_ORIGIN_CONNECTIONS: number = ORIGINS.MAX_ORIGIN_CONNECTIONS.value

/** All of it, for people. */
export const UPSTREAM_LIMITS: readonly LimitGroup[] = [
  { title: 'Origins and mirrors over HTTP', limits: ORIGINS },
]
