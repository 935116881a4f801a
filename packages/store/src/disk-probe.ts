import { join } from 'node:path'
import { removeIfThere, syncDirectory } from './durable-file.ts'
import { FILE_MODE } from './file-system.ts'
import type { FileSystem } from './file-system.ts'

/** Of a process that does not say how many threads wait for its disk. */
const USUAL_THREADS = 4
/** Calls of one kind that come to the same thread, one after the other: a disk that fails in every second or third shows. */
const ROUNDS_A_THREAD = 3
/** Together as much as a database needs to begin a new journal and manifest. */
const ROUND_BYTES = 96 * 1024
const BEGUN = 'probe-new'

/**
 * Find out whether a disk takes all that a database does when it is opened: new files, written, synced by data and
 * whole, and renamed. Many times, for a disk that fails now and then would too often pass for a sound one. One that fails seldom
 * may pass all the same; then the database may be closed and not opened, until whoever reads next finds that it can be.
 *
 * @param path the data directory; nothing stays behind in it
 * @throws what the file system threw
 */
export async function probeDisk(files: FileSystem, path: string): Promise<void> {
  const at = (name: string): string => join(path, 'tmp', name)
  const threads = Number(process.env['UV_THREADPOOL_SIZE']) || USUAL_THREADS
  const rounds = Array.from({ length: threads * ROUNDS_A_THREAD }, (_, round) => `probe-${round}`)
  try {
    for (const name of rounds) {
      await removeIfThere(files, at(BEGUN))
      await createProbe(files, at(BEGUN))
      await files.rename(at(BEGUN), at(name))
      await syncDirectory(files, join(path, 'tmp'))
    }
  } finally {
    for (const name of [BEGUN, ...rounds]) await removeIfThere(files, at(name))
  }
}

async function createProbe(files: FileSystem, path: string): Promise<void> {
  const file = await files.create(path, FILE_MODE)
  try {
    await file.write(new Uint8Array(ROUND_BYTES), 0)
    await file.syncData()
    await file.sync()
  } finally {
    await file.close()
  }
}
