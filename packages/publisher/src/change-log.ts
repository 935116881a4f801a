import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { namePath } from '@jarswarm/files'
import type { TreeChange } from './judge-file.ts'

/** Changes are written in pieces of about so many characters. */
const CHUNK_CHARS = 65_536

/**
 * The differences between the index and what is to be published, on disk: a first publish has as many as there are
 * files. Written once, then read as often as needed.
 */
export class ChangeLog implements AsyncIterable<TreeChange> {
  readonly #path: string
  readonly #counts = { added: 0, changed: 0, removed: 0 }
  #pieceLists = 0
  #lines = ''
  #file: number | undefined

  /** @param path of a file that is not there; whoever owns its directory removes it */
  constructor(path: string) {
    this.#path = path
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
    this.#lines += `${JSON.stringify(change)}\n`
    if (this.#lines.length >= CHUNK_CHARS) this.#flush()
  }

  /** Nothing is appended any more. Idempotent. */
  close(): void {
    this.#flush()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TreeChange> {
    this.close()
    if (this.size === 0) return
    for await (const line of createInterface({ input: createReadStream(this.#path, 'utf8') })) {
      yield JSON.parse(line) as TreeChange
    }
  }

  #flush(): void {
    if (this.#lines === '') return
    this.#file ??= openSync(this.#path, 'a', 0o600)
    try {
      writeSync(this.#file, this.#lines)
    } catch (error) {
      namePath(error, this.#path)
      throw error
    }
    this.#lines = ''
  }
}
