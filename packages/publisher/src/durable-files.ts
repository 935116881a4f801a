import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, link, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { namePath, namingPath } from '@jarswarm/files'
import { isErrno } from './errno.ts'
import { DISK_PARALLEL, inParallel } from './in-parallel.ts'

/** What `DurableFiles` does to the disk, named before it does it. */
export type DiskStep =
  | { readonly kind: 'write'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string }
  | { readonly kind: 'sync-directory'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }

/** What a file is made of: all of it at once, or piece by piece. */
export type FileContent = Uint8Array | AsyncIterable<Uint8Array | string>

export interface DurableFilesInit {
  /** Called before each change of the disk; what it throws stops the change. */
  readonly before?: (step: DiskStep) => void
}

/**
 * Writes files so that after a power cut each is whole or absent: temporary file, fsync, rename. A name is sure to
 * stay only after `settle()`, which syncs the directories, so that many files share the cost.
 */
export class DurableFiles {
  readonly #temporaryDir: string
  readonly #before: (step: DiskStep) => void
  readonly #touched = new Set<string>()
  readonly #known = new Set<string>()
  #count = 0

  /** @param temporaryDir where unfinished files stand; on the file system of the finished ones */
  constructor(temporaryDir: string, init: DurableFilesInit = {}) {
    this.#temporaryDir = temporaryDir
    this.#before = init.before ?? (() => undefined)
  }

  /** Empty the directory of unfinished files: what a killed run left there is of no use. */
  async start(): Promise<void> {
    await this.stop()
    await this.makeDirectory(this.#temporaryDir)
  }

  /** Remove the directory of unfinished files. */
  async stop(): Promise<void> {
    this.#known.delete(this.#temporaryDir)
    await rm(this.#temporaryDir, { recursive: true, force: true })
  }

  /** A name for an unfinished file, used by nobody else. */
  temporaryPath(): string {
    this.#count += 1
    return join(this.#temporaryDir, String(this.#count))
  }

  /** Write an unfinished file; it is not synced yet. */
  async stage(content: FileContent): Promise<string> {
    const temporary = this.temporaryPath()
    await namingPath(temporary, () =>
      content instanceof Uint8Array
        ? writeFile(temporary, content, { flag: 'wx' })
        : pipeline(content, createWriteStream(temporary, { flags: 'wx' })),
    )
    return temporary
  }

  /** Write a whole file in place of whatever has its name. */
  async write(path: string, content: FileContent): Promise<void> {
    this.#before({ kind: 'write', path })
    const temporary = await this.stage(content)
    await this.sync(temporary)
    await this.adopt(temporary, path)
  }

  /** Write a whole file that only its owner reads, from its first byte on and whatever the umask says. */
  async writePrivate(path: string, text: string): Promise<void> {
    this.#before({ kind: 'write', path })
    const temporary = this.temporaryPath()
    await namingPath(temporary, () => writeFile(temporary, text, { mode: 0o600, flag: 'wx' }))
    await chmod(temporary, 0o600)
    await this.sync(temporary)
    await this.adopt(temporary, path)
  }

  /** Sync the content of a staged file. */
  async sync(path: string): Promise<void> {
    await syncPath(path, 'r+')
  }

  /** Write a file that never has other bytes, unless it is there and has not suffered. */
  async writeOnce(path: string, bytes: Uint8Array): Promise<void> {
    if (await holds(path, bytes)) this.#touched.add(dirname(path))
    else await this.write(path, bytes)
  }

  /** Copy a file. */
  async copy(from: string, path: string): Promise<void> {
    const content = createReadStream(from)
    content.on('error', (error) => {
      namePath(error, from)
    })
    await this.write(path, content)
  }

  /** Give a finished, synced file that never changes another name; a copy of it where the file system has one name a file. */
  async link(from: string, path: string): Promise<void> {
    await this.makeDirectory(dirname(path))
    this.#before({ kind: 'link', path })
    try {
      await link(from, path)
      this.#touched.add(dirname(path))
    } catch (error) {
      if (!isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'))
        throw error
      await this.copy(from, path)
    }
  }

  /** Give a finished, synced file or directory its name. */
  async adopt(temporary: string, path: string): Promise<void> {
    await this.makeDirectory(dirname(path))
    this.#before({ kind: 'rename', path })
    await rename(temporary, path)
    this.#touched.add(dirname(path))
  }

  /** Make a directory and those above it; all of them are synced by `settle()`. */
  async makeDirectory(path: string): Promise<void> {
    if (this.#known.has(path)) return
    const first = await mkdir(path, { recursive: true })
    this.#known.add(path)
    if (first === undefined) return
    for (let made = path; made.length >= first.length; made = dirname(made)) {
      this.#touched.add(made)
      this.#touched.add(dirname(made))
    }
  }

  /** Have `settle()` sync the directories of a file that somebody else wrote, from its own up to `root`. */
  keepName(path: string, root: string): void {
    for (let at = dirname(path); at.startsWith(root); at = dirname(at)) {
      this.#touched.add(at)
      if (at === root) return
    }
  }

  /** Remove a file or directory; one that is not there is as good as removed. */
  async remove(path: string): Promise<void> {
    this.#before({ kind: 'remove', path })
    await rm(path, { recursive: true, force: true })
    this.#touched.add(dirname(path))
  }

  /** Make sure that all names given so far stay. */
  async settle(): Promise<void> {
    await inParallel([...this.#touched], DISK_PARALLEL, async (path) => {
      this.#before({ kind: 'sync-directory', path })
      await syncDirectory(path)
      this.#touched.delete(path)
    })
  }
}

async function syncPath(path: string, flags: 'r' | 'r+'): Promise<void> {
  await using handle = await open(path, flags)
  await namingPath(path, () => handle.sync())
}

/** Make the names in a directory durable; one that was removed since has none to keep. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    await syncPath(path, 'r')
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await readFile(path), bytes) === 0
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}
