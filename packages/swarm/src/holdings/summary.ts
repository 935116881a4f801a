/**
 * Payload of a `holdings` request, which has no answer but its status:
 *
 * offset  size  field
 *      0     1  flags: 1 = forget what was told before
 *      1     8  complete-to sequence number; all ones for a cache
 *      9     4  number of claims added
 *     13     4  number of claims removed
 *     17        the added, then the removed: each ascending, each as varint of the difference to the one before
 */
import { viewOf } from '../exchange/message.ts'
import { MAX_CLAIMS } from '../limits.ts'

const HEAD_BYTES = 17
const MAX_VARINT_BYTES = 5
const NOT_COMPLETE = 0xffff_ffff_ffff_ffffn

export interface Summary {
  /** What was told before is void. */
  readonly reset: boolean
  readonly completeToSeq: number | undefined
  /** Ascending, each once. */
  readonly added: Uint32Array
  readonly removed: Uint32Array
}

export function formatSummary(summary: Summary): Uint8Array {
  const claims = summary.added.length + summary.removed.length
  const bytes = new Uint8Array(HEAD_BYTES + claims * MAX_VARINT_BYTES)
  const view = viewOf(bytes)
  view.setUint8(0, summary.reset ? 1 : 0)
  writeSeq(view, 1, summary.completeToSeq)
  view.setUint32(9, summary.added.length)
  view.setUint32(13, summary.removed.length)
  const middle = writeClaims(bytes, HEAD_BYTES, summary.added)
  return bytes.subarray(0, writeClaims(bytes, middle, summary.removed))
}

/** @returns undefined when it is malformed or longer than `MAX_CLAIMS` */
export function parseSummary(bytes: Uint8Array): Summary | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const view = viewOf(bytes)
  const counts = { added: view.getUint32(9), removed: view.getUint32(13) }
  // Both counts come from outside: held to their bound before anything is allocated for them.
  if (counts.added > MAX_CLAIMS || counts.removed > MAX_CLAIMS) return undefined
  const added = readClaims(bytes, HEAD_BYTES, counts.added)
  const removed = added && readClaims(bytes, added.end, counts.removed)
  if (added === undefined || removed?.end !== bytes.length) return undefined
  return {
    reset: (view.getUint8(0) & 1) === 1,
    completeToSeq: readSeq(view, 1),
    added: added.claims,
    removed: removed.claims,
  }
}

/** A sequence number, or all ones for none. */
export function writeSeq(view: DataView, offset: number, seq: number | undefined): void {
  view.setBigUint64(offset, seq === undefined ? NOT_COMPLETE : BigInt(seq))
}

export function readSeq(view: DataView, offset: number): number | undefined {
  const seq = view.getBigUint64(offset)
  return seq > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(seq)
}

function writeClaims(bytes: Uint8Array, start: number, claims: Uint32Array): number {
  let offset = start
  let previous = 0
  for (const claim of claims) {
    let step = claim - previous
    for (; step >= 0x80; step = Math.floor(step / 0x80)) {
      bytes[offset] = (step % 0x80) | 0x80
      offset += 1
    }
    bytes[offset] = step
    offset += 1
    previous = claim
  }
  return offset
}

function readClaims(
  bytes: Uint8Array,
  start: number,
  count: number,
): { readonly claims: Uint32Array; readonly end: number } | undefined {
  // Each claim takes at least one byte, so a short message cannot ask for a large array.
  if (count > bytes.length - start) return undefined
  const claims = new Uint32Array(count)
  let offset = start
  let previous = -1
  for (let at = 0; at < count; at += 1) {
    const step = readVarint(bytes, offset)
    if (step === undefined) return undefined
    const claim = Math.max(previous, 0) + step.value
    if (claim <= previous || claim > 0xffff_ffff) return undefined
    claims[at] = claim
    previous = claim
    offset = step.end
  }
  return { claims, end: offset }
}

function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  for (let at = 0; at < MAX_VARINT_BYTES; at += 1) {
    const byte = bytes[start + at]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { value, end: start + at + 1 }
  }
  return undefined
}
