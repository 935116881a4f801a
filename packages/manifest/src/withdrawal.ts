import { isPath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { asciiOf } from './ascii.ts'
import { isDigest, sha256 } from './digest.ts'
import type { Digest } from './digest.ts'
import { InvalidWithdrawalsError } from './errors.ts'
import type { Head } from './head.ts'
import { isReason } from './history-event.ts'
import { MAX_WITHDRAWALS } from './limits.ts'

/** A file that was taken back: no index names it at this path. */
export interface Withdrawal {
  readonly path: RepositoryPath
  /** SHA-256 of the blob that it had; when the path comes back as a release, it has the same. */
  readonly digest: Digest
  /** The head with which it left, and when that was issued. */
  readonly seq: number
  readonly issuedSeconds: number
  /** As the line of the history says; undefined when nothing was said. */
  readonly reason: string | undefined
}

/** Some withdrawals in one object. */
export interface WithdrawalPart {
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** How a head names all withdrawals. */
export type WithdrawalsPointer = NonNullable<Head['withdrawn']>

/** Lines of one object: of the longest ones it takes 680 KiB, below the bound of an object. */
export const WITHDRAWALS_PER_PART = 512

const HEADER = /^jarswarm withdrawn 1 (-|[0-9a-f]{64})$/
const LINE = /^([0-9a-f]{64}) ([1-9][0-9]{0,15}) (0|[1-9][0-9]{0,11}) ([^ ]+)(?: (.+))?$/

/**
 * Write all withdrawals: objects that each name the one before, so that those that are full never change.
 *
 * @param withdrawals in any order, each path once
 * @returns what the head says of them, null when there are none, and all objects
 * @throws {RangeError} for more than {@link MAX_WITHDRAWALS}
 */
export function formatWithdrawals(withdrawals: Iterable<Withdrawal>): {
  readonly pointer: WithdrawalsPointer | null
  readonly parts: readonly WithdrawalPart[]
} {
  const all = [...withdrawals].sort(compare)
  if (all.length > MAX_WITHDRAWALS) {
    throw new RangeError(
      `Cannot write ${String(all.length)} withdrawals: wanted at most ${String(MAX_WITHDRAWALS)}`,
    )
  }
  const parts: WithdrawalPart[] = []
  for (let start = 0; start < all.length; start += WITHDRAWALS_PER_PART) {
    const lines = all.slice(start, start + WITHDRAWALS_PER_PART).map(formatLine)
    const text = `jarswarm withdrawn 1 ${parts.at(-1)?.digest ?? '-'}\n${lines.join('')}`
    const bytes = Buffer.from(text, 'latin1')
    parts.push({ digest: sha256(bytes), bytes })
  }
  const last = parts.at(-1)
  return { pointer: last ? { count: all.length, digest: last.digest } : null, parts }
}

/**
 * Read all withdrawals that a head names.
 *
 * @param read gives an object that matches its digest; whatever it throws goes on
 * @returns ascending by head, then by path
 * @throws {InvalidWithdrawalsError} when they are not in their one form, or not as many as the head says
 */
export async function readWithdrawals(
  pointer: WithdrawalsPointer | null,
  read: (digest: Digest) => Promise<Uint8Array>,
): Promise<readonly Withdrawal[]> {
  let left = pointer?.count ?? 0
  if (left > MAX_WITHDRAWALS) throw new InvalidWithdrawalsError('more of them than are allowed')
  const parts: (readonly Withdrawal[])[] = []
  for (let next: Digest | undefined = pointer?.digest; next !== undefined;) {
    const part = parsePart(await read(next))
    // All but the last are full, so that the count says where they begin and end.
    const wanted = left % WITHDRAWALS_PER_PART || Math.min(left, WITHDRAWALS_PER_PART)
    left -= part.withdrawals.length
    const isFirst = part.before === undefined
    if (part.withdrawals.length !== wanted || isFirst !== (left === 0)) {
      throw new InvalidWithdrawalsError('another number of them than the head says')
    }
    parts.push(part.withdrawals)
    next = part.before
  }
  const all = parts.reverse().flat()
  if (all.some((one, place) => place > 0 && compare(all[place - 1] ?? one, one) >= 0)) {
    throw new InvalidWithdrawalsError('lines out of order')
  }
  if (new Set(all.map(({ path }) => path)).size < all.length) {
    throw new InvalidWithdrawalsError('a path twice')
  }
  return all
}

/**
 * The text whose SHA-256 the holders of the root sign to allow a large withdrawal: `sha256 path reason` a line, ascending
 * by path.
 */
export function formatWithdrawalBatch(
  withdrawals: Iterable<Pick<Withdrawal, 'path' | 'digest' | 'reason'>>,
): Uint8Array {
  const lines = [...withdrawals]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ digest, path, reason }) => `${digest} ${path}${endOf(reason)}\n`)
  return Buffer.from(lines.join(''), 'latin1')
}

function compare(a: Withdrawal, b: Withdrawal): number {
  if (a.seq !== b.seq) return a.seq - b.seq
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

function formatLine(withdrawal: Withdrawal): string {
  const { digest, seq, issuedSeconds, path, reason } = withdrawal
  const line = `${digest} ${String(seq)} ${String(issuedSeconds)} ${path}${endOf(reason)}`
  if (parseLine(line) === undefined) throw new TypeError(`Cannot format withdrawal: ${line}`)
  return `${line}\n`
}

function endOf(reason: string | undefined): string {
  return reason === undefined ? '' : ` ${reason}`
}

function parsePart(bytes: Uint8Array): {
  readonly before: Digest | undefined
  readonly withdrawals: readonly Withdrawal[]
} {
  const lines = asciiOf(bytes)?.split('\n')
  const before = HEADER.exec(lines?.shift() ?? '')?.[1]
  if (lines?.pop() !== '' || before === undefined) {
    throw new InvalidWithdrawalsError('a header or an end that is none')
  }
  const withdrawals = lines.map((line) => {
    const withdrawal = parseLine(line)
    if (withdrawal === undefined) throw new InvalidWithdrawalsError('a line of no known form')
    return withdrawal
  })
  return { before: before === '-' ? undefined : before, withdrawals }
}

function parseLine(line: string): Withdrawal | undefined {
  const [, digest = '', seq, issued, path = '', reason] = LINE.exec(line) ?? []
  if (!isDigest(digest) || !Number.isSafeInteger(Number(seq)) || !isPath(path)) return undefined
  if (reason !== undefined && !isReason(reason)) return undefined
  return { digest, seq: Number(seq), issuedSeconds: Number(issued), path, reason }
}
