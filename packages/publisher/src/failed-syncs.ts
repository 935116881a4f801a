import { readOptional } from './state-directory.ts'
import type { DurableFiles } from './durable-files.ts'
import type { TreeFile } from './tree-file.ts'

/**
 * Files of a tree of which a sync failed. The kernel may have dropped what it could not write, and show it all the same until it
 * needs the memory; the next sync then succeeds on nothing. So they are published only once they were written anew.
 *
 * Kept in a file of the state directory, a line `<inode> <time of change, ns>` each.
 */
export class FailedSyncs {
  readonly #path: string
  readonly #files: DurableFiles
  readonly #lines: Set<string>
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, files: DurableFiles, lines: Set<string>) {
    this.#path = path
    this.#files = files
    this.#lines = lines
  }

  /** @param files of the state directory */
  static async read(path: string, files: DurableFiles): Promise<FailedSyncs> {
    const text = (await readOptional(path))?.toString() ?? ''
    return new FailedSyncs(path, files, new Set(text.split('\n').filter((line) => line !== '')))
  }

  has(file: TreeFile): boolean {
    return this.#lines.has(lineOf(file))
  }

  /** Durable once it resolves. */
  async add(file: TreeFile): Promise<void> {
    this.#lines.add(lineOf(file))
    this.#writing = this.#writing.then(() => this.#write())
    await this.#writing
  }

  async #write(): Promise<void> {
    await this.#files.write(this.#path, Buffer.from(`${[...this.#lines].join('\n')}\n`))
    await this.#files.settle()
  }
}

function lineOf({ stat }: TreeFile): string {
  return `${String(stat.ino)} ${String(stat.ctimeNs)}`
}
