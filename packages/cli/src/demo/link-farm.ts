import { constants } from 'node:fs'
import { copyFile, link, mkdir, opendir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { codeOf } from '../exit-code.ts'
import { UsageError } from '../usage-error.ts'

/** What a hard link fails with where only a copy helps: other disk, forbidden, too many. */
const COPY_CODES = new Set(['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'ENOSYS'])

/**
 * Show a user's Maven tree in another place, so that publishing writes nothing into it: directories are made,
 * files are hard links where the disk is the same, and copies (of shared blocks, where the system can) elsewhere.
 * Symbolic links are followed as long as they stay in the tree; what was published there is left out.
 *
 * @returns how many files there are
 * @throws {UsageError} when the tree cannot be read
 */
export async function farmTree(
  from: string,
  { to, signal }: { readonly to: string; readonly signal: AbortSignal },
): Promise<number> {
  let root: string
  try {
    root = await realpath(from)
  } catch (error) {
    throw new UsageError(
      `Cannot read the tree ${from}: ${codeOf(error)}, a directory such as ~/.m2/repository is wanted`,
      { cause: error },
    )
  }
  return farmDirectory({ root, from: root, to, seen: new Set([root]), signal })
}

interface Farm {
  readonly root: string
  readonly from: string
  readonly to: string
  /** Real directories on the way here, against links that lead back up. */
  readonly seen: ReadonlySet<string>
  readonly signal: AbortSignal
}

async function farmDirectory(farm: Farm): Promise<number> {
  await mkdir(farm.to, { recursive: true })
  let files = 0
  for await (const entry of await opendir(farm.from)) {
    farm.signal.throwIfAborted()
    if (entry.name === '.jarswarm') continue
    const real = await realInside(join(farm.from, entry.name), farm.root)
    if (real === undefined) continue
    const to = join(farm.to, entry.name)
    const stats = await stat(real)
    if (stats.isDirectory() && !farm.seen.has(real)) {
      files += await farmDirectory({ ...farm, from: real, to, seen: new Set([...farm.seen, real]) })
    } else if (stats.isFile()) {
      await farmFile(real, to)
      files += 1
    }
  }
  return files
}

/** Where a file really is; undefined when that is outside the tree, or nowhere. */
async function realInside(file: string, root: string): Promise<string | undefined> {
  try {
    const real = await realpath(file)
    return real.startsWith(root + sep) ? real : undefined
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes(codeOf(error))) return undefined
    throw error
  }
}

async function farmFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!COPY_CODES.has(codeOf(error))) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}
