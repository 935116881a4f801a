/** A file system in which one kind of call fails on paths that a test names. */
import type { FileSystem, OpenFile } from '@jarswarm/store'
import { nodeFileSystem } from '@jarswarm/store'

export type FaultyCall = keyof FileSystem | keyof OpenFile

export interface Fault {
  readonly call: FaultyCall
  /** Part of the path, within the data directory, that the call must concern. */
  readonly path: string
  /** System error code. */
  readonly code: string
  /** How often it fails before it works again. @defaultValue always */
  readonly times?: number
  /** Of these calls the first fails, and then each so-manieth. @defaultValue 1 */
  readonly every?: number
}

export class FaultyFiles implements FileSystem {
  #fault: Fault | undefined
  #left = 0
  /** How often the present fault struck. */
  struck = 0
  /** Calls that it concerns. */
  #met = 0

  break(fault: Fault): void {
    this.#fault = fault
    this.#left = fault.times ?? Infinity
    this.struck = 0
    this.#met = 0
  }

  heal(): void {
    this.#fault = undefined
  }

  openToRead(path: string): Promise<OpenFile> {
    return this.#open('openToRead', path, () => nodeFileSystem.openToRead(path))
  }

  create(path: string, mode: number): Promise<OpenFile> {
    return this.#open('create', path, () => nodeFileSystem.create(path, mode))
  }

  makeDirectory(path: string): Promise<void> {
    return this.#run('makeDirectory', path, () => nodeFileSystem.makeDirectory(path))
  }

  names(path: string): Promise<string[]> {
    return this.#run('names', path, () => nodeFileSystem.names(path))
  }

  stat(path: string): ReturnType<FileSystem['stat']> {
    return this.#run('stat', path, () => nodeFileSystem.stat(path))
  }

  setMode(path: string, mode: number): Promise<void> {
    return this.#run('setMode', path, () => nodeFileSystem.setMode(path, mode))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run('rename', to, () => nodeFileSystem.rename(from, to))
  }

  remove(path: string): Promise<void> {
    return this.#run('remove', path, () => nodeFileSystem.remove(path))
  }

  space(path: string): ReturnType<FileSystem['space']> {
    return this.#run('space', path, () => nodeFileSystem.space(path))
  }

  async #open(call: FaultyCall, path: string, open: () => Promise<OpenFile>): Promise<OpenFile> {
    const file = await this.#run(call, path, open)
    return {
      read: (buffer, position) => this.#run('read', path, () => file.read(buffer, position)),
      write: (bytes, position) => this.#run('write', path, () => file.write(bytes, position)),
      truncate: (sizeBytes) => this.#run('truncate', path, () => file.truncate(sizeBytes)),
      sync: () => this.#run('sync', path, () => file.sync()),
      syncData: () => this.#run('syncData', path, () => file.syncData()),
      close: () => file.close(),
    }
  }

  async #run<T>(call: FaultyCall, path: string, run: () => Promise<T>): Promise<T> {
    const fault = this.#fault
    if (fault?.call === call && withinRoot(path).includes(fault.path) && this.#left > 0) {
      this.#met += 1
      if ((this.#met - 1) % (fault.every ?? 1) !== 0) return run()
      this.#left -= 1
      this.struck += 1
      throw Object.assign(new Error(`${fault.code}: injected into ${call}`), { code: fault.code })
    }
    return run()
  }
}

/** The system's temporary directory may have a name that a fault speaks of. */
function withinRoot(path: string): string {
  return path.replace(/^.*jarswarm-store-[^/]*/, '')
}
