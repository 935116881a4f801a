/**
 * How notices are asked for and handed on. Numbers are big-endian.
 *
 * Request:
 * offset  size  field
 *      0     2  room: how many notices of donors are wanted of whom the asking side knows nothing
 *      2     2  number of donors that it knows, at most 1 024
 *      4        each: the first 8 bytes of the donor's public key, and 8 bytes, when its notice was issued in ms
 *
 * Answer: each notice as length u16 and its bytes, at most 256 KiB in all.
 */
import { ProtocolError } from '../exchange/errors.ts'
import { viewOf } from '../exchange/message.ts'
import { MAX_DONORS, MAX_NOTICES_BYTES } from './limits.ts'
import { parseNotice } from './notice.ts'
import type { Notice, SignedNotice } from './notice.ts'

const HEAD_BYTES = 4
const KNOWN_BYTES = 16
const LENGTH_BYTES = 2

/** What a node knows of donors, as it says when it asks for more. */
export interface KnownDonors {
  /** How many more have a place. */
  readonly room: number
  /** When the notice that it has was issued, by the first 8 bytes of the donor's key as a number: no others have those. */
  readonly issuedMs: ReadonlyMap<bigint, bigint>
}

/** The first 8 bytes of a donor's key: too many for anybody to make another one that hides it. */
export function keyPrefix(keyHex: string): bigint {
  return BigInt(`0x${keyHex.slice(0, 16)}`)
}

export function formatKnown(room: number, notices: readonly Notice[]): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + notices.length * KNOWN_BYTES)
  const view = viewOf(bytes)
  view.setUint16(0, room)
  view.setUint16(2, notices.length)
  for (const [at, { keyHex, issuedMs }] of notices.entries()) {
    const offset = HEAD_BYTES + at * KNOWN_BYTES
    view.setBigUint64(offset, keyPrefix(keyHex))
    view.setBigUint64(offset + 8, BigInt(issuedMs))
  }
  return bytes
}

/** @returns undefined when it is malformed, names one donor twice, or more than `MAX_DONORS` */
export function parseKnown(bytes: Uint8Array): KnownDonors | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const view = viewOf(bytes)
  const count = view.getUint16(2)
  if (count > MAX_DONORS || bytes.length !== HEAD_BYTES + count * KNOWN_BYTES) return undefined
  const issuedMs = new Map<bigint, bigint>()
  for (let offset = HEAD_BYTES; offset < bytes.length; offset += KNOWN_BYTES) {
    issuedMs.set(view.getBigUint64(offset), view.getBigUint64(offset + 8))
  }
  return issuedMs.size === count ? { room: view.getUint16(0), issuedMs } : undefined
}

/** Those of some notices that tell the asking side something, in their order, as many as it has room for and fit. */
export function formatNotices(
  notices: Iterable<Notice>,
  { room, issuedMs }: KnownDonors,
): Uint8Array {
  const parts: Uint8Array[] = []
  let left = { room, bytes: MAX_NOTICES_BYTES }
  for (const notice of notices) {
    const known = issuedMs.get(keyPrefix(notice.keyHex))
    if (known === undefined ? left.room === 0 : known >= BigInt(notice.issuedMs)) continue
    const bytes = left.bytes - LENGTH_BYTES - notice.bytes.length
    if (bytes < 0) break
    left = { room: left.room - Number(known === undefined), bytes }
    parts.push(Buffer.of(notice.bytes.length >> 8, notice.bytes.length & 0xff), notice.bytes)
  }
  return Buffer.concat(parts)
}

/**
 * The notices of an answer; one that is malformed, as those of a later version are here, is left out.
 *
 * @throws {ProtocolError} the answer is not made of them
 */
export function parseNotices(bytes: Uint8Array): readonly SignedNotice[] {
  const view = viewOf(bytes)
  const notices: SignedNotice[] = []
  for (let offset = 0; offset < bytes.length;) {
    const start = offset + LENGTH_BYTES
    const end = start > bytes.length ? Infinity : start + view.getUint16(offset)
    if (end > bytes.length) {
      throw new ProtocolError('Cannot read the notices: the answer ends within one')
    }
    // A copy, which the `slice` of a Buffer is not: what is kept of an answer must not keep the whole of it.
    const notice = parseNotice(Uint8Array.from(bytes.subarray(start, end)))
    if (notice !== undefined) notices.push(notice)
    offset = end
  }
  return notices
}
