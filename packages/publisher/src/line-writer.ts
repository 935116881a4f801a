import { closeSync, openSync, writeFileSync } from 'node:fs'
import { namePath } from '@jarswarm/files'

/** Lines are written in pieces of about so many characters, not one by one. */
const CHUNK_CHARS = 65_536

/** Writes lines to a file that is made with the first of them; it is not synced. Open until it is closed or disposed of. */
export class LineWriter implements Disposable {
  readonly path: string
  readonly #header: string
  #lines = ''
  #file: number | undefined
  #sizeBytes = 0

  /**
   * @param path of a file that is not there; whoever owns its directory removes it
   * @param header what comes before the first line
   */
  constructor(path: string, header = '') {
    this.path = path
    this.#header = header
  }

  /** Bytes of the file once it is closed; 0 when there is none. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** @param line with its end */
  append(line: string): void {
    if (this.#sizeBytes === 0) this.#add(this.#header)
    this.#add(line)
    if (this.#lines.length >= CHUNK_CHARS) this.#flush()
  }

  /** Write what is left; nothing is appended any more. Idempotent. */
  close(): void {
    this.#flush()
    this[Symbol.dispose]()
  }

  /** Close the file and drop what was not written: after an error nobody reads it. */
  [Symbol.dispose](): void {
    const file = this.#file
    this.#file = undefined
    this.#lines = ''
    if (file !== undefined) closeSync(file)
  }

  #add(text: string): void {
    this.#lines += text
    this.#sizeBytes += Buffer.byteLength(text)
  }

  #flush(): void {
    if (this.#lines === '') return
    this.#file ??= openSync(this.path, 'a', 0o600)
    try {
      // All of it: one write of the system may take less, on a disk that is nearly full.
      writeFileSync(this.#file, this.#lines)
    } catch (error) {
      namePath(error, this.path)
      throw error
    }
    this.#lines = ''
  }
}
