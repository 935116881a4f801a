import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CorruptFileError, flushJournal, namingDatabase, openSound } from '@jarswarm/files'
import type { Digest } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { Level } from 'level'
import { DurableFiles } from './durable-files.ts'
import { isErrno } from './errno.ts'

/** What was seen is sure to survive a power cut after so long; a kill loses nothing. */
const SYNC_MS = 1_000

/** What an origin gave for a path when it was last asked. */
export interface Observation {
  readonly digest: Digest
  readonly sha1: string
  readonly md5: string
  readonly sizeBytes: number
  /** As the origin says, else when these bytes were first seen. */
  readonly mtimeSeconds: number
  /** Digest of the piece list of a large file. */
  readonly pieceList?: Digest | undefined
  readonly etag?: string | undefined
  /** The header as it came. */
  readonly lastModified?: string | undefined
  /** Why its checksum file at the origin disagrees with it. */
  readonly mismatch?: string | undefined
}

/** Told why what was seen cannot be read, and to where it goes. */
export type OnDamaged = (error: Error, aside: string) => void

type Seen = Level<RepositoryPath, Observation>

/**
 * What was seen of an origin, path by path, and the bytes that are needed to publish it: mutable files and piece
 * lists, by digest. Kept at once, so that a crawl that is killed downloads nothing again.
 *
 * All of it can be seen anew: a lost store costs time, not truth. So what cannot be read is set aside as `seen.damaged`, in place of
 * the one before, and begun anew.
 */
export class ObservationStore implements AsyncDisposable {
  readonly #directory: string
  readonly #seen: Seen
  readonly #files: DurableFiles
  #syncedAt = performance.now()

  private constructor(
    directory: string,
    { files, seen }: { readonly files: DurableFiles; readonly seen: Seen },
  ) {
    this.#directory = directory
    this.#files = files
    this.#seen = seen
  }

  static async open(
    directory: string,
    onDamaged: OnDamaged = () => undefined,
  ): Promise<ObservationStore> {
    const files = new DurableFiles(join(directory, 'unfinished'))
    await files.start()
    const seen = await openSeen(join(directory, 'seen'), onDamaged)
    return new ObservationStore(directory, { files, seen })
  }

  async get(path: RepositoryPath): Promise<Observation | undefined> {
    return namingDatabase(this.#directory, () => this.#seen.get(path))
  }

  async put(path: RepositoryPath, observation: Observation): Promise<void> {
    const sync = performance.now() - this.#syncedAt >= SYNC_MS
    if (sync) this.#syncedAt = performance.now()
    await namingDatabase(this.#directory, () => this.#seen.put(path, observation, { sync }))
  }

  /** A name for bytes whose digest is not known yet. */
  temporaryPath(): string {
    return this.#files.temporaryPath()
  }

  /** Keep what was written under a temporary name. */
  async adopt(temporary: string, digest: Digest): Promise<void> {
    await this.#files.sync(temporary)
    await this.#files.adopt(temporary, this.pathOf(digest))
  }

  async write(bytes: Uint8Array, digest: Digest): Promise<void> {
    await this.#files.write(this.pathOf(digest), bytes)
  }

  /** Where bytes are kept until they are published. */
  pathOf(digest: Digest): string {
    return join(this.#directory, 'files', digest)
  }

  async has(digest: Digest): Promise<boolean> {
    try {
      await access(this.pathOf(digest))
      return true
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false
      throw error
    }
  }

  /** What was kept has been published: it stands in the tree now. */
  async dropFiles(): Promise<void> {
    const directory = join(this.#directory, 'files')
    await mkdir(directory, { recursive: true })
    for (const name of await readdir(directory)) await rm(join(directory, name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files.stop()
    try {
      await namingDatabase(this.#directory, () => flushJournal(this.#seen))
    } finally {
      await this.#seen.close()
    }
  }
}

async function openSeen(location: string, onDamaged: OnDamaged): Promise<Seen> {
  try {
    return await openReadable(location)
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error
    const aside = `${location}.damaged`
    onDamaged(error, aside)
    await rm(aside, { recursive: true, force: true })
    await rename(location, aside)
    return openReadable(location)
  }
}

async function openReadable(location: string): Promise<Seen> {
  return openSound(location, async () => {
    const seen: Seen = new Level(location, { valueEncoding: 'json' })
    await seen.open()
    return seen
  })
}
