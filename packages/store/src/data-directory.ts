import { join } from 'node:path'
import { DirectoryInUseError } from '@jarswarm/ports'
import type {
  AbortOptions,
  BlobStore,
  Clock,
  EvidenceStore,
  HistoryStore,
  IndexStore,
  Logger,
  ProxyCache,
  RecordStore,
  ServedLog,
  TrustStore,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { Database, DatabaseComponents } from './database.ts'
import { readSmallFile, removeIfThere, replaceFile } from './durable-file.ts'
import { FileBlobStore } from './file-blob-store.ts'
import { nodeFileSystem } from './file-system.ts'
import type { FileSystem } from './file-system.ts'
import { FileEvidenceStore } from './file-evidence-store.ts'
import { FileTrustStore } from './file-trust-store.ts'
import { LevelHistoryStore } from './level-history-store.ts'
import { LevelIndexStore } from './level-index-store.ts'
import { LevelProxyCache } from './level-proxy-cache.ts'
import { LevelRecordStore } from './level-record-store.ts'
import { LevelServedLog } from './level-served-log.ts'
import { isLocked } from './level-error.ts'
import { DEFAULT_QUOTA_BYTES } from './limits.ts'
import { claimDirectory } from './marker.ts'
import { openDatabase } from './open-database.ts'
import type { OpenDatabaseComponents } from './open-database.ts'
import { toStorageError } from './storage-error.ts'

const MAX_PID_BYTES = 32

export interface DataDirectoryInit {
  /** Bytes of blobs that may be stored. @defaultValue {@link DEFAULT_QUOTA_BYTES} */
  readonly quotaBytes?: number
  /** Free bytes that are left on the volume. @defaultValue 5 % of it, at most 1 GiB */
  readonly freeFloorBytes?: number
}

export interface DataDirectoryComponents {
  readonly logger?: Logger
  readonly clock?: Pick<Clock, 'now'>
  readonly files?: FileSystem
  readonly openLevel?: NonNullable<DatabaseComponents['openLevel']>
}

/** Everything that a node keeps on disk. */
export interface DataDirectory {
  readonly path: string
  readonly blobs: BlobStore
  readonly trust: TrustStore
  readonly records: RecordStore
  /** The index store of a repository; the same object each time. */
  index(repository: RepositoryId): IndexStore
  /** The history store of a repository; the same object each time. */
  history(repository: RepositoryId): HistoryStore
  /** Evidence against the keys of a repository. */
  evidence(repository: RepositoryId): EvidenceStore
  /** What is known of the files of a proxied repository. */
  proxyCache(repository: RepositoryId): ProxyCache
  /** Read the whole database again. @returns how many files, or else values, are damaged; the next start then begins it anew */
  countDamagedValues(options?: AbortOptions): Promise<number>
  /** What of a repository went to clients; the same object each time. */
  served(repository: RepositoryId): ServedLog
  /** End what is under way, and let go of the directory. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Open a data directory for this process alone, creating it when there is none.
 *
 * After a crash the blobs' records are compared with the files; a database that cannot be opened, or is damaged, is set aside
 * as `db.damaged` and begun anew from the files. No acknowledged blob and no trusted state is lost thereby;
 * index and records are.
 *
 * @throws {ForeignDirectoryError} when the directory holds something else, or is of another version
 * @throws {DirectoryInUseError} when another process has it open
 * @throws {NoSpaceError | StorageFailedError} when the disk is full or fails
 */
export async function openDataDirectory(
  path: string,
  init: DataDirectoryInit = {},
  components: DataDirectoryComponents = {},
): Promise<DataDirectory> {
  const used = withDefaults(components)
  try {
    await claimDirectory(used.files, path)
    return await openOnce(path, init, used).catch((error: unknown) => {
      if (error instanceof DamagedAtStart) return openOnce(path, init, used)
      throw error
    })
  } catch (error) {
    throw toStorageError(error, `open data directory ${path}`)
  }
}

type Used = OpenDatabaseComponents & Required<Pick<DataDirectoryComponents, 'clock'>>

function withDefaults(components: DataDirectoryComponents): Used {
  return {
    ...components,
    logger: components.logger ?? silentLogger,
    clock: components.clock ?? { now: () => Date.now() },
    files: components.files ?? nodeFileSystem,
  }
}

/** The database turned out to be damaged while it was opened; the next attempt begins it anew. */
class DamagedAtStart extends Error {
  override readonly name = 'DamagedAtStart'
}

async function openOnce(path: string, init: DataDirectoryInit, used: Used): Promise<DataDirectory> {
  const database = await openDatabaseAlone(path, used)
  try {
    return await openStores(path, init, { ...used, database })
  } catch (cause) {
    await database.close()
    if (database.isDamaged) throw new DamagedAtStart(path, { cause })
    throw cause
  }
}

async function openDatabaseAlone(path: string, used: Used): Promise<Database> {
  try {
    return await openDatabase(path, used)
  } catch (error) {
    throw isLocked(error) ? await inUse(path, { used, error }) : error
  }
}

async function openStores(
  path: string,
  init: DataDirectoryInit,
  used: Used & { readonly database: Database },
): Promise<DataDirectory> {
  const { files, database } = used
  const pidPath = join(path, 'pid')
  // It stays behind when the process dies, and so says that nobody closed the directory properly.
  const clean = (await readSmallFile(files, pidPath, MAX_PID_BYTES)) === undefined
  await replaceFile(files, pidPath, new TextEncoder().encode(`${String(process.pid)}\n`))
  await files.makeDirectory(join(path, 'trust'))
  const blobs = new FileBlobStore(used, {
    root: path,
    quotaBytes: init.quotaBytes ?? DEFAULT_QUOTA_BYTES,
    ...(init.freeFloorBytes === undefined ? {} : { freeFloorBytes: init.freeFloorBytes }),
  })
  await blobs.start({ clean })
  const records = new LevelRecordStore(used)
  const trust = new FileTrustStore({ ...used, records }, { root: path })
  const indexes = new Map<RepositoryId, LevelIndexStore>()
  const servedLogs = new Map<RepositoryId, LevelServedLog>()
  const histories = new Map<RepositoryId, LevelHistoryStore>()
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    try {
      const flushed = [...servedLogs.values()].map((log) => log.flush())
      await Promise.all([blobs.close(), trust.close(), ...flushed])
    } finally {
      await database.close()
    }
    if (!database.hasFailed) await removeIfThere(files, pidPath)
  }
  const directory: DataDirectory = {
    path,
    blobs,
    trust,
    records,
    index(repository) {
      const store = indexes.get(repository) ?? new LevelIndexStore(used, { repository, root: path })
      indexes.set(repository, store)
      return store
    },
    history(repository) {
      const store = histories.get(repository) ?? new LevelHistoryStore(used, { repository })
      histories.set(repository, store)
      return store
    },
    evidence: (repository) => new FileEvidenceStore(used, { root: path, repository }),
    served(repository) {
      const store = servedLogs.get(repository) ?? new LevelServedLog(used, { repository })
      servedLogs.set(repository, store)
      return store
    },
    proxyCache: (repository) => new LevelProxyCache(used, { repository }),
    countDamagedValues: (options = {}) => database.countDamaged(options),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => directory.close(),
  }
  return directory
}

async function inUse(
  path: string,
  { used, error }: { readonly used: Used; readonly error: unknown },
): Promise<DirectoryInUseError> {
  const bytes = await readSmallFile(used.files, join(path, 'pid'), MAX_PID_BYTES)
  const pid = bytes === undefined ? '' : new TextDecoder().decode(bytes).trim()
  const holder = /^\d+$/.test(pid) ? `process ${pid}` : 'another process'
  return new DirectoryInUseError(
    `Cannot use data directory ${path}: found it in use by ${holder}, wanted it alone; stop that one or choose another --data`,
    { cause: error },
  )
}

const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
