import { join } from 'node:path'
import type { Logger, TrustRecord, TrustStore } from '@jarswarm/ports'
import type { RecordStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { checkDigest } from './blob-files.ts'
import { readSmallFile, replaceFile, syncDirectory } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import { MAX_TRUST_FILE_BYTES } from './limits.ts'
import { Mutex } from './mutex.ts'
import { toStorageError } from './storage-error.ts'
import { formatTrustFile, parseTrustFile } from './trust-file.ts'
import type { TrustGeneration } from './trust-file.ts'

const SLOTS = ['0', '1'] as const
/** Hundreds of roots of ordinary size; a record beyond that is kept in files alone. */
const MAX_COPY_BYTES: number = 4 * 1024 * 1024

export interface FileTrustStoreComponents {
  readonly files: FileSystem
  readonly logger: Logger
  /** Where a third copy goes, for the day when both files are lost. @defaultValue nowhere */
  readonly records?: RecordStore
}

/**
 * Trusted state in files of its own, `trust/<repository id>/0` and `1`, that outlive the database. The database holds a
 * copy that outlives the files: a node that lost them would else begin anew at the first root, and take old news for new.
 */
export class FileTrustStore implements TrustStore {
  readonly #files: FileSystem
  readonly #logger: Logger
  readonly #records: RecordStore | undefined
  readonly #root: string
  readonly #turns = new Mutex()

  constructor(components: FileTrustStoreComponents, init: { readonly root: string }) {
    this.#files = components.files
    this.#logger = components.logger
    this.#records = components.records
    this.#root = init.root
  }

  async load(repository: RepositoryId): Promise<TrustRecord | undefined> {
    checkDigest(repository)
    const { generations, damaged } = await this.#generations(repository)
    const newestFile = newestOf(generations)
    const newest = newestOf([newestFile, await this.#copy(repository)])
    const fields = { repository, directory: join(this.#root, 'trust', repository) }
    if (newest === undefined && damaged > 0) {
      this.#logger.error(
        fields,
        'Cannot read any generation of trusted state: the repository is joined anew from its id, ' +
          'and until a newer head comes, an older one than was trusted before may be taken',
      )
    } else if (newest !== newestFile) {
      this.#logger.warn(
        fields,
        'the newest trusted state was lost, its copy in the database is used',
      )
    }
    return newest?.record
  }

  async save(repository: RepositoryId, record: TrustRecord): Promise<void> {
    checkDigest(repository)
    await this.#turns.run(async () => {
      try {
        await this.#replaceOlder(repository, record)
      } catch (error) {
        throw toStorageError(error, `store the trusted state of repository ${repository}`)
      }
    })
  }

  /** Wait until nothing is being saved. */
  async close(): Promise<void> {
    await this.#turns.run(() => Promise.resolve())
  }

  async #replaceOlder(repository: RepositoryId, record: TrustRecord): Promise<void> {
    const directory = join(this.#root, 'trust', repository)
    await this.#files.makeDirectory(directory)
    await syncDirectory(this.#files, join(this.#root, 'trust'))
    const { generations } = await this.#generations(repository)
    const newest = newestOf(generations)
    const older = newest !== undefined && newest === generations[0] ? SLOTS[1] : SLOTS[0]
    const copy = await this.#copy(repository)
    const serial = Math.max(newest?.serial ?? 0, copy?.serial ?? 0) + 1
    const bytes = formatTrustFile({ serial, record })
    await replaceFile(this.#files, join(directory, older), bytes)
    await this.#keepCopy(repository, bytes)
  }

  async #copy(repository: RepositoryId): Promise<TrustGeneration | undefined> {
    try {
      const text = await this.#records?.get(copyName(repository))
      return typeof text === 'string'
        ? parseTrustFile(new Uint8Array(Buffer.from(text, 'base64')))
        : undefined
    } catch (error) {
      this.#logger.error({ repository, error }, 'Cannot read the copy of trusted state')
      return undefined
    }
  }

  /** The files are what counts: a copy that cannot be written is one less, and no reason to refuse news. */
  async #keepCopy(repository: RepositoryId, bytes: Uint8Array): Promise<void> {
    if (bytes.length > MAX_COPY_BYTES) return
    try {
      await this.#records?.set(copyName(repository), Buffer.from(bytes).toString('base64'))
    } catch (error) {
      this.#logger.error({ repository, error }, 'Cannot write the copy of trusted state')
    }
  }

  /** What each slot holds, undefined for one that is absent or cannot be read, and how many cannot be read. */
  async #generations(
    repository: RepositoryId,
  ): Promise<{ generations: (TrustGeneration | undefined)[]; damaged: number }> {
    let damaged = 0
    const generations: (TrustGeneration | undefined)[] = []
    for (const slot of SLOTS) {
      const path = join(this.#root, 'trust', repository, slot)
      const bytes = await this.#read(path)
      const generation = bytes && parseTrustFile(bytes)
      if (bytes !== undefined && generation === undefined) {
        damaged += 1
        this.#logger.error({ path }, 'Cannot read a generation of trusted state: it is damaged')
      }
      generations.push(generation)
    }
    return { generations, damaged }
  }

  async #read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readSmallFile(this.#files, path, MAX_TRUST_FILE_BYTES)
    } catch (error) {
      throw toStorageError(error, `read ${path}`)
    }
  }
}

function newestOf(
  generations: readonly (TrustGeneration | undefined)[],
): TrustGeneration | undefined {
  const [first, second] = generations
  return (second?.serial ?? 0) > (first?.serial ?? 0) ? second : first
}

function copyName(repository: RepositoryId): string {
  return `trust/${repository}`
}
