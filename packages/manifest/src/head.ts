import { asciiOf } from './ascii.ts'
import { isDigest } from './digest.ts'
import type { Digest } from './digest.ts'
import { InvalidHeadError } from './errors.ts'
import { isOrigin } from './repository-origin.ts'
import { MAX_HEAD_BYTES } from './limits.ts'

/** Totals of an index tree, as they stand in the head and in each branch line. */
export interface IndexTotals {
  /** Digest of the root node. */
  readonly root: Digest
  readonly directories: number
  readonly files: number
  /** Sum of the sizes of all artifacts. */
  readonly bytes: number
}

/** One state of a repository: the content of `head.json`. */
export interface Head {
  /** 1 for the first publish; each publish that changes anything adds 1. */
  readonly seq: number
  /** When it was published, ISO 8601 in UTC with seconds, `2026-11-22T20:18:56Z`. */
  readonly issued: string
  readonly index: IndexTotals
  /** RFC 6962 tree over the history lines. */
  readonly history: { readonly size: number; readonly root: Digest }
  /** SHA-256 of the previous `head.json`, or null for the first. */
  readonly previous: Digest | null
  /**
   * Base URL of the HTTP repository that the publisher saw these files at, when it is not their operator; null when
   * the operator signs. An observed head says nothing of what came to its origin after it.
   */
  readonly observed: string | null
  /** The whole index in one file, of this or an earlier state; null when there is none. */
  readonly pack: {
    readonly digest: Digest
    readonly sizeBytes: number
    /** Index root whose nodes the pack holds. */
    readonly root: Digest
  } | null
  /** All that was taken back and has not come again: the object that lists the newest; null when there is nothing. */
  readonly withdrawn: { readonly count: number; readonly digest: Digest } | null
}

const FORMAT = 'jarswarm head 1'
const ISSUED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

/**
 * Write `head.json`: canonical JSON, sorted keys and no white space.
 *
 * @throws {TypeError} when a value is not one that `parseHead` would read back
 */
export function formatHead(head: Head): Uint8Array {
  const flaw = flawOf(head)
  if (flaw !== undefined) throw new TypeError(`Cannot format head: ${flaw}`)
  return encode(head)
}

/**
 * Read `head.json`. There is one encoding of each head; every other one is refused.
 *
 * @throws {InvalidHeadError}
 */
export function parseHead(bytes: Uint8Array): Head {
  if (bytes.length > MAX_HEAD_BYTES) {
    throw new InvalidHeadError(
      `${String(bytes.length)} bytes, wanted at most ${String(MAX_HEAD_BYTES)}`,
    )
  }
  const head = fromJson(parseJson(bytes))
  const flaw = flawOf(head)
  if (flaw !== undefined) throw new InvalidHeadError(flaw)
  // Unknown and repeated keys, another order, white space, escapes, other spellings of numbers: all end here.
  if (!encode(head).equals(bytes)) throw new InvalidHeadError('it is not canonical')
  return head
}

function parseJson(bytes: Uint8Array): unknown {
  const text = asciiOf(bytes)
  if (text === undefined) throw new InvalidHeadError('bytes that are not ASCII')
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new InvalidHeadError('bytes that are not JSON', { cause })
  }
}

/** Take the keys of a head out of whatever was parsed; `flawOf` judges the values. */
function fromJson(value: unknown): Head {
  const { format, seq, issued, index, history, observed, previous, pack, withdrawn } =
    recordOf(value)
  if (format !== FORMAT) throw new InvalidHeadError(`no format ${FORMAT}`)
  const { bytes, directories, files, root } = recordOf(index)
  const log = recordOf(history)
  const parts = pack === null ? null : recordOf(pack)
  const list = withdrawn === null ? null : recordOf(withdrawn)
  return {
    seq: seq as number,
    issued: issued as string,
    index: {
      root: root as Digest,
      directories: directories as number,
      files: files as number,
      bytes: bytes as number,
    },
    history: { size: log['size'] as number, root: log['root'] as Digest },
    previous: previous as Digest | null,
    observed: observed as string | null,
    pack: parts && {
      digest: parts['sha256'] as Digest,
      sizeBytes: parts['bytes'] as number,
      root: parts['root'] as Digest,
    },
    withdrawn: list && { count: list['count'] as number, digest: list['sha256'] as Digest },
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new InvalidHeadError('no object where one is wanted')
}

/** What is wrong with the values of a head, whose types are not to be relied on. */
function flawOf(head: Head): string | undefined {
  const { seq, issued, index, previous, observed, withdrawn } = head
  if (!numbersOf(head).every(isNatural) || seq < 1) return 'a number that is none'
  if (!digestsOf(head).every(isDigestText)) return 'a digest that is none'
  if (!isTime(issued)) return 'an issue time that is none'
  if (withdrawn?.count === 0) return 'a list of no withdrawals'
  if (!isObserved(observed)) return 'an observed origin that is no base URL'
  if ((seq === 1) !== (previous === null)) {
    return 'a previous head is wanted exactly above sequence 1'
  }
  if (index.files < index.directories || (index.directories === 0) !== (index.files === 0)) {
    return 'totals that cannot be'
  }
  return undefined
}

function numbersOf({ seq, index, history, pack, withdrawn }: Head): readonly unknown[] {
  const ofPack = pack === null ? [] : [pack.sizeBytes]
  const ofList = withdrawn === null ? [] : [withdrawn.count]
  return [seq, index.bytes, index.directories, index.files, history.size, ...ofPack, ...ofList]
}

function digestsOf({ index, history, previous, pack, withdrawn }: Head): readonly unknown[] {
  const ofPack = pack === null ? [] : [pack.digest, pack.root]
  const others = [
    ...(previous === null ? [] : [previous]),
    ...(withdrawn ? [withdrawn.digest] : []),
  ]
  return [index.root, history.root, ...ofPack, ...others]
}

function encode({
  seq,
  issued,
  index,
  history,
  previous,
  observed,
  pack,
  withdrawn,
}: Head): Buffer {
  const { bytes, directories, files, root } = index
  const json = JSON.stringify({
    format: FORMAT,
    history: { root: history.root, size: history.size },
    index: { bytes, directories, files, root },
    issued,
    observed,
    pack: pack && { bytes: pack.sizeBytes, root: pack.root, sha256: pack.digest },
    previous,
    seq,
    withdrawn: withdrawn && { count: withdrawn.count, sha256: withdrawn.digest },
  })
  return Buffer.from(json, 'latin1')
}

function isNatural(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0)
}

function isDigestText(value: unknown): boolean {
  return typeof value === 'string' && isDigest(value)
}

function isObserved(value: unknown): boolean {
  return value === null || (typeof value === 'string' && isOrigin(value))
}

/** Whether a text is a time that exists, in the one form that heads use. */
function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || !ISSUED.test(value)) return false
  const ms = Date.parse(value)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value.replace('Z', '.000Z')
}
