import { nodeFileSystem } from '../../packages/store/src/file-system.ts'
import type { FileSystem, OpenFile } from '../../packages/store/src/file-system.ts'
import { Level } from 'level'

type Method = (...args: unknown[]) => Promise<unknown>

/** What a process has open of its data directory. It can die: then nothing more is read or written through it, and nothing is closed as it should be. */
export class MortalDisk {
  readonly files: FileSystem = this.#watch(nodeFileSystem)
  readonly #open = new Set<OpenFile>()
  readonly #calls = new Set<Promise<unknown>>()
  #level: Level | undefined
  #dead = false

  readonly openLevel = async (location: string): Promise<Level> => {
    this.#throwIfDead()
    this.#level = new Level(location)
    await this.#level.open()
    return this.#level
  }

  /** What was asked of the disk already is done or not, as chance has it; nothing follows. */
  async die(): Promise<void> {
    this.#dead = true
    await Promise.allSettled(this.#calls)
    await Promise.all([...this.#open].map((file) => this.#close(file)))
    await this.#level?.close()
  }

  #watch<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (of, name) => {
        const member: unknown = Reflect.get(of, name)
        if (typeof member !== 'function') return member
        // A handle is closed by the system, too, when its process dies.
        if (name === 'close') return () => this.#close(of as OpenFile)
        return (...args: unknown[]) => this.#call(() => (member as Method).apply(of, args))
      },
    })
  }

  async #call(work: () => Promise<unknown>): Promise<unknown> {
    this.#throwIfDead()
    const call = work()
    this.#calls.add(call)
    try {
      const result = await call
      if (!isFile(result)) return result
      this.#open.add(result)
      return this.#watch(result)
    } finally {
      this.#calls.delete(call)
    }
  }

  async #close(file: OpenFile): Promise<void> {
    if (this.#open.delete(file)) await file.close()
  }

  #throwIfDead(): void {
    if (this.#dead) throw new Error('Cannot use the disk: the process is dead')
  }
}

const isFile = (value: unknown): value is OpenFile =>
  typeof value === 'object' && value !== null && 'sync' in value
