import { MAX_DUMPED_BYTES, MAX_REDIRECTS, MAX_RETRY_AFTER_MS } from '@jarswarm/http'
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
  MAX_REDIRECTS: {
    value: MAX_REDIRECTS,
    unit: 'redirects followed for one request',
    why: 'a CDN needs one, and a loop never ends',
  },
  MAX_DUMPED_BYTES: {
    value: MAX_DUMPED_BYTES,
    unit: 'bytes of an error page that are read and dropped',
    why: 'error pages are shorter, and their connection is used again; a longer one costs it',
  },
  MAX_RETRY_AFTER_MS: {
    value: MAX_RETRY_AFTER_MS,
    unit: 'ms that an origin is left alone when it asks for it',
    why: 'a wrong date must not stop all builds for ever',
  },
} satisfies Limits

export const MAX_UPSTREAM_CONNECTIONS: number = ORIGINS.MAX_UPSTREAM_CONNECTIONS.value
export const MAX_ORIGIN_CONNECTIONS: number = ORIGINS.MAX_ORIGIN_CONNECTIONS.value

/** All of it, for people. */
export const UPSTREAM_LIMITS: readonly LimitGroup[] = [
  { title: 'Origins and mirrors over HTTP', limits: ORIGINS },
]
