import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readLiveTables } from './live-tables.ts'
import { isSoundTable } from './sound-table.ts'

/** What the content of `CURRENT` looks like. */
const CURRENT = /^(MANIFEST-\d+)\n$/

/**
 * Compare all tables of a LevelDB database with their checksums, without LevelDB: its release builds hold assertions, so that a
 * damaged block ends the process that reads it. The database may be open meanwhile. What LevelDB itself compares when it opens a
 * database, journal and `MANIFEST`, is left to it, and so is a file that is missing.
 *
 * @returns names of the tables that are damaged, or that the disk does not give
 * @throws what the file system threw, if not `ENOENT`
 */
export async function* damagedTables(location: string): AsyncGenerator<string, void, undefined> {
  for (const [table, sizeBytes] of await liveTables(location)) {
    const name = `${String(table).padStart(6, '0')}.ldb`
    if (!(await isSound(join(location, name), sizeBytes))) yield name
  }
}

async function liveTables(location: string): Promise<ReadonlyMap<number, number>> {
  try {
    const [, name] = CURRENT.exec(await readFile(join(location, 'CURRENT'), 'latin1')) ?? []
    return name === undefined ? new Map() : readLiveTables(await readFile(join(location, name)))
  } catch (error) {
    if (isLeftToLevel(error)) return new Map()
    throw error
  }
}

/** It says itself that a file is missing, is a directory, or makes no sense. */
function isLeftToLevel(error: unknown): boolean {
  return error instanceof RangeError || ['ENOENT', 'EISDIR', 'ENOTDIR'].includes(codeOf(error))
}

/** A table never changes. It is read whole: a few MiB, and no more than the database says that it has. */
async function isSound(path: string, sizeBytes: number): Promise<boolean> {
  try {
    return (await stat(path)).size === sizeBytes && isSoundTable(await readFile(path))
  } catch (error) {
    // Removed by a compaction meanwhile, or missing.
    if (isLeftToLevel(error)) return true
    // LevelDB reads it as memory, and a sector that cannot be read ends the process.
    if (codeOf(error) === 'EIO') return false
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
