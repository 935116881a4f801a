import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_JOURNAL_BYTES } from '../limits.ts'
import { currentManifest, isLeftToLevel, isUnreadable, journalsOf } from './damaged-files.ts'
import { readLiveFiles } from './live-files.ts'
import type { LiveFiles } from './live-files.ts'
import { tearOf } from './log-file.ts'

/** A journal or `MANIFEST` as a power cut may have torn it. */
export interface TornLog {
  readonly path: string
  /** What stands before the tear, in bytes: all that was synced, and more. */
  readonly wholeBytes: number
}

/** Find what a power cut tore in a LevelDB database. What is damaged, or cannot be read, is left to `damagedFiles`. */
export async function tornLogs(location: string): Promise<TornLog[]> {
  const name = await currentManifest(location)
  const path = name === undefined ? undefined : join(location, name)
  const manifest = path === undefined ? undefined : await readLogFile(path)
  if (path === undefined || manifest === undefined) return []
  const tear = tearOf(manifest)
  const torn = tear === undefined ? [] : [{ path, wholeBytes: tear }]
  const live = liveFilesIn(manifest.subarray(0, tear))
  if (live === undefined) return torn
  for (const journal of await journalsOf(location, live)) {
    const path = join(location, journal)
    const wholeBytes = tearOf((await readLogFile(path)) ?? new Uint8Array())
    if (wholeBytes !== undefined) torn.push({ path, wholeBytes })
  }
  return torn
}

/**
 * Let torn logs end where they are torn: LevelDB would go on behind that, and have later writes without earlier ones.
 * Nobody may have the database open.
 */
export async function cutTornLogs(torn: readonly TornLog[]): Promise<void> {
  for (const { path, wholeBytes } of torn) {
    const handle = await open(path, 'r+')
    try {
      await handle.truncate(wholeBytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

/** @returns undefined when LevelDB does not get to read it */
async function readLogFile(path: string): Promise<Uint8Array | undefined> {
  try {
    return (await stat(path)).size > MAX_JOURNAL_BYTES ? undefined : await readFile(path)
  } catch (error) {
    if (isLeftToLevel(error) || isUnreadable(error)) return undefined
    throw error
  }
}

/** @returns undefined when it is damaged */
function liveFilesIn(manifest: Uint8Array): LiveFiles | undefined {
  try {
    return readLiveFiles(manifest)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
