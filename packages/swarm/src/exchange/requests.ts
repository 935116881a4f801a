import { PROXIED_CLAIM_BYTES } from '@jarswarm/ports'
import type { ExchangeRequest } from '@jarswarm/ports'
import {
  MAX_BLOB_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_OBJECT_BYTES,
  MAX_ROOT_BYTES,
  MAX_TILE_BYTES,
} from '../limits.ts'
import { UNKNOWN_ANSWER_BYTES } from '../pace.ts'
import {
  emptyPayload,
  formatBlobPayload,
  formatDigestPayload,
  formatNumberPayload,
  formatTilePayload,
  KIND,
} from './message.ts'
import { formatProxiedQuery } from './proxied-query.ts'
import type { LaneRequest } from './request-lane.ts'

/**
 * Turn a request of the port into one of the wire.
 *
 * @throws {RangeError} when a blob's range is empty or above 256 KiB
 */
export function toLaneRequest(request: ExchangeRequest): LaneRequest {
  const { repository } = request
  const open = { repository, costBytes: UNKNOWN_ANSWER_BYTES, exactBytes: undefined }
  switch (request.kind) {
    case 'blob':
      if (request.length < 1 || request.length > MAX_BLOB_BYTES) {
        const found = `length ${String(request.length)}`
        throw new RangeError(`Cannot request blob: found ${found}, wanted 1 to 262144`)
      }
      return {
        what: `blob ${request.digest}`,
        kind: KIND.blob,
        repository,
        payload: formatBlobPayload(request.digest, request),
        costBytes: request.length,
        exactBytes: request.length,
        maxBytes: request.length,
      }
    case 'object': {
      const payload = formatDigestPayload(request.digest)
      const what = `object ${request.digest}`
      return { ...open, what, kind: KIND.object, payload, maxBytes: MAX_OBJECT_BYTES }
    }
    case 'manifest': {
      const payload =
        request.unless === undefined ? emptyPayload() : formatDigestPayload(request.unless)
      const what = 'root manifest'
      return { ...open, what, kind: KIND.manifest, payload, maxBytes: MAX_MANIFEST_BYTES }
    }
    case 'root': {
      const payload = formatNumberPayload(request.number)
      const what = `root ${String(request.number)}`
      return { ...open, what, kind: KIND.root, payload, maxBytes: MAX_ROOT_BYTES }
    }
    case 'proxied': {
      const payload = formatProxiedQuery(request)
      const what = `proxied file ${request.path}`
      const maxBytes = PROXIED_CLAIM_BYTES
      return { ...open, what, kind: KIND.proxied, payload, costBytes: maxBytes, maxBytes }
    }
    case 'log': {
      const payload = formatTilePayload({ tile: request.tile, from: request.from ?? 0 })
      const what = `log tile ${request.tile}`
      return { ...open, what, kind: KIND.log, payload, maxBytes: MAX_TILE_BYTES }
    }
  }
}
