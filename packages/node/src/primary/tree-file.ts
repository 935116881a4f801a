import { open, realpath } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { errorCode } from '../error-code.ts'

/** A regular file of a tree, open for reading. Whoever got it closes it. */
export interface TreeFile {
  readonly handle: FileHandle
  readonly sizeBytes: number
  readonly mtimeMs: number
}

/** What an open or a look at a file that is not there, or is not a file, fails with. */
const ABSENT_CODES = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR'])

/**
 * Open a file below a directory. Symbolic links are followed as long as they stay below it.
 *
 * @param root the directory's real path
 * @param name relative path with `/`, checked here: no empty, dot, backslash or NUL segment gets through
 * @returns undefined when there is no such regular file, or when it lies outside
 */
export async function openTreeFile(root: string, name: string): Promise<TreeFile | undefined> {
  if (!isCleanName(name)) return undefined
  try {
    const real = await realpath(join(root, name))
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined
    return await openRegularFile(real)
  } catch (error) {
    if (ABSENT_CODES.has(errorCode(error) ?? '')) return undefined
    throw error
  }
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

async function openRegularFile(file: string): Promise<TreeFile | undefined> {
  const handle = await open(file, 'r')
  try {
    const stat = await handle.stat()
    if (stat.isFile()) return { handle, sizeBytes: stat.size, mtimeMs: stat.mtimeMs }
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return undefined
}
