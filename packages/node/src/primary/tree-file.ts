import type { BigIntStats } from 'node:fs'
import { readlink, realpath, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { openUnfollowed } from '@jarswarm/files'
import { UnavailableError } from '@jarswarm/ports'
import { errorCode } from '../error-code.ts'

/** A regular file of a tree, open for reading. Whoever got it closes it. */
export interface TreeFile {
  readonly handle: FileHandle
  readonly sizeBytes: number
  readonly mtimeMs: number
}

/** What an open or a look at a file that is not there, or is not a file, fails with; `ENXIO` is a socket's. */
const ABSENT_CODES = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR', 'ENXIO'])
/** A file that is renamed into place is another for a moment; this often in a row is no publisher's doing. */
const MAX_ATTEMPTS = 4

/**
 * Open a file below a directory. Symbolic links are followed as long as they stay below it.
 *
 * Whoever may write there may swap a file or a directory for a link at any moment, so it is what was opened that counts:
 * it must be what the path still leads to, and must itself lie below the directory.
 *
 * @param root the directory's real path
 * @param name relative path with `/`, checked here: no empty, dot, backslash or NUL segment gets through
 * @returns undefined when there is no such regular file, or when it lies outside
 * @throws {UnavailableError} when it is another one each time that it is opened
 */
export async function openTreeFile(root: string, name: string): Promise<TreeFile | undefined> {
  if (!isCleanName(name)) return undefined
  const path = join(root, name)
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const real = await realpath(path)
      if (!isBelow(root, real)) return undefined
      const opened = await openRegularFile(root, path, real)
      if (opened !== 'swapped') return opened
    }
  } catch (error) {
    if (ABSENT_CODES.has(errorCode(error) ?? '')) return undefined
    throw error
  }
  throw new UnavailableError(`Cannot open ${name}: it is swapped for another again and again`)
}

/** Whether each segment names something below the directory before it. */
export function isCleanName(name: string): boolean {
  return name
    .split('/')
    .every(
      (segment) =>
        segment !== '' &&
        segment !== '.' &&
        segment !== '..' &&
        !segment.includes('\\') &&
        !segment.includes('\0'),
    )
}

async function openRegularFile(
  root: string,
  path: string,
  real: string,
): Promise<TreeFile | undefined | 'swapped'> {
  const handle = await openUnfollowed(real)
  let opened: TreeFile | undefined | 'swapped'
  try {
    const found = await handle.stat({ bigint: true })
    if (!found.isFile()) opened = undefined
    else if (await isStillAt(root, path, { handle, found }))
      opened = { handle, sizeBytes: Number(found.size), mtimeMs: Number(found.mtimeMs) }
    else opened = 'swapped'
    return opened
  } finally {
    if (typeof opened !== 'object') await handle.close()
  }
}

interface Opened {
  readonly handle: FileHandle
  readonly found: BigIntStats
}

/** Whether a path still leads to what was opened, and that lies below the directory. */
async function isStillAt(root: string, path: string, { handle, found }: Opened): Promise<boolean> {
  const real = await realpath(path)
  const now = await stat(real, { bigint: true })
  if (now.dev !== found.dev || now.ino !== found.ino || !isBelow(root, real)) return false
  // Directories swapped back and forth fast enough deceive both looks. The system knows where the open file is.
  const place = await placeOf(handle)
  return place === undefined || isBelow(root, place)
}

/** Where the system says that an open file is; undefined where it says nothing: Linux tells. */
async function placeOf({ fd }: FileHandle): Promise<string | undefined> {
  try {
    return await readlink(`/proc/self/fd/${String(fd)}`)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function isBelow(root: string, real: string): boolean {
  return real.startsWith(root.endsWith(sep) ? root : root + sep)
}
