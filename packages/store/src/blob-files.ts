import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isDigest } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { AbortOptions, BlobStat, ByteRange } from '@jarswarm/ports'
import { removeIfThere, syncDirectory } from './durable-file.ts'
import { FILE_MODE } from './file-system.ts'
import type { FileStat, FileSystem, OpenFile } from './file-system.ts'
import { Gate } from './gate.ts'
import { MAX_OPEN_READS } from './limits.ts'
import { isMissingFile } from './storage-error.ts'

/** A pinned blob's file is read-only, so that the pin survives the loss of the database. */
const PINNED_MODE = 0o400

/** What is read at once of a large file that is hashed. */
const HASH_CHUNK_BYTES = 1024 * 1024

/** The 256 folders below `blobs/`, by the first two digits of the digest. */
export const FOLDERS: readonly string[] = Array.from({ length: 256 }, (_, at) =>
  at.toString(16).padStart(2, '0'),
)

/**
 * Where blobs lie: `blobs/<2 hex>/<digest>`, in the making `tmp/<number>`, set aside `damaged/<digest>`.
 *
 * Only digests, which `checkDigest` let through, and numbers of our own become names.
 */
export class BlobFiles {
  readonly files: FileSystem
  readonly #root: string
  readonly #reads = new Gate(MAX_OPEN_READS)
  #temporaries = 0

  constructor(files: FileSystem, root: string) {
    this.files = files
    this.#root = root
  }

  /** Make the folders durable, and remove what a crash left in the making. */
  async prepare(): Promise<void> {
    const blobs = join(this.#root, 'blobs')
    const temporary = join(this.#root, 'tmp')
    for (const path of [blobs, temporary, join(this.#root, 'damaged')]) {
      await this.files.makeDirectory(path)
    }
    const present = new Set(await this.files.names(blobs))
    for (const folder of FOLDERS) {
      if (!present.has(folder)) await this.files.makeDirectory(join(blobs, folder))
    }
    await syncDirectory(this.files, blobs)
    await syncDirectory(this.files, this.#root)
    for (const name of await this.files.names(temporary)) {
      await removeIfThere(this.files, join(temporary, name))
    }
  }

  /** A name that no other blob in the making has. */
  newTemporary(): string {
    this.#temporaries += 1
    return join(this.#root, 'tmp', String(this.#temporaries))
  }

  modeOf(pinned: boolean): number {
    return pinned ? PINNED_MODE : FILE_MODE
  }

  isPinned(stat: FileStat): boolean {
    return stat.mode === PINNED_MODE
  }

  /** @returns undefined when there is no such file */
  async stat(digest: Digest): Promise<FileStat | undefined> {
    try {
      return await this.files.stat(this.#pathOf(digest))
    } catch (error) {
      if (isMissingFile(error)) return undefined
      throw error
    }
  }

  /** Mark a stored blob as pinned or not, durably. */
  async setPinned(digest: Digest, pinned: boolean): Promise<void> {
    await this.files.setMode(this.#pathOf(digest), this.modeOf(pinned))
    const file = await this.files.openToRead(this.#pathOf(digest))
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  }

  /** Give a finished, synced temporary its name. Durable only after `syncFolder`. */
  async name(temporary: string, digest: Digest): Promise<void> {
    await this.files.rename(temporary, this.#pathOf(digest))
  }

  async syncFolder(folder: string): Promise<void> {
    await syncDirectory(this.files, join(this.#root, 'blobs', folder))
  }

  async remove(digest: Digest): Promise<void> {
    await removeIfThere(this.files, this.#pathOf(digest))
  }

  async setAside(digest: Digest): Promise<void> {
    const damaged = join(this.#root, 'damaged')
    await this.files.rename(this.#pathOf(digest), join(damaged, digest))
    await syncDirectory(this.files, damaged)
    await this.syncFolder(folderOf(digest))
  }

  /** Digests that have a file in a folder, ascending; other names are not ours and left alone. */
  async digestsIn(folder: string): Promise<Digest[]> {
    const names = await this.files.names(join(this.#root, 'blobs', folder))
    return names.filter((name) => isDigest(name) && folderOf(name) === folder).sort()
  }

  /** @returns the bytes, fewer than asked when the file is too short, or undefined without a file */
  read(digest: Digest, range: ByteRange): Promise<Uint8Array | undefined> {
    return this.#reads.run(() => this.#read(digest, range))
  }

  async #read(digest: Digest, { offset, length }: ByteRange): Promise<Uint8Array | undefined> {
    let file: OpenFile
    try {
      file = await this.files.openToRead(this.#pathOf(digest))
    } catch (error) {
      if (isMissingFile(error)) return undefined
      throw error
    }
    try {
      const bytes = new Uint8Array(length)
      return bytes.subarray(0, await file.read(bytes, offset))
    } finally {
      await file.close()
    }
  }

  /** Hash a blob's file as it is on disk. @throws the system's ENOENT error when there is none */
  async hash(digest: Digest, options: AbortOptions = {}): Promise<BlobStat> {
    const { sizeBytes } = await this.files.stat(this.#pathOf(digest))
    const file = await this.files.openToRead(this.#pathOf(digest))
    try {
      return await hashFile(file, { ...options, sizeBytes })
    } finally {
      await file.close()
    }
  }

  #pathOf(digest: Digest): string {
    return join(this.#root, 'blobs', folderOf(digest), digest)
  }
}

/**
 * Read an open file from its beginning to its end.
 *
 * @param options.sizeBytes what the file is thought to have; only sizes the buffer
 * @returns what the bytes hash to, and how many there were
 */
export async function hashFile(
  file: OpenFile,
  options: AbortOptions & { readonly sizeBytes: number },
): Promise<BlobStat> {
  const hash = createHash('sha256')
  // One byte more than the file has, so that its end shows in the first read.
  const chunk = new Uint8Array(Math.min(options.sizeBytes + 1, HASH_CHUNK_BYTES))
  let sizeBytes = 0
  for (;;) {
    options.signal?.throwIfAborted()
    const filled = await file.read(chunk, sizeBytes)
    hash.update(chunk.subarray(0, filled))
    sizeBytes += filled
    if (filled < chunk.length) return { digest: hash.digest('hex'), sizeBytes }
  }
}

export function folderOf(digest: Digest): string {
  return digest.slice(0, 2)
}

/** @throws {TypeError} for what is no digest: it must never become a file name */
export function checkDigest(digest: Digest): void {
  if (!isDigest(digest)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(digest)} as digest: wanted 64 lower-case hex characters`,
    )
  }
}
