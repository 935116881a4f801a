import type { Digest } from '@jarswarm/manifest'
import { folderOf } from './blob-files.ts'
import type { BlobFiles } from './blob-files.ts'
import type { BlobRecord, BlobRecords } from './blob-records.ts'
import { removeIfThere } from './durable-file.ts'
import { MAX_GROUP_BLOBS } from './limits.ts'
import type { Mutex } from './mutex.ts'
import { toStorageError } from './storage-error.ts'

/** A verified and synced temporary file that waits for its name. */
export interface FinishedBlob {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly pinned: boolean
  readonly temporary: string
}

export interface BlobCommitsComponents {
  readonly files: BlobFiles
  readonly records: BlobRecords
  /** Held while names and records change. */
  readonly changes: Mutex
  readonly added: (digest: Digest) => void
}

interface Waiting extends FinishedBlob {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Gives finished blobs their names, many at a time: rename, sync of the folders, one synced batch.
 *
 * While one group is on its way to the disk the next gathers, so that a single blob never waits for company.
 */
export class BlobCommits {
  readonly #files: BlobFiles
  readonly #records: BlobRecords
  readonly #changes: Mutex
  readonly #added: (digest: Digest) => void
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  constructor(components: BlobCommitsComponents) {
    this.#files = components.files
    this.#records = components.records
    this.#changes = components.changes
    this.#added = components.added
  }

  /** Resolves when the blob is durable. On failure neither name nor temporary file is left. */
  commit(blob: FinishedBlob): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...blob, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Wait until nothing is on its way. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // Whoever finishes in the same turn of the event loop joins the first group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      await this.#changes.run(() => this.#commitGroup(group))
    }
    this.#running = undefined
  }

  /** Each digest at most once: a second writer of the same blob then finds it stored. */
  #takeGroup(): Waiting[] {
    const group = new Map<Digest, Waiting>()
    this.#waiting = this.#waiting.filter((blob) => {
      if (group.has(blob.digest) || group.size >= MAX_GROUP_BLOBS) return true
      group.set(blob.digest, blob)
      return false
    })
    return [...group.values()]
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const records = await this.#records.getMany(group.map(({ digest }) => digest))
      const fresh: { blob: Waiting; before: BlobRecord | undefined }[] = []
      await Promise.all(
        group.map(async (blob, at) => {
          const before = records[at]
          if (await this.#keepPresent(blob, before)) return
          if (await this.#name(blob)) fresh.push({ blob, before })
        }),
      )
      const named = await this.#syncFolders(fresh)
      if (named.length > 0) await this.#record(named)
    } catch (error) {
      for (const blob of group) await this.#fail(blob, error)
    }
  }

  /** Whether the blob is stored already and only its pin could change. */
  async #keepPresent(blob: Waiting, record: BlobRecord | undefined): Promise<boolean> {
    if (record === undefined) return false
    try {
      const stat = await this.#files.stat(blob.digest)
      if (stat?.sizeBytes !== record.sizeBytes) return false
      await removeIfThere(this.#files.files, blob.temporary)
      if (blob.pinned && !record.pinned) {
        await this.#files.setPinned(blob.digest, true)
        await this.#records.put([{ ...record, digest: blob.digest, pinned: true }], [record])
      }
      blob.resolve()
    } catch (error) {
      await this.#fail(blob, error)
    }
    return true
  }

  async #name(blob: Waiting): Promise<boolean> {
    try {
      await this.#files.name(blob.temporary, blob.digest)
      return true
    } catch (error) {
      await this.#fail(blob, error)
      return false
    }
  }

  async #syncFolders<T extends { blob: Waiting }>(named: readonly T[]): Promise<T[]> {
    const byFolder = Map.groupBy(named, ({ blob }) => folderOf(blob.digest))
    const synced: T[] = []
    await Promise.all(
      [...byFolder].map(async ([folder, members]) => {
        try {
          await this.#files.syncFolder(folder)
          synced.push(...members)
        } catch (error) {
          for (const { blob } of members) await this.#failNamed(blob, error)
        }
      }),
    )
    return synced
  }

  async #record(
    named: readonly { blob: Waiting; before: BlobRecord | undefined }[],
  ): Promise<void> {
    try {
      await this.#records.put(
        named.map(({ blob }) => blob),
        named.map(({ before }) => before),
      )
    } catch (error) {
      for (const { blob } of named) await this.#failNamed(blob, error)
      return
    }
    for (const { blob, before } of named) {
      if (before === undefined) this.#added(blob.digest)
      blob.resolve()
    }
  }

  /** Take the name back: what is not acknowledged must not look as if it were. */
  async #failNamed(blob: Waiting, error: unknown): Promise<void> {
    await this.#files.remove(blob.digest).catch(() => undefined)
    await this.#fail(blob, error)
  }

  async #fail(blob: Waiting, error: unknown): Promise<void> {
    // The first error is the one to report; what cannot be removed now is removed at the next start.
    await removeIfThere(this.#files.files, blob.temporary).catch(() => undefined)
    blob.reject(toStorageError(error, `store blob ${blob.digest}`))
  }
}
