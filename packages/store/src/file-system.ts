import { chmod, mkdir, open, readdir, rename, stat, statfs, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, isMissingFile } from './storage-error.ts'

/** Only the owner may read what a node holds: its trust, its keys, what its user builds with. */
export const FILE_MODE = 0o600
export const DIRECTORY_MODE = 0o700

/** A file that is open, as far as the store uses it. Positions and sizes are in bytes. */
export interface OpenFile {
  /** Fill the buffer from a position; fewer bytes than its length come only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>
  /** Write all bytes at a position. */
  write(bytes: Uint8Array, position: number): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  sync(): Promise<void>
  /** Sync the bytes and what is needed to read them, as LevelDB does. */
  syncData(): Promise<void>
  close(): Promise<void>
}

export interface FileStat {
  readonly sizeBytes: number
  /** Permission bits alone. */
  readonly mode: number
  readonly isDirectory: boolean
}

/** The file system calls of the store, and no others, so that a test can make any one of them fail. */
export interface FileSystem {
  /** Open for reading a file, or a directory in order to sync it. */
  openToRead(path: string): Promise<OpenFile>
  /** Create a file that must not exist yet, for reading and writing. */
  create(path: string, mode: number): Promise<OpenFile>
  /** Create a directory and its parents; one that exists already is a success. */
  makeDirectory(path: string): Promise<void>
  /** Names in a directory, in no order. */
  names(path: string): Promise<string[]>
  stat(path: string): Promise<FileStat>
  setMode(path: string, mode: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Size of the volume and what an ordinary user may still write to it. */
  space(path: string): Promise<{ readonly totalBytes: number; readonly freeBytes: number }>
}

/** The real file system. */
export const nodeFileSystem: FileSystem = {
  openToRead: async (path) => toOpenFile(await open(path, 'r')),
  create: async (path, mode) => toOpenFile(await open(path, 'wx+', mode)),
  makeDirectory: (path) => makeDirectory(path),
  names: (path) => readdir(path),
  async stat(path) {
    const found = await stat(path)
    return {
      sizeBytes: found.size,
      mode: found.mode & 0o777,
      isDirectory: found.isDirectory(),
    }
  },
  setMode: (path, mode) => chmod(path, mode),
  rename: (from, to) => rename(from, to),
  remove: (path) => unlink(path),
  async space(path) {
    const found = await statfs(path)
    return { totalBytes: found.blocks * found.bsize, freeBytes: found.bavail * found.bsize }
  },
}

function toOpenFile(handle: FileHandle): OpenFile {
  return {
    async read(buffer, position) {
      let filled = 0
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(
          buffer,
          filled,
          buffer.length - filled,
          position + filled,
        )
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    },
    async write(bytes, position) {
      let written = 0
      while (written < bytes.length) {
        const { bytesWritten } = await handle.write(
          bytes,
          written,
          bytes.length - written,
          position + written,
        )
        written += bytesWritten
      }
    },
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: () => handle.sync(),
    syncData: () => handle.datasync(),
    close: () => handle.close(),
  }
}

/** Not by `recursive`: below `/proc`, where nothing can be made, Node tries that again for ever. */
async function makeDirectory(path: string): Promise<void> {
  const make = async (): Promise<void> => {
    try {
      await mkdir(path, { mode: DIRECTORY_MODE })
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
    }
  }
  try {
    await make()
  } catch (error) {
    if (!isMissingFile(error) || dirname(path) === path) throw error
    await makeDirectory(dirname(path))
    await make()
  }
}
