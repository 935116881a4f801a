import { inTurns } from './in-turns.ts'
import type { TreeChange } from './judge-file.ts'
import { LineWriter } from './line-writer.ts'
import { readLines } from './read-lines.ts'

/**
 * The differences between the index and what is to be published, on disk: a first publish has as many as there are
 * files. Written once, then read as often as needed.
 */
export class ChangeLog implements AsyncIterable<TreeChange>, Disposable {
  readonly #lines: LineWriter
  readonly #counts = { added: 0, changed: 0, removed: 0 }
  #pieceLists = 0

  /** @param path of a file that is not there; whoever owns its directory removes it */
  constructor(path: string) {
    this.#lines = new LineWriter(path)
  }

  /** How many there are. */
  get size(): number {
    const { added, changed, removed } = this.#counts
    return added + changed + removed
  }

  get counts(): { readonly added: number; readonly changed: number; readonly removed: number } {
    return this.#counts
  }

  /** How many of them bring a piece list. */
  get pieceLists(): number {
    return this.#pieceLists
  }

  append(change: TreeChange): void {
    if (change.pieceListPath !== undefined) this.#pieceLists += 1
    if (change.after === undefined) this.#counts.removed += 1
    else if (change.before === undefined) this.#counts.added += 1
    else this.#counts.changed += 1
    this.#lines.append(`${JSON.stringify(change)}\n`)
  }

  /** Nothing is appended any more. Idempotent. */
  close(): void {
    this.#lines.close()
  }

  /** Leave nothing open; what was closed stays whole. */
  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TreeChange> {
    this.close()
    if (this.size === 0) return
    for await (const line of inTurns(readLines(this.#lines.path))) {
      yield JSON.parse(line) as TreeChange
    }
  }
}
