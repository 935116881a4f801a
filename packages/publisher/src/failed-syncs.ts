import { readOptional } from './state-directory.ts'
import type { DurableFiles } from './durable-files.ts'
import type { TreeFile } from './tree-file.ts'

/**
 * Files of a tree of which a sync failed. The kernel may have dropped what it could not write, and show it all the same until it
 * needs the memory; the next sync then succeeds on nothing. So they are published only once they were written anew.
 *
 * Kept in a file of the state directory, a line `<inode> <size> <time of last write, ns>` each: neither its path nor its time of change,
 * for another name or other rights write none of its bytes.
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

  /**
   * @param files of the state directory
   * @param lines what the caller knows from before, added to from here on: the disk that failed may not have taken it
   */
  static async read(
    path: string,
    files: DurableFiles,
    lines: Set<string> = new Set(),
  ): Promise<FailedSyncs> {
    const text = (await readOptional(path))?.toString() ?? ''
    const stored = new Set(text.split('\n').filter((line) => line !== ''))
    const isStored = [...lines].every((line) => stored.has(line))
    for (const line of stored) lines.add(line)
    const failed = new FailedSyncs(path, files, lines)
    if (!isStored) await failed.#write()
    return failed
  }

  has(file: TreeFile): boolean {
    return this.#lines.has(lineOf(file))
  }

  /** Durable once it resolves; known to `has` in any case. */
  async add(file: TreeFile): Promise<void> {
    this.#lines.add(lineOf(file))
    // Whoever waited for a write that failed was told; this one writes all lines.
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write())
    await this.#writing
  }

  async #write(): Promise<void> {
    await this.#files.write(this.#path, Buffer.from(`${[...this.#lines].join('\n')}\n`))
    await this.#files.settle()
  }
}

function lineOf({ stat }: TreeFile): string {
  return [stat.ino, stat.size, stat.mtimeNs].join(' ')
}
