import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { CorruptStateError } from './errors.ts'

/** Lines are found by halving until so much is left, which is read at once. */
const BLOCK_BYTES = 16_384
/** Room for the rest of a line and the next. */
const PROBE_BYTES = 8_192
const NEWLINE = 0x0a

/** What the lines of a file must be like. */
export interface LineForm {
  /** Of the file, before its first line. */
  readonly header: string
  /** Throws for a line, without its end, that is damaged: of one that led astray nobody would know. */
  readonly check: (line: string, name: string) => void
}

/** Begins a line. */
interface LineStart {
  readonly offset: number
  readonly word: string
}

/** Finds lines by their first words in a file whose lines ascend by them, and reads little else of it. */
export class LineFinder implements Disposable {
  readonly name: string
  readonly #check: LineForm['check']
  readonly #file: number
  readonly #endOffset: number
  /** Where a line begins; all before it come before what is still to be found. */
  #fromOffset: number
  /** The lines from there on that were read already. */
  #block: readonly string[] = []

  /**
   * @throws {CorruptStateError} when it has another header
   */
  constructor(name: string, { header, check }: LineForm) {
    this.name = name
    this.#check = check
    this.#file = openSync(name, 'r')
    this.#fromOffset = header.length
    try {
      this.#endOffset = fstatSync(this.#file).size
      const found = this.#read(0, header.length)
      if (found.toString('latin1') !== header) throw this.#corrupt(found)
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  /**
   * Find the line that begins with a word, without its end; undefined when there is none.
   *
   * @param word after those that were asked for before
   * @throws {CorruptStateError} when a line has no end
   * @throws what the check throws for a line that was looked at on the way
   */
  find(word: string): string | undefined {
    const last = this.#block.at(-1)
    if (last === undefined || firstWord(last) < word) this.#block = this.#readBlock(word)
    return this.#block.find((line) => line.startsWith(word) && line.charAt(word.length) === ' ')
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  /** Read the lines among which a word is, if it is anywhere: all before are smaller, all behind larger. */
  #readBlock(word: string): readonly string[] {
    let low = this.#fromOffset
    let high = this.#endOffset
    // In steps that grow, for what is asked for next is often not far.
    for (let step = BLOCK_BYTES; low + step < high; step *= 2) {
      const start = this.#lineAfter(low + step)
      if (start === undefined) break
      if (start.word > word) high = start.offset
      else low = start.offset
    }
    while (high - low > BLOCK_BYTES) {
      const start = this.#lineAfter(low + Math.floor((high - low) / 2))
      if (start === undefined || start.offset >= high) break
      if (start.word > word) high = start.offset
      else low = start.offset
    }
    this.#fromOffset = low
    const lines = this.#read(low, high - low)
      .toString('latin1')
      .split('\n')
      .slice(0, -1)
    for (const line of lines) this.#check(line, this.name)
    return lines
  }

  /** The first line that begins behind an offset; undefined when there is none. */
  #lineAfter(offset: number): LineStart | undefined {
    const bytes = this.#read(offset, PROBE_BYTES)
    const stop = bytes.indexOf(NEWLINE)
    if (stop === -1) throw this.#corrupt(bytes)
    if (offset + stop + 1 === this.#endOffset) return undefined
    const end = bytes.indexOf(NEWLINE, stop + 1)
    if (end === -1) throw this.#corrupt(bytes)
    const line = bytes.toString('latin1', stop + 1, end)
    this.#check(line, this.name)
    return { offset: offset + stop + 1, word: firstWord(line) }
  }

  #read(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.min(length, Math.max(0, this.#endOffset - offset)))
    const read = readSync(this.#file, buffer, 0, buffer.length, offset)
    return buffer.subarray(0, read)
  }

  #corrupt(found: Buffer): CorruptStateError {
    const text = JSON.stringify(found.toString('latin1', 0, 200))
    return new CorruptStateError(
      `Cannot read ${this.name}: found ${text}, wanted lines of the scan record`,
    )
  }
}

function firstWord(line: string): string {
  return line.slice(0, line.indexOf(' '))
}
