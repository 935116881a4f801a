import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isDigest } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { AbortOptions, ByteRange } from '@jarswarm/ports'
import { removeIfThere, syncDirectory } from './durable-file.ts'
import { FILE_MODE } from './file-system.ts'
import type { FileStat, FileSystem, OpenFile } from './file-system.ts'
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

  /** Mark a stored blob as pinned, durably. */
  async pin(digest: Digest): Promise<void> {
    await this.files.setMode(this.#pathOf(digest), PINNED_MODE)
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
  async read(digest: Digest, { offset, length }: ByteRange): Promise<Uint8Array | undefined> {
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

  /** The SHA-256 of a blob's file as it is on disk. */
  async hash(digest: Digest, options: AbortOptions = {}): Promise<Digest> {
    const file = await this.files.openToRead(this.#pathOf(digest))
    try {
      return await hashFile(file, options)
    } finally {
      await file.close()
    }
  }

  #pathOf(digest: Digest): string {
    return join(this.#root, 'blobs', folderOf(digest), digest)
  }
}

/** The SHA-256 of an open file from its beginning to its end. */
export async function hashFile(file: OpenFile, options: AbortOptions = {}): Promise<Digest> {
  const hash = createHash('sha256')
  const chunk = new Uint8Array(HASH_CHUNK_BYTES)
  let position = 0
  for (;;) {
    options.signal?.throwIfAborted()
    const filled = await file.read(chunk, position)
    hash.update(chunk.subarray(0, filled))
    position += filled
    if (filled < chunk.length) return hash.digest('hex')
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
