import { join } from 'node:path'
import { CorruptFileError } from '../errors.ts'
import { damagedFiles } from './damaged-files.ts'
import { innermostMessage, toDatabaseError } from './naming-database.ts'
import { cutTornLogs, tornLogs } from './torn-logs.ts'

/** What LevelDB says of files that make no sense, and not of a disk that is full or fails. */
const DAMAGE = /Corruption|No such file or directory|Is a directory|Not a directory/

/**
 * Open a LevelDB database unless a file of it is damaged. What a power cut tore is left out without a word: it was not synced, or
 * is as if it had not been. Nobody else may open it at the same time.
 *
 * @param open makes and opens it, and may read of it what is read at the start; it is not called when damage is known
 * @throws {CorruptFileError} which names the file where that is known; what is done then is for whoever knows what it holds
 * @throws {DatabaseFailedError} when `open` threw for other reasons
 */
export async function openSound<Opened>(
  location: string,
  open: () => Promise<Opened>,
): Promise<Opened> {
  await cutTornLogs(await tornLogs(location))
  for await (const name of damagedFiles(location)) {
    throw new CorruptFileError(
      `Cannot open the database ${location}: found ${join(location, name)} damaged, wanted what its checksums say`,
    )
  }
  try {
    return await open()
  } catch (cause) {
    const found = innermostMessage(cause)
    if (!DAMAGE.test(found)) throw toDatabaseError(location, cause)
    throw new CorruptFileError(
      `Cannot open the database ${location}: found it damaged (${found}), wanted what was written`,
      { cause },
    )
  }
}
