import { isPath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { asciiOf } from './ascii.ts'
import { isDigest } from './digest.ts'
import type { Digest } from './digest.ts'
import { InvalidHistoryError } from './errors.ts'
import { MAX_ARTIFACT_BYTES, MAX_REASON_BYTES } from './limits.ts'

/** A release that appears, a mutable file that appears or changes, a file that leaves. */
export type HistoryKind = 'put' | 'mut' | 'del'

/** One thing that happened to a repository. */
export interface HistoryEvent {
  /** The head with which it was published; never falls from one event to the next. */
  readonly seq: number
  readonly kind: HistoryKind
  /** SHA-256 of the blob; of a file that leaves, the one that it had. */
  readonly digest: Digest
  readonly sizeBytes: number
  readonly path: RepositoryPath
  /** Why it happened: visible ASCII and single spaces, 1 to `MAX_REASON_BYTES`; undefined when nothing was said. */
  readonly reason?: string | undefined
}

const LINE =
  /^1 ([1-9][0-9]{0,15}) (put|mut|del) ([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) ([^ ]+)(?: (.+))?$/
const REASON = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/

/**
 * Write the line of an event, without a line end: what the history hashes.
 *
 * @throws {TypeError} when a value is not one that `parseHistoryLine` would read back
 */
export function formatHistoryLine(event: HistoryEvent): Uint8Array {
  const flaw = flawOf(event)
  if (flaw !== undefined) throw new TypeError(`Cannot format history line: ${flaw}`)
  const { seq, kind, digest, sizeBytes, path, reason } = event
  const end = reason === undefined ? '' : ` ${reason}`
  return Buffer.from(`1 ${seq} ${kind} ${digest} ${sizeBytes} ${path}${end}`, 'latin1')
}

/**
 * Read the line of an event. There is one line for each event.
 *
 * @throws {InvalidHistoryError}
 */
export function parseHistoryLine(bytes: Uint8Array): HistoryEvent {
  const [, seq, kind, digest = '', size, path = '', reason] = LINE.exec(asciiOf(bytes) ?? '') ?? []
  const event: HistoryEvent = {
    seq: Number(seq),
    kind: kind as HistoryKind,
    digest,
    sizeBytes: Number(size),
    path: path as RepositoryPath,
    reason,
  }
  const flaw = kind === undefined ? 'it has no known form' : flawOf(event)
  if (flaw !== undefined) throw new InvalidHistoryError(`a line, but ${flaw}`)
  return event
}

/** Whether a text can be the reason of an event. */
export function isReason(text: string): boolean {
  return REASON.test(text) && text.length <= MAX_REASON_BYTES
}

function flawOf({ seq, digest, sizeBytes, path, reason }: HistoryEvent): string | undefined {
  if (!Number.isSafeInteger(seq) || seq < 1) return 'the sequence number is out of range'
  if (!isDigest(digest)) return 'the digest is malformed'
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > MAX_ARTIFACT_BYTES) {
    return 'the size is out of range'
  }
  if (!isPath(path)) return 'the path is malformed'
  if (reason !== undefined && !isReason(reason)) {
    return 'the reason is malformed'
  }
  return undefined
}
