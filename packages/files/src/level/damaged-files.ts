import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_JOURNAL_BYTES } from '../limits.ts'
import { readLiveFiles } from './live-files.ts'
import type { LiveFiles } from './live-files.ts'
import { isSoundLog } from './log-file.ts'
import { isSoundTable } from './sound-table.ts'

/** What the content of `CURRENT` looks like. */
const CURRENT = /^(MANIFEST-\d+)\n$/
const JOURNAL = /^(\d+)\.log$/

/**
 * Compare all files of a LevelDB database with their checksums, without LevelDB: its release builds hold assertions, so that a
 * damaged block of a table ends the process that reads it, and of journal and `MANIFEST` it leaves out what it cannot read. The
 * database may be open meanwhile. What LevelDB itself refuses is left to it: a `CURRENT` that makes no sense, a missing table.
 *
 * A journal that a crash left behind may lack its end. {@link flushJournal} sees to it that nothing stands in one that was closed.
 *
 * @returns names of the files that are damaged, or that the disk does not give
 * @throws what the file system threw, if not `ENOENT`
 */
export async function* damagedFiles(location: string): AsyncGenerator<string, void, undefined> {
  const manifest = await currentManifest(location)
  if (manifest === undefined) return
  const live = await liveFiles(join(location, manifest))
  if (live === undefined) {
    yield manifest
    return
  }
  for (const [table, sizeBytes] of live.tables) {
    const name = `${formatNumber(table)}.ldb`
    if (!(await isSound(() => isTable(join(location, name), sizeBytes)))) yield name
  }
  yield* damagedJournals(location, { live, manifest })
}

async function* damagedJournals(
  location: string,
  { live, manifest }: { readonly live: LiveFiles; readonly manifest: string },
): AsyncGenerator<string, void, undefined> {
  const journals = await journalsOf(location, live)
  for (const name of journals) {
    if (!(await isSound(() => isJournal(join(location, name))))) yield name
  }
  const first = `${formatNumber(live.journal)}.log`
  if (live.journal === 0 || journals.includes(first)) return
  // LevelDB removes it once the MANIFEST names another one; so the end of this MANIFEST is missing, if that is not so by now.
  const now = await liveFiles(join(location, manifest))
  if (now?.journal === live.journal) yield first
}

/** The journals that belong to a database. @throws what the file system threw */
export async function journalsOf(location: string, live: LiveFiles): Promise<string[]> {
  const names = await readdir(location)
  return names.filter((name) => Number(JOURNAL.exec(name)?.[1] ?? -1) >= live.journal)
}

/** @returns undefined when there is none that LevelDB could read */
export async function currentManifest(location: string): Promise<string | undefined> {
  try {
    return CURRENT.exec(await readFile(join(location, 'CURRENT'), 'latin1'))?.[1]
  } catch (error) {
    if (isLeftToLevel(error)) return undefined
    throw error
  }
}

/** @returns undefined when it is damaged */
async function liveFiles(manifest: string): Promise<LiveFiles | undefined> {
  try {
    if ((await stat(manifest)).size > MAX_JOURNAL_BYTES) return undefined
    return readLiveFiles(await readFile(manifest))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    if (isLeftToLevel(error)) return { tables: new Map(), journal: 0 }
    throw error
  }
}

/** A table never changes. It is read whole: a few MiB, and no more than the database says that it has. */
async function isTable(path: string, sizeBytes: number): Promise<boolean> {
  return (await stat(path)).size === sizeBytes && isSoundTable(await readFile(path))
}

async function isJournal(path: string): Promise<boolean> {
  return (await stat(path)).size <= MAX_JOURNAL_BYTES && isSoundLog(await readFile(path))
}

async function isSound(look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look()
  } catch (error) {
    // Removed by a compaction meanwhile, or missing.
    if (isLeftToLevel(error)) return true
    // LevelDB reads a table as memory, and a sector that cannot be read ends the process; such a journal it leaves out.
    if (isUnreadable(error)) return false
    throw error
  }
}

function formatNumber(file: number): string {
  return String(file).padStart(6, '0')
}

export function isUnreadable(error: unknown): boolean {
  return codeOf(error) === 'EIO'
}

/** LevelDB says itself that a file is missing, or is a directory. */
export function isLeftToLevel(error: unknown): boolean {
  return ['ENOENT', 'EISDIR', 'ENOTDIR'].includes(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
