import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { IndexEntry } from '@jarswarm/manifest'
import { DigestMismatchError } from '@jarswarm/ports'
import type { AbortOptions, BlobStore, BlobWriter } from '@jarswarm/ports'
import type { AdoptedFile, LocalFile } from '../node-control.ts'
import type { PathLookup } from './path-lookup.ts'

/** Read and written at once. */
const CHUNK_BYTES = 1024 * 1024

export interface FileAdoptionComponents {
  readonly blobs: BlobStore
  readonly lookup: PathLookup
}

/** Takes files of this machine into the store, as far as a signed index names their bytes. */
export class FileAdoption {
  readonly #components: FileAdoptionComponents

  constructor(components: FileAdoptionComponents) {
    this.#components = components
  }

  /**
   * Copy one file into the store when some followed repository names its path with just these bytes.
   *
   * @throws {NoSpaceError} when there is no room left for it
   */
  async adopt({ path, file }: LocalFile, options: AbortOptions = {}): Promise<AdoptedFile> {
    const { named, unsure } = await this.#components.lookup.entries(path, options)
    if (named.length === 0) {
      return unsure === undefined
        ? { path, outcome: 'unknown', reason: 'no followed repository names it' }
        : { path, outcome: 'unknown', reason: unsure }
    }
    let outcome: AdoptedFile = { path, outcome: 'differs' }
    for (const { repository, entry } of named) {
      if (await this.#components.blobs.has(entry.digest)) {
        if (outcome.outcome === 'differs') outcome = { path, outcome: 'held' }
      } else if (await this.#copy(file, entry, options)) {
        repository.noteStored(entry)
        outcome = { path, outcome: 'adopted' }
      }
    }
    return outcome
  }

  /** @returns whether the file has the bytes that the index names: the store hashes them, and keeps no others */
  async #copy(file: string, entry: IndexEntry, options: AbortOptions): Promise<boolean> {
    const { sizeBytes, digest } = entry
    // A pipe in place of the file would block.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await handle.stat()
    if (!stat.isFile() || stat.size !== sizeBytes) return false
    const writer = await this.#components.blobs.createWriter({ digest, sizeBytes }, options)
    try {
      await copyInto(writer, { handle, sizeBytes }, options)
      await writer.commit()
      return true
    } catch (error) {
      await writer.abort()
      if (error instanceof DigestMismatchError) return false
      throw error
    }
  }
}

async function copyInto(
  writer: BlobWriter,
  { handle, sizeBytes }: { readonly handle: FileHandle; readonly sizeBytes: number },
  { signal }: AbortOptions,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes))
  for (let offset = 0; offset < sizeBytes;) {
    signal?.throwIfAborted()
    const length = Math.min(buffer.length, sizeBytes - offset)
    const { bytesRead } = await handle.read(buffer, 0, length, offset)
    // It became shorter meanwhile: what is missing is zeros in the store, whose hash does not match.
    if (bytesRead === 0) return
    await writer.write(offset, buffer.subarray(0, bytesRead))
    offset += bytesRead
  }
}
