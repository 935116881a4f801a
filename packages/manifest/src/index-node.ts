/**
 * The two kinds of index nodes, and their one form in bytes. See docs/design.md, section 1.
 *
 * Attackers hold the bytes until they hash to a digest that a signed head leads to, so that this parser is the
 * first thing they meet: each rule of the format is one refusal below.
 */
import { isPath } from '@jarswarm/maven'
import { asciiOf } from './ascii.ts'
import type { Digest } from './digest.ts'
import { InvalidIndexNodeError } from './errors.ts'
import { sizeFlawOf } from './index-entry.ts'
import type { IndexEntry } from './index-entry.ts'
import { directoryKey, KEY_DIGITS } from './index-key.ts'
import {
  MAX_OBJECT_BYTES,
  MAX_MTIME_SECONDS,
  MAX_LEAF_DIRECTORIES,
  MAX_LEAF_BYTES,
} from './limits.ts'

/** A node as it is stored and sent. */
export interface IndexNode {
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** A directory of a leaf with the files that stand directly in it, at least one, by name. */
export interface IndexDirectory {
  /** Without a slash at either end; `''` is the top. */
  readonly path: string
  readonly entries: readonly IndexEntry[]
}

/** What is below a node. */
export interface SubtreeTotals {
  readonly directories: number
  readonly files: number
  readonly bytes: number
}

export interface IndexLeaf extends SubtreeTotals {
  readonly kind: 'leaf'
  /** By path. */
  readonly contents: readonly IndexDirectory[]
}

/** A line of a branch. */
export interface IndexChild extends SubtreeTotals {
  /** The hex digit that the keys below have at this level. */
  readonly digit: string
  readonly digest: Digest
}

export interface IndexBranch extends SubtreeTotals {
  readonly kind: 'branch'
  /** By digit. */
  readonly children: readonly IndexChild[]
}

export const LEAF_HEADER = 'jarswarm leaf 1'
export const BRANCH_HEADER = 'jarswarm branch 1'

const NUMBER = '(0|[1-9][0-9]{0,15})'
const FILE_LINE = new RegExp(
  `^([0-9a-f]{64}) ([0-9a-f]{40}) ${NUMBER} ${NUMBER} ([0-9a-f]{64}|-) ([^ /]+)$`,
)
const CHILD_LINE = new RegExp(`^([0-9a-f]) ([0-9a-f]{64}) ${NUMBER} ${NUMBER} ${NUMBER}$`)

/**
 * Read a node.
 *
 * @param prefix the digits that lead to it from the root: every key below must begin with them; `''` (the default)
 *   for the root or when the place is not known
 * @throws {InvalidIndexNodeError}
 */
export function parseIndexNode(bytes: Uint8Array, prefix = ''): IndexLeaf | IndexBranch {
  const lines = linesOf(bytes)
  return lines[0] === LEAF_HEADER
    ? parseLeaf(lines, bytes.length, prefix)
    : parseBranch(lines, prefix)
}

/** `parseIndexNode` of what must be a branch. */
export function parseIndexBranch(bytes: Uint8Array, prefix: string): IndexBranch {
  return parseBranch(linesOf(bytes), prefix)
}

/** `parseIndexNode` of what must be a leaf. */
export function parseIndexLeaf(bytes: Uint8Array, prefix: string): IndexLeaf {
  const lines = linesOf(bytes)
  if (lines[0] !== LEAF_HEADER) refuse('a node that is no leaf')
  return parseLeaf(lines, bytes.length, prefix)
}

/** Whether a node says that it is a leaf; what else stands in it is not looked at. */
export function isLeaf({ buffer, byteOffset, length }: Uint8Array): boolean {
  const begin = Buffer.from(buffer, byteOffset, Math.min(length, LEAF_HEADER.length + 1))
  return begin.toString('latin1') === `${LEAF_HEADER}\n`
}

function linesOf(bytes: Uint8Array): string[] {
  if (bytes.length > MAX_OBJECT_BYTES) {
    refuse(`${String(bytes.length)} bytes, wanted at most ${String(MAX_OBJECT_BYTES)}`)
  }
  const lines = asciiOf(bytes)?.split('\n')
  return lines?.pop() === '' ? lines : refuse('bytes that are not ASCII lines')
}

/** The nodes and piece lists that a node names: what a copy of the index needs next. */
export function childrenOf(bytes: Uint8Array): readonly Digest[] {
  const node = parseIndexNode(bytes)
  if (node.kind === 'branch') return node.children.map((child) => child.digest)
  return node.contents.flatMap((directory) =>
    directory.entries.flatMap((entry) => entry.pieceList ?? []),
  )
}

function parseLeaf(lines: readonly string[], sizeBytes: number, prefix: string): IndexLeaf {
  const contents: { path: string; entries: IndexEntry[] }[] = []
  for (const line of lines.slice(1)) {
    const directory = contents.at(-1)
    if (line.startsWith('/')) {
      if (directory?.entries.length === 0) refuse(`no file in /${directory.path}`)
      const path = line.slice(1)
      checkPlace(path, directory?.path, prefix)
      contents.push({ path, entries: [] })
    } else {
      if (directory === undefined) return refuse('a file before the first directory')
      const entry = parseFileLine(line, directory.path)
      const previous = directory.entries.at(-1)
      if (previous !== undefined && previous.path >= entry.path)
        refuse(`${entry.path} out of order`)
      directory.entries.push(entry)
    }
  }
  if (contents.at(-1)?.entries.length === 0) refuse('no file in the last directory')
  return checkLeaf(contents, sizeBytes, prefix)
}

function checkPlace(path: string, previous: string | undefined, prefix: string): void {
  if (previous !== undefined && previous >= path) refuse(`/${path} out of order`)
  if (!directoryKey(path).startsWith(prefix)) refuse(`/${path} in the wrong place`)
}

function checkLeaf(
  contents: readonly IndexDirectory[],
  sizeBytes: number,
  prefix: string,
): IndexLeaf {
  if (contents.length === 0 && prefix !== '') refuse('an empty leaf below the root')
  if (contents.length > MAX_LEAF_DIRECTORIES)
    refuse(`a leaf of ${String(contents.length)} directories`)
  if (contents.length > 1 && sizeBytes > MAX_LEAF_BYTES)
    refuse(`a leaf of ${String(sizeBytes)} bytes`)
  return { kind: 'leaf', contents, ...totalsOfLeaf(contents) }
}

function totalsOfLeaf(contents: readonly IndexDirectory[]): SubtreeTotals {
  let files = 0
  let bytes = 0
  for (const { entries } of contents) {
    files += entries.length
    for (const entry of entries) bytes += entry.sizeBytes
  }
  return { directories: contents.length, files, bytes }
}

function parseFileLine(line: string, directory: string): IndexEntry {
  const match = FILE_LINE.exec(line)
  if (match === null) return refuse('a line that is neither directory nor file')
  const [, digest = '', sha1 = '', size, mtime, pieces, name = ''] = match
  const path = directory === '' ? name : `${directory}/${name}`
  if (!isPath(path)) return refuse('a malformed path')
  const pieceList = pieces === '-' ? undefined : pieces
  const sizeBytes = Number(size)
  const mtimeSeconds = Number(mtime)
  const flaw = sizeFlawOf(sizeBytes, pieceList)
  if (flaw !== undefined) refuse(`${path} with ${flaw}`)
  if (mtimeSeconds > MAX_MTIME_SECONDS) refuse(`${path} with a time of ${String(mtime)} s`)
  return { path, digest, sha1, sizeBytes, mtimeSeconds, pieceList }
}

/** The child at a digit in the text of a branch that was checked; undefined when it has none there. */
export function childOf(branch: string, digit: string): IndexChild | undefined {
  const before = branch.indexOf(`\n${digit} `)
  if (before === -1) return undefined
  return parseChildLine(branch.slice(before + 1, branch.indexOf('\n', before + 1)))
}

function parseBranch(lines: readonly string[], prefix: string): IndexBranch {
  if (lines[0] !== BRANCH_HEADER) refuse('a first line of no known kind')
  // A key has no digit left to branch on.
  if (prefix.length >= KEY_DIGITS) refuse('a branch below the last digit')
  const children = lines.slice(1).map(parseChildLine)
  for (const [index, child] of children.entries()) {
    const previous = children[index - 1]
    if (previous !== undefined && previous.digit >= child.digit)
      refuse(`child ${child.digit} out of order`)
  }
  const totals = sumTotals(children)
  // Fewer than two directories always fit a leaf, and no directories have no line.
  if (totals.directories < 2) refuse('a branch that must be a leaf')
  if (!Number.isSafeInteger(totals.bytes)) refuse('totals above 2^53')
  return { kind: 'branch', children, ...totals }
}

function parseChildLine(line: string): IndexChild {
  const match = CHILD_LINE.exec(line)
  if (match === null) return refuse('a line that is no child')
  const [, digit = '', digest = '', directories, files, bytes] = match
  const child = {
    digit,
    digest,
    directories: Number(directories),
    files: Number(files),
    bytes: Number(bytes),
  }
  if (child.directories < 1 || child.files < child.directories)
    refuse(`child ${digit} with too few files`)
  return child
}

/** The sum of some totals. */
export function sumTotals(parts: readonly SubtreeTotals[]): SubtreeTotals {
  const sum = { directories: 0, files: 0, bytes: 0 }
  for (const part of parts) {
    sum.directories += part.directories
    sum.files += part.files
    sum.bytes += part.bytes
  }
  return sum
}

/** The line of a file in a leaf, with its line end. */
export function formatFileLine(entry: IndexEntry): string {
  const { path, digest, sha1, sizeBytes, mtimeSeconds, pieceList = '-' } = entry
  const name = path.slice(path.lastIndexOf('/') + 1)
  return `${digest} ${sha1} ${String(sizeBytes)} ${String(mtimeSeconds)} ${pieceList} ${name}\n`
}

/** Bytes that a directory of its own leaf takes before its first file. */
export function directoryHeadBytes(directory: string): number {
  return `${LEAF_HEADER}\n/${directory}\n`.length
}

/** Bytes that a file takes in a leaf. */
export function fileLineBytes(entry: IndexEntry): number {
  return formatFileLine(entry).length
}

/** The bytes of a branch over children in the order of their digits. */
export function formatBranch(children: readonly IndexChild[]): Uint8Array {
  const lines = children.map(
    ({ digit, digest, directories, files, bytes }) =>
      `${digit} ${digest} ${String(directories)} ${String(files)} ${String(bytes)}\n`,
  )
  return Buffer.from(`${BRANCH_HEADER}\n${lines.join('')}`, 'latin1')
}

function refuse(found: string): never {
  throw new InvalidIndexNodeError(found)
}
