import { join } from 'node:path'
import type { Logger, TrustRecord, TrustStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { checkDigest } from './blob-files.ts'
import { readSmallFile, replaceFile, syncDirectory } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import { Mutex } from './mutex.ts'
import { toStorageError } from './storage-error.ts'
import { formatTrustFile, MAX_TRUST_FILE_BYTES, parseTrustFile } from './trust-file.ts'
import type { TrustGeneration } from './trust-file.ts'

const SLOTS = ['0', '1'] as const

export interface FileTrustStoreComponents {
  readonly files: FileSystem
  readonly logger: Logger
}

/** Trusted state in files of its own, `trust/<repository id>/0` and `1`, that outlive the database. */
export class FileTrustStore implements TrustStore {
  readonly #files: FileSystem
  readonly #logger: Logger
  readonly #root: string
  readonly #turns = new Mutex()

  constructor(components: FileTrustStoreComponents, init: { readonly root: string }) {
    this.#files = components.files
    this.#logger = components.logger
    this.#root = init.root
  }

  async load(repository: RepositoryId): Promise<TrustRecord | undefined> {
    checkDigest(repository)
    const { generations, damaged } = await this.#generations(repository)
    const newest = newestOf(generations)
    if (newest === undefined && damaged > 0) {
      this.#logger.error(
        { repository, directory: join(this.#root, 'trust', repository) },
        'Cannot read any generation of trusted state: the repository is joined anew from its id, ' +
          'and until a newer head comes, an older one than was trusted before may be taken',
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
    const serial = (newest?.serial ?? 0) + 1
    await replaceFile(this.#files, join(directory, older), formatTrustFile({ serial, record }))
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
