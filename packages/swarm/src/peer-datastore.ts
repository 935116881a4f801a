import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CorruptFileError,
  namingDatabase,
  openSound,
  PRIVATE_DIRECTORY_MODE,
} from '@jarswarm/files'
import type { Logger } from '@jarswarm/ports'
import { LevelDatastore } from 'datastore-level'
import { MAX_OPEN_PEER_TABLES } from './limits.ts'

/**
 * Open the database of known peers and bans below a directory. One that is damaged is set aside as `peers.damaged`, in place of
 * the one before, and begun anew: peers are found again, and bans are earned again.
 */
export async function openPeerDatastore(
  directory: string,
  logger: Logger,
): Promise<LevelDatastore> {
  const path = join(directory, 'peers')
  try {
    return await openReadable(path)
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error
    const aside = `${path}.damaged`
    logger.error({ error, aside }, 'Cannot read the known peers: they are set aside')
    await rm(aside, { recursive: true, force: true })
    await rename(path, aside)
    return openReadable(path)
  }
}

/** What cannot be written ends a start, and its error says where. */
class PeerDatastore extends LevelDatastore {
  readonly #location: string

  constructor(location: string, options: ConstructorParameters<typeof LevelDatastore>[1]) {
    super(location, options)
    this.#location = location
  }

  override put(...args: Parameters<LevelDatastore['put']>): ReturnType<LevelDatastore['put']> {
    return namingDatabase(this.#location, () => super.put(...args))
  }
}

/** Reads all of it, which is little, for what cannot be read would else be found in the midst of a start. */
async function openReadable(path: string): Promise<LevelDatastore> {
  // LevelDB would make it for all to look into.
  await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY_MODE })
  return openSound(path, async () => {
    const options = { maxOpenFiles: MAX_OPEN_PEER_TABLES }
    const datastore = new PeerDatastore(path, options)
    try {
      // Not by the datastore's own `open`, whose error does not say why.
      await datastore.db.open(options)
      await datastore.db.iterator().all()
      return datastore
    } catch (error) {
      await datastore.close()
      throw error
    }
  })
}
