import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { DigestMismatchError } from '@jarswarm/ports'
import type {
  AbortOptions,
  BlobChange,
  BlobPutOptions,
  BlobStat,
  BlobStore,
  BlobStoreUsage,
  BlobWriter,
  ByteRange,
  CheckFinding,
  Clock,
  Logger,
  StagedWriter,
} from '@jarswarm/ports'
import { checkBlobs } from './blob-check.ts'
import { BlobCommits } from './blob-commits.ts'
import { BlobFiles, checkDigest } from './blob-files.ts'
import { BlobHolds } from './blob-holds.ts'
import { rebuildRecords } from './blob-rebuild.ts'
import { BlobRecords } from './blob-records.ts'
import type { BlobRecord } from './blob-records.ts'
import { BlobSpace } from './blob-space.ts'
import type { BlobSpaceInit, Victim } from './blob-space.ts'
import { BlobWriters } from './blob-writers.ts'
import type { Database } from './database.ts'
import { createSynced } from './durable-file.ts'
import { StoreClosedError } from './errors.ts'
import type { FileSystem } from './file-system.ts'
import { Mutex } from './mutex.ts'
import { toStorageError } from './storage-error.ts'

export interface FileBlobStoreComponents {
  readonly files: FileSystem
  readonly database: Database
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
}

export interface FileBlobStoreInit extends BlobSpaceInit {
  /** The data directory. */
  readonly root: string
}

/** Blobs as files named by digest, and what is known of them in Level. */
export class FileBlobStore implements BlobStore {
  readonly #files: BlobFiles
  readonly #records: BlobRecords
  readonly #space: BlobSpace
  readonly #commits: BlobCommits
  readonly #logger: Logger
  readonly #holds = new BlobHolds()
  /** Held while names or records change, so that a file and its record go together. */
  readonly #changes = new Mutex()
  readonly #listeners = new Set<(change: BlobChange) => void>()
  readonly #writers: BlobWriters
  #closed = false

