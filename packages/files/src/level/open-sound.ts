import { join } from 'node:path'
import { CorruptFileError } from '../errors.ts'
import { damagedFiles } from './damaged-files.ts'
import { innermostMessage, toDatabaseError } from './naming-database.ts'

/** What LevelDB says of files that make no sense, and not of a disk that is full or fails. */
const DAMAGE = /Corruption|No such file or directory|Is a directory|Not a directory/

/**
 * Open a LevelDB database unless a file of it is damaged.
 *
 * @param open makes and opens it, and may read of it what is read at the start; it is not called when damage is known
 * @throws {CorruptFileError} which names the file where that is known; what is done then is for whoever knows what it holds
 * @throws {DatabaseFailedError} when `open` threw for other reasons
 */
export async function openSound<Opened>(
  location: string,
  open: () => Promise<Opened>,
): Promise<Opened> {
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
