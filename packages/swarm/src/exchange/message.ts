/**
 * Bodies of the exchange's frames. Numbers are big-endian.
 *
 * Request:
 * offset  size  field
 *      0     4  id, chosen by the asking side, unique among its open requests of the stream
 *      4     1  kind
 *      5    32  repository; zeros in a hello
 *     37        payload
 *
 * Answer:
 * offset  size  field
 *      0     4  id of the request
 *      4     1  status
 *      5        payload; empty unless the status is 0
 */
import type { Digest } from '@jarswarm/manifest'
import type { ByteRange } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { Uint8ArrayList } from 'uint8arraylist'
import { MAX_BLOB_BYTES, MAX_TILE_NAME_BYTES } from '../limits.ts'

/** What a request asks for. */
export const KIND = {
  hello: 1,
  blob: 2,
  object: 3,
  manifest: 4,
  root: 5,
  log: 6,
  holdings: 7,
  proxied: 8,
  donors: 9,
} as const

/** How a request ended. */
export const STATUS = { ok: 0, notHeld: 1, busy: 2, badRequest: 3, refused: 4 } as const

export const REQUEST_HEAD_BYTES = 37
export const ANSWER_HEAD_BYTES = 5
const BLOB_PAYLOAD_BYTES = 44
const NO_BYTES = new Uint8Array(0)

export interface RequestFrame {
  readonly id: number
  readonly kind: number
  readonly repository: RepositoryId
  readonly payload: Uint8Array
}

export interface AnswerFrame {
  readonly id: number
  readonly status: number
  readonly payload: Uint8Array
}

export function formatRequest(request: RequestFrame): Uint8Array {
  const bytes = new Uint8Array(REQUEST_HEAD_BYTES + request.payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, request.id)
  view.setUint8(4, request.kind)
  bytes.set(Buffer.from(request.repository, 'hex'), 5)
  bytes.set(request.payload, REQUEST_HEAD_BYTES)
  return bytes
}

/** @returns undefined when the body is too short to be a request */
export function parseRequest(bytes: Uint8Array): RequestFrame | undefined {
  if (bytes.length < REQUEST_HEAD_BYTES) return undefined
  const view = viewOf(bytes)
  return {
    id: view.getUint32(0),
    kind: view.getUint8(4),
    repository: hexOf(bytes.subarray(5, REQUEST_HEAD_BYTES)),
    payload: bytes.subarray(REQUEST_HEAD_BYTES),
  }
}

/** The payload is not copied. */
export function formatAnswer(answer: AnswerFrame): Uint8ArrayList {
  const head = new Uint8Array(ANSWER_HEAD_BYTES)
  const view = viewOf(head)
  view.setUint32(0, answer.id)
  view.setUint8(4, answer.status)
  return new Uint8ArrayList(head, answer.payload)
}

/** @returns undefined when the body is too short to be an answer */
export function parseAnswer(bytes: Uint8Array): AnswerFrame | undefined {
  if (bytes.length < ANSWER_HEAD_BYTES) return undefined
  const view = viewOf(bytes)
  return {
    id: view.getUint32(0),
    status: view.getUint8(4),
    payload: bytes.subarray(ANSWER_HEAD_BYTES),
  }
}

/** `digest 32 | offset u64 | length u32` */
export function formatBlobPayload(digest: Digest, range: ByteRange): Uint8Array {
  const bytes = new Uint8Array(BLOB_PAYLOAD_BYTES)
  bytes.set(Buffer.from(digest, 'hex'))
  const view = viewOf(bytes)
  view.setBigUint64(32, BigInt(range.offset))
  view.setUint32(40, range.length)
  return bytes
}

/** @returns undefined when it is not a blob payload, or asks for nothing or for too much */
export function parseBlobPayload(
  payload: Uint8Array,
): { readonly digest: Digest; readonly range: ByteRange } | undefined {
  if (payload.length !== BLOB_PAYLOAD_BYTES) return undefined
  const view = viewOf(payload)
  const offset = view.getBigUint64(32)
  const length = view.getUint32(40)
  if (offset > BigInt(Number.MAX_SAFE_INTEGER - MAX_BLOB_BYTES)) return undefined
  if (length === 0 || length > MAX_BLOB_BYTES) return undefined
  return { digest: hexOf(payload.subarray(0, 32)), range: { offset: Number(offset), length } }
}

export function formatDigestPayload(digest: Digest): Uint8Array {
  return Buffer.from(digest, 'hex')
}

export function parseDigestPayload(payload: Uint8Array): Digest | undefined {
  return payload.length === 32 ? hexOf(payload) : undefined
}

export function formatNumberPayload(number: number): Uint8Array {
  const bytes = new Uint8Array(4)
  viewOf(bytes).setUint32(0, number)
  return bytes
}

export function parseNumberPayload(payload: Uint8Array): number | undefined {
  return payload.length === 4 ? viewOf(payload).getUint32(0) : undefined
}

const TILE_PAYLOAD = /^(?<tile>tile\/[0-9a-z]+(?:\/[0-9a-z.]+)*)(?: (?<from>[1-9][0-9]{0,6}))?$/

/** A tile, or what it has from some byte on. */
export interface TilePart {
  readonly tile: string
  readonly from: number
}

export function formatTilePayload({ tile, from }: TilePart): Uint8Array {
  return new TextEncoder().encode(from === 0 ? tile : `${tile} ${String(from)}`)
}

/** @returns undefined unless it has the form of a tile's name: no `..`, no leading or doubled slash */
export function parseTilePayload(payload: Uint8Array): TilePart | undefined {
  if (payload.length > MAX_TILE_NAME_BYTES) return undefined
  const { tile, from } = TILE_PAYLOAD.exec(Buffer.from(payload).toString('latin1'))?.groups ?? {}
  if (tile === undefined || tile.includes('..')) return undefined
  return { tile, from: Number(from ?? 0) }
}

export function emptyPayload(): Uint8Array {
  return NO_BYTES
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
