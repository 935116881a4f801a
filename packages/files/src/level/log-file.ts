/**
 * A journal or a `MANIFEST` of a LevelDB database.
 *
 * ```
 * file     = blocks of 32 KiB, the last one shorter
 * block    = fragment* and less than 7 bytes that say nothing
 * fragment = CRC-32C of type and bytes u32 | length u16 | type u8 (1 whole, 2 first, 3 middle, 4 last) | bytes
 * record   = a whole fragment, or first, middle*, last
 * ```
 *
 * Numbers of fixed length are little-endian. The end may be missing, or be zeros, as a crash leaves it: what stood there had not
 * been acknowledged. LevelDB takes the same for an end wherever it finds it, and goes on behind it without what it left out.
 *
 * After a power cut the file may have its new length while pages that were not synced are missing, any of them: where they were
 * are zeros, up to the end of a sector. That is a tear, and what stands behind it is later, and was not synced either.
 */
import { fitsChecksum } from './checksum.ts'

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
/** The least that a disk writes at once; pages and blocks are multiples of it. */
const SECTOR_BYTES = 512
const [WHOLE, FIRST, MIDDLE, LAST] = [1, 2, 3, 4]

interface Fragment {
  readonly type: number
  readonly bytes: Uint8Array
}

/** Found bytes that are no fragment, in a place where one should begin. */
class MisfitError extends RangeError {
  override readonly name = 'MisfitError'
  readonly at: number

  constructor(at: number) {
    super(`found no record at ${String(at)}`)
    this.at = at
  }
}

/** Its records, in their order. @throws {RangeError} where something is missing or damaged that is not its end */
export function* readLog(log: Uint8Array): Generator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = []
  let isOpen = false
  for (const { type, bytes } of fragmentsOf(log)) {
    const isFirst = type === WHOLE || type === FIRST
    if (isFirst === isOpen) throw new RangeError('found a part of a record')
    if (isFirst) parts = []
    parts.push(bytes)
    isOpen = type === FIRST || type === MIDDLE
    if (!isOpen) yield Buffer.concat(parts)
  }
}

/** Whether nothing is missing or damaged but the end. */
export function isSoundLog(log: Uint8Array): boolean {
  return faultOf(log) === undefined
}

/**
 * Where a log is torn that is not sound, as a power cut may have torn it: all before is as it was written.
 *
 * @returns an offset in bytes, undefined when it is sound, or is damaged in a way that no power cut leaves
 */
export function tearOf(log: Uint8Array): number | undefined {
  const fault = faultOf(log)
  return fault instanceof MisfitError && isTorn(log, fault.at) ? fault.at : undefined
}

function faultOf(log: Uint8Array): RangeError | undefined {
  try {
    Array.from(readLog(log))
    return undefined
  } catch (error) {
    if (error instanceof RangeError) return error
    throw error
  }
}

/** Whether the fragment lacks a sector, or what it has of one; the first may begin with what an earlier write brought. */
function isTorn(log: Uint8Array, begin: number): boolean {
  const end = begin + headerAt(log.subarray(begin), 0).end
  for (let at = begin; at < end;) {
    const sectorEnd = at - (at % SECTOR_BYTES) + SECTOR_BYTES
    if (areZeros(log.subarray(at, sectorEnd))) return true
    at = sectorEnd
  }
  return false
}

function* fragmentsOf(log: Uint8Array): Generator<Fragment, void, undefined> {
  for (let begin = 0; begin < log.length; begin += BLOCK_BYTES) {
    const block = log.subarray(begin, begin + BLOCK_BYTES)
    let at = 0
    while (at + HEADER_BYTES <= block.length) {
      const found = fragmentAt(block, at)
      if (found === undefined) {
        if (isEnd(log, begin + at)) return
        throw new MisfitError(begin + at)
      }
      yield found
      at += HEADER_BYTES + found.bytes.length
    }
  }
}

/** @returns undefined when it is not whole, or not as it was written */
function fragmentAt(block: Uint8Array, at: number): Fragment | undefined {
  const { type, end, checksum } = headerAt(block, at)
  if (type < WHOLE || type > LAST || end > block.length) return undefined
  if (!fitsChecksum(block.subarray(at + 6, end), checksum)) return undefined
  return { type, bytes: block.subarray(at + HEADER_BYTES, end) }
}

function headerAt(
  { buffer, byteOffset, length }: Uint8Array,
  at: number,
): { readonly checksum: number; readonly end: number; readonly type: number } {
  const view = new DataView(buffer, byteOffset, length)
  const end = at + HEADER_BYTES + view.getUint16(at + 4, true)
  return { checksum: view.getUint32(at, true), end, type: view.getUint8(at + 6) }
}

/** Whether all from here on is what a crash leaves: zeros, or a fragment of which the rest is missing. */
function isEnd(log: Uint8Array, at: number): boolean {
  const rest = log.subarray(at)
  if (areZeros(rest)) return true
  const isLastBlock = at >= log.length - (log.length % BLOCK_BYTES)
  return isLastBlock && headerAt(rest, 0).end > rest.length && !hidesFragment(rest)
}

/** Compared with itself, a byte further: as fast as memory is. */
function areZeros(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0
}

/** A damaged length may reach beyond the end, too. Then the right one ends there, or another fragment stands behind it. */
function hidesFragment(rest: Uint8Array): boolean {
  if (fitsChecksum(rest.subarray(6), headerAt(rest, 0).checksum)) return true
  for (let at = HEADER_BYTES; at + HEADER_BYTES <= rest.length; at += 1) {
    if (fragmentAt(rest, at) !== undefined) return true
  }
  return false
}
