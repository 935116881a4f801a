import type { Digest } from '@jarswarm/manifest'
import { Register } from './_register.ts'

/** What is under way in a node. */
export type UnderWay = 'storing' | 'evicting' | 'head update'

/** What a node said to be durable, by the lines that `_acknowledging.ts` writes. */
export class Acknowledgements {
  /** Blobs that must be there: stored, and not about to be removed. */
  readonly stored = new Set<Digest>()
  /** Blobs that were removed. */
  removed = 0
  /** Heads that came into use, over all. */
  heads = 0
  /** Number of the root and of the head, 0 for none. */
  readonly trust = new Register()
  /** Number of the head in use. */
  readonly step = new Register()
  /** Root of the index that is complete. */
  readonly index = new Register()
  readonly #storing = new Set<Digest>()
  readonly #removing = new Set<Digest>()
  /** What comes after the last line end is a line that is being written. */
  #rest = ''

  /** Take in what was written since. */
  read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#readLine(line)
  }

  /** Take in what was begun, and may or may not be there, in a part of the log. What ended then is not sure. */
  readBegun(text: string): void {
    const begun = text
      .split('\n')
      .filter((line) => /^(removing|trusting|accepting|indexing) /.test(line))
    this.read(begun.map((line) => `${line}\n`).join(''))
  }

  /** Another process goes on with what is there. */
  restarted(): void {
    this.#rest = ''
    this.#storing.clear()
    this.#removing.clear()
    for (const register of [this.trust, this.step, this.index]) register.cutOff()
  }

  get underWay(): ReadonlySet<UnderWay> {
    const all = new Set<UnderWay>()
    if (this.#storing.size > 0) all.add('storing')
    if (this.#removing.size > 0) all.add('evicting')
    if (this.#isUpdating) all.add('head update')
    return all
  }

  /** Something of it is being saved, or a newer head is trusted that is not in use yet. */
  get #isUpdating(): boolean {
    if (this.trust.isBegun || this.step.isBegun || this.index.isBegun) return true
    return this.index.acknowledged !== undefined && this.trusted.seq > this.inUse
  }

  /** The newest trusted state. */
  get trusted(): { readonly root: number; readonly seq: number } {
    const [root, seq] = (this.trust.acknowledged ?? '0 0').split(' ').map(Number)
    return { root: root ?? 0, seq: seq ?? 0 }
  }

  /** Number of the head in use, 0 for none. */
  get inUse(): number {
    return Number(this.step.acknowledged ?? 0)
  }

  /** How many were removed since this was asked last. */
  takeRemoved(): number {
    const { removed } = this
    this.removed = 0
    return removed
  }

  #readLine(line: string): void {
    const space = line.indexOf(' ')
    const [what, value] = [line.slice(0, space), line.slice(space + 1)]
    if (what in REGISTERS) {
      const [register, ends] = REGISTERS[what as keyof typeof REGISTERS]
      const said = value === '-' ? undefined : value
      if (what === 'accepted' && said !== this.step.acknowledged) this.heads += 1
      if (ends) this[register].end(said)
      else this[register].begin(said)
      return
    }
    switch (what) {
      case 'storing':
        this.#storing.add(value)
        break
      case 'stored':
        this.#storing.delete(value)
        this.stored.add(value)
        break
      case 'removing':
        this.stored.delete(value)
        this.#removing.add(value)
        break
      case 'removed':
        if (this.#removing.delete(value)) this.removed += 1
        break
      default:
        throw new RangeError(`Cannot read ${JSON.stringify(line)}: wanted what a node reports`)
    }
  }
}

/** Which register a word is about, and whether it says that it is durable. */
const REGISTERS = {
  trusting: ['trust', false],
  trusted: ['trust', true],
  accepting: ['step', false],
  accepted: ['step', true],
  indexing: ['index', false],
  indexed: ['index', true],
} as const

export function readAcknowledged(log: string): Acknowledgements {
  const acknowledged = new Acknowledgements()
  acknowledged.read(log)
  return acknowledged
}