  constructor(components: FileBlobStoreComponents, init: FileBlobStoreInit) {
    this.#files = new BlobFiles(components.files, init.root)
    this.#records = new BlobRecords(components)
    this.#logger = components.logger
    this.#space = new BlobSpace(
      {
        records: this.#records,
        space: () => components.files.space(init.root),
        clock: components.clock,
        isHeld: (digest) => this.#holds.has(digest),
        evict: (select) => this.#changes.run(async () => this.#evict(await select())),
      },
      init,
    )
    this.#commits = new BlobCommits({
      files: this.#files,
      records: this.#records,
      changes: this.#changes,
      added: (digest) => {
        this.#tell({ kind: 'added', digest })
      },
    })
    this.#writers = new BlobWriters({ files: this.#files, commits: this.#commits })
  }

  /**
   * Read the totals, and after a crash compare records and files.
   *
   * @param options.clean whether the last process closed the directory properly
   */
  async start(options: { readonly clean: boolean }): Promise<void> {
    await this.#files.prepare()
    const loaded = await this.#records.load()
    if (loaded && options.clean) return
    const rebuilt = await rebuildRecords({ files: this.#files, records: this.#records })
    if (rebuilt.adopted + rebuilt.dropped + rebuilt.setAside > 0) {
      this.#logger.warn({ ...rebuilt }, 'Blob records were mended from the blob files')
    }
  }

  async has(digest: Digest): Promise<boolean> {
    checkDigest(digest)
    return (await this.#records.get(digest)) !== undefined
  }

  async stat(digest: Digest): Promise<BlobStat | undefined> {
    checkDigest(digest)
    const record = await this.#records.get(digest)
    return record && { digest, sizeBytes: record.sizeBytes }
  }

  async read(digest: Digest, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkDigest(digest)
    const record = await this.#records.get(digest)
    if (record === undefined) return undefined
    const wanted = range ?? { offset: 0, length: record.sizeBytes }
    checkRange(wanted, record)
    const bytes = await this.#readFile(digest, wanted)
    if (bytes?.length !== wanted.length) {
      await this.#changes.run(() => this.#dropBroken(digest))
      return undefined
    }
    this.#touch(digest, record)
    return bytes
  }

  async put(digest: Digest, bytes: Uint8Array, options: BlobPutOptions = {}): Promise<void> {
    checkDigest(digest)
    options.signal?.throwIfAborted()
    const actual = sha256(bytes)
    if (actual !== digest) {
      throw new DigestMismatchError(`blob ${digest}`, { expected: digest, actual })
    }
    const pinned = options.pinned ?? false
    if (await this.#isStored(digest, pinned)) return
    const giveBack = await this.#reserve(digest, bytes.length)
    try {
      const temporary = this.#files.newTemporary()
      await this.#writeTemporary(temporary, { bytes, mode: this.#files.modeOf(pinned) })
      await this.#commits.commit({ digest, sizeBytes: bytes.length, pinned, temporary })
    } finally {
      giveBack()
    }
  }

  async createWriter(stat: BlobStat, options: BlobPutOptions = {}): Promise<BlobWriter> {
    checkDigest(stat.digest)
    options.signal?.throwIfAborted()
    const giveBack = await this.#reserve(stat.digest, stat.sizeBytes)
    return await this.#writers.create({ ...stat, pinned: options.pinned ?? false, giveBack })
  }

  async createStagedWriter(sizeBytes: number, options: AbortOptions = {}): Promise<StagedWriter> {
    options.signal?.throwIfAborted()
    const giveBack = await this.#reserve(undefined, sizeBytes)
    return await this.#writers.create({ digest: undefined, sizeBytes, pinned: false, giveBack })
  }

  async setPinned(digest: Digest, pinned: boolean): Promise<boolean> {
    checkDigest(digest)
    const known = await this.#records.get(digest)
    if (known === undefined || known.pinned === pinned) return known !== undefined
    return await this.#changes.run(async () => {
      const record = await this.#records.get(digest)
      if (record === undefined) return false
      await this.#files.setPinned(digest, pinned)
      await this.#records.put([{ ...record, digest, pinned }], [record])
      return true
    })
  }

  hold(digest: Digest): { release(): void } {
    checkDigest(digest)
    return this.#holds.hold(digest)
  }

  async delete(digest: Digest): Promise<void> {
    checkDigest(digest)
    await this.#changes.run(async () => {
      const record = await this.#records.get(digest)
      if (record === undefined) return
      await this.#removeAll([{ digest, record }])
      await this.#files.syncFolder(digest.slice(0, 2))
    })
  }

  async *list(): AsyncIterable<BlobStat> {
    for await (const [digest, { sizeBytes }] of this.#records.list()) yield { digest, sizeBytes }
  }

  usage(): BlobStoreUsage {
    return { ...this.#records.totals(), quotaBytes: this.#space.quotaBytes }
  }

  check(options: AbortOptions & { readonly repair?: boolean } = {}): AsyncIterable<CheckFinding> {
    return checkBlobs(
      {
        files: this.#files,
        records: this.#records,
        changes: this.#changes,
        tell: (change) => {
          this.#tell(change)
        },
      },
      options,
    )
  }

  onChange(listener: (change: BlobChange) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Drop what is in the making, let what is being committed end, and write the noted uses. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writers.abort()
    await this.#commits.settled()
    await this.#changes.run(() => this.#records.flushTouches())
  }

  async #isStored(digest: Digest, pinned: boolean): Promise<boolean> {
    const record = await this.#records.get(digest)
    return record !== undefined && (record.pinned || !pinned)
  }

  /** @param digest undefined while it is not known: then room is made as for a blob that is not stored yet */
  async #reserve(digest: Digest | undefined, sizeBytes: number): Promise<() => void> {
    const name = digest === undefined ? 'a blob' : `blob ${digest}`
    if (this.#closed) {
      throw new StoreClosedError(`Cannot store ${name}: the data directory is closing`)
    }
    // A blob that is stored already needs no room; the hold keeps it from being evicted for itself.
    const hold = digest === undefined ? undefined : this.#holds.hold(digest)
    try {
      const stored = digest === undefined ? undefined : await this.#records.get(digest)
      const giveBack = await this.#space.reserve(stored === undefined ? sizeBytes : 0)
      return () => {
        hold?.release()
        giveBack()
      }
    } catch (error) {
      hold?.release()
      throw toStorageError(error, `make room for ${name}`)
    }
  }

  async #writeTemporary(
    path: string,
    content: { readonly bytes: Uint8Array; readonly mode: number },
  ): Promise<void> {
    try {
      await createSynced(this.#files.files, path, content)
    } catch (error) {
      throw toStorageError(error, 'store a blob')
    }
  }

  async #readFile(digest: Digest, range: ByteRange): Promise<Uint8Array | undefined> {
    try {
      return await this.#files.read(digest, range)
    } catch (error) {
      throw toStorageError(error, `read blob ${digest}`)
    }
  }

  /** A record whose file is gone or too short would promise what cannot be served. */
  async #dropBroken(digest: Digest): Promise<void> {
    const record = await this.#records.get(digest)
    const stat = await this.#files.stat(digest)
    if (record === undefined || stat?.sizeBytes === record.sizeBytes) return
    this.#logger.warn({ digest, found: stat?.sizeBytes, wanted: record.sizeBytes }, 'Lost a blob')
    await this.#records.remove([{ digest, record }])
    if (stat !== undefined) await this.#files.setAside(digest)
    this.#tell({ kind: 'removed', digest })
  }

  async #evict(victims: readonly Victim[]): Promise<void> {
    await this.#removeAll(victims)
  }

  /** Records first: a file without record is found by the next check, a record without file would lie. */
  async #removeAll(victims: readonly Victim[]): Promise<void> {
    await this.#records.remove(victims)
    for (const { digest } of victims) {
      this.#tell({ kind: 'removed', digest })
      try {
        await this.#files.remove(digest)
      } catch (error) {
        throw toStorageError(error, `remove blob ${digest}`)
      }
    }
  }

  #touch(digest: Digest, record: BlobRecord): void {
    this.#records.touch(digest, record)
    if (!this.#records.touchesAreDue) return
    this.#changes
      .run(() => this.#records.flushTouches())
      .catch((error: unknown) => {
        this.#logger.warn({ error }, 'Cannot note when blobs were used')
      })
  }

  #tell(change: BlobChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function checkRange({ offset, length }: ByteRange, { sizeBytes }: BlobRecord): void {
  const isWhole = Number.isSafeInteger(offset) && Number.isSafeInteger(length)
  if (!isWhole || offset < 0 || length < 0 || offset + length > sizeBytes) {
    throw new RangeError(
      `Cannot read ${String(length)} bytes at ${String(offset)}: the blob has ${String(sizeBytes)}`,
    )
  }
}
