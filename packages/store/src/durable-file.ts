import { dirname } from 'node:path'
import { FILE_MODE } from './file-system.ts'
import type { FileSystem } from './file-system.ts'
import { isMissingFile } from './storage-error.ts'

/** Make a directory's names durable: without it a rename may be forgotten by a power cut. */
export async function syncDirectory(files: FileSystem, path: string): Promise<void> {
  const directory = await files.openToRead(path)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Write a new file and sync it. What was written is removed again when any step fails. */
export async function createSynced(
  files: FileSystem,
  path: string,
  content: { readonly bytes: Uint8Array; readonly mode?: number },
): Promise<void> {
  const file = await files.create(path, content.mode ?? FILE_MODE)
  try {
    try {
      await file.write(content.bytes, 0)
      // A failed sync is final: the kernel may have dropped the pages, and a second sync would succeed on nothing.
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await removeIfThere(files, path)
    throw error
  }
}

/** Replace a small file as a whole: whoever reads it after a crash finds the old content or the new one. */
export async function replaceFile(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = `${path}.tmp`
  await removeIfThere(files, temporary)
  await createSynced(files, temporary, { bytes })
  await files.rename(temporary, path)
  await syncDirectory(files, dirname(path))
}

/** Read a small file whole. @returns undefined when it is not there or larger than `maxBytes` */
export async function readSmallFile(
  files: FileSystem,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    const { sizeBytes } = await files.stat(path)
    if (sizeBytes > maxBytes) return undefined
    const file = await files.openToRead(path)
    try {
      const bytes = new Uint8Array(sizeBytes)
      return bytes.subarray(0, await file.read(bytes, 0))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissingFile(error)) return undefined
    throw error
  }
}

/** Remove a file; one that is gone already is a success. */
export async function removeIfThere(files: FileSystem, path: string): Promise<void> {
  try {
    await files.remove(path)
  } catch (error) {
    if (!isMissingFile(error)) throw error
  }
}
