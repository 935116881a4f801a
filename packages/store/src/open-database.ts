import { join } from 'node:path'
import { cutTornLogs, damagedFiles, tornLogs } from '@jarswarm/files'
import type { Logger } from '@jarswarm/ports'
import { Level } from 'level'
import { Database } from './database.ts'
import type { DatabaseComponents } from './database.ts'
import { probeDisk } from './disk-probe.ts'
import { createSynced, removeIfThere, syncDirectory } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import { isCorrupt, isLocked } from './level-error.ts'
import { deepestMessage, isMissingFile } from './storage-error.ts'

/** Says that a value of the database was spoilt: it is begun anew at the next start. */
export const REBUILD_NAME = 'db.rebuild'

const DAMAGE_FOUND =
  'Found a damaged value in the database: it counts as missing, and the database is begun anew at the next start'

export interface OpenDatabaseComponents extends Pick<DatabaseComponents, 'openLevel'> {
  readonly logger: Logger
  readonly files: FileSystem
}

/**
 * Open the database of a data directory. One that makes no sense, of which a part is gone or damaged, or in which a spoilt value
 * was found, is set aside and begun anew: blobs, pins and trusted state have their files.
 *
 * @throws what Level threw when another process has it, or the disk fails
 */
export async function openDatabase(path: string, used: OpenDatabaseComponents): Promise<Database> {
  const location = join(path, 'db')
  const marker = join(path, REBUILD_NAME)
  // LevelDB would create it, and its files, readable for all.
  await used.files.makeDirectory(location)
  await cutTorn(location, used.logger)
  const reason = await reasonToBeginAnew(path, used.files)
  if (reason !== undefined) {
    await refuseLocked(location)
    await setAside(location, used, reason)
  }
  const database = await openSound(location, { used, components: componentsOf(path, used) })
  await removeIfThere(used.files, marker)
  return database
}

/** Nothing that was acknowledged is behind a tear, unless a disk made it by itself; and then all of that can be had again. */
async function cutTorn(location: string, logger: Logger): Promise<void> {
  const torn = await tornLogs(location)
  if (torn.length === 0) return
  await refuseLocked(location)
  await cutTornLogs(torn)
  logger.warn(
    { torn },
    'The database is torn, as a power cut leaves it: what was written last is left out',
  )
}

/** What is known of a damage before LevelDB opens the database, which may end the process when it meets it. */
async function reasonToBeginAnew(path: string, files: FileSystem): Promise<string | undefined> {
  if (await isThere(files, join(path, REBUILD_NAME))) return 'a value in it is damaged'
  for await (const name of damagedFiles(join(path, 'db'))) return `its file ${name} is damaged`
  return undefined
}

/**
 * LevelDB takes its lock before it refuses a database because there is one: so that is what it is asked for, and it reads nothing.
 *
 * @throws what Level throws when another process has the database
 */
async function refuseLocked(location: string): Promise<void> {
  const level = new Level(location, { createIfMissing: false, errorIfExists: true })
  try {
    await level.open()
    await level.close()
  } catch (error) {
    if (isLocked(error)) throw error
  }
}

async function openSound(
  location: string,
  {
    used,
    components,
  }: { readonly used: OpenDatabaseComponents; readonly components: DatabaseComponents },
): Promise<Database> {
  try {
    return await Database.open(location, components)
  } catch (error) {
    if (isLocked(error) || !(isCorrupt(error) || namesNoFile(error))) throw error
    await setAside(location, used, error)
    return Database.open(location, components)
  }
}

/** A file of the database is gone, or a name in `CURRENT` is damaged: LevelDB calls this a failure of the disk. */
function namesNoFile(error: unknown): boolean {
  return /No such file or directory|Is a directory|Not a directory/.test(deepestMessage(error))
}

/** Only the newest is kept: each may be as large as the whole index. */
async function setAside(
  location: string,
  { files, logger }: OpenDatabaseComponents,
  error: unknown,
): Promise<void> {
  const aside = `${location}.damaged`
  logger.error({ error, aside }, 'Cannot use the database: it is set aside and begun anew')
  if (await isThere(files, aside)) {
    for (const name of await files.names(aside)) await files.remove(join(aside, name))
  }
  await files.rename(location, aside)
  await files.makeDirectory(location)
}

function componentsOf(path: string, used: OpenDatabaseComponents): DatabaseComponents {
  const { files, logger, openLevel } = used
  let noted: Promise<void> | undefined
  return {
    probe: () => probeDisk(files, path),
    damaged: (name) => {
      // Where there is one there may be thousands, and one line says what comes of it.
      if (noted === undefined) logger.error({ name }, DAMAGE_FOUND)
      noted ??= noteDamage(path, files).catch((error: unknown) => {
        noted = undefined
        logger.error({ error }, 'Cannot note that the database is damaged')
      })
      return noted
    },
    ...(openLevel === undefined ? {} : { openLevel }),
  }
}

async function noteDamage(path: string, files: FileSystem): Promise<void> {
  const marker = join(path, REBUILD_NAME)
  await removeIfThere(files, marker)
  await createSynced(files, marker, { bytes: new Uint8Array() })
  await syncDirectory(files, path)
}

async function isThere(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.stat(path)
    return true
  } catch (error) {
    if (isMissingFile(error)) return false
    throw error
  }
}
