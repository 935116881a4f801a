import type { RepositoryPath } from '@jarswarm/maven'
import { hash, randomBytes } from 'node:crypto'
import type { Digest } from './digest.ts'

/** What is known of a path: the bytes it has, or had when it is not present. */
export interface ReleaseMemory {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly present: boolean
}

/** A path between two heads. */
export interface TrackedPath {
  /** What is known of it at this point of the history; undefined when it was never there. */
  readonly now: ReleaseMemory | undefined
  /** What the later index says; undefined when it is absent there. */
  readonly wanted: ReleaseMemory | undefined
}

/** A salted hash of a path. */
export type PathKey = Buffer

const KEY_BYTES = 16
const DIGEST_BYTES = 32
const SIZE_BYTES = 6
const MEMORY_BYTES = 1 + DIGEST_BYTES + SIZE_BYTES
const NOW_AT = 1 + KEY_BYTES
const WANTED_AT = NOW_AT + MEMORY_BYTES
/** Bytes for one path. */
export const SLOT_BYTES: number = WANTED_AT + MEMORY_BYTES

/** State of a memory, its first byte. */
const NOTHING = 0
const PRESENT = 1
const LEFT = 2

const LEAST_SLOTS = 64
/** Fuller than this, a look-up takes many steps. */
const FULL_SHARE = 0.75
const GROWTH = 1.5

/**
 * Paths of a comparison in flat memory outside the heap: as objects they would take four times as much.
 *
 * A path is known by 128 bits of a hash with a salt that is drawn for each table, so that nobody can make two that
 * meet. Its text is not kept: who needs the path of a key looks for it among the paths that were put.
 */
export class FoldTable {
  readonly #salt = randomBytes(KEY_BYTES).toString('hex')
  #slots: number
  #bytes: Buffer
  #count = 0

  /** @param expected how many paths to make room for; more fit in, too */
  constructor(expected: number) {
    this.#slots = Math.max(LEAST_SLOTS, Math.ceil(expected / FULL_SHARE) + 1)
    this.#bytes = Buffer.alloc(this.#slots * SLOT_BYTES)
  }

  /** How many paths it has. */
  get count(): number {
    return this.#count
  }

  keyOf(path: RepositoryPath): PathKey {
    return hash('sha256', this.#salt + path, 'buffer').subarray(0, KEY_BYTES)
  }

  /** Forget all paths, and keep the room. */
  clear(): void {
    this.#bytes.fill(0)
    this.#count = 0
  }

  get(key: PathKey): TrackedPath | undefined {
    const at = this.#find(key)
    return this.#isTaken(at) ? this.#read(at) : undefined
  }

  set(key: PathKey, tracked: TrackedPath): void {
    if (this.#count >= this.#slots * FULL_SHARE) this.#grow()
    const at = this.#find(key)
    if (!this.#isTaken(at)) {
      this.#count += 1
      this.#bytes[at] = 1
      key.copy(this.#bytes, at + 1)
    }
    this.#writeMemory(at + NOW_AT, tracked.now)
    this.#writeMemory(at + WANTED_AT, tracked.wanted)
  }

  /** All paths, in no order. The keys are good until the table is changed. */
  *entries(): Generator<readonly [PathKey, TrackedPath]> {
    for (let slot = 0; slot < this.#slots; slot += 1) {
      const at = slot * SLOT_BYTES
      if (this.#isTaken(at)) yield [this.#keyAt(at), this.#read(at)]
    }
  }

  #read(at: number): TrackedPath {
    return { now: this.#readMemory(at + NOW_AT), wanted: this.#readMemory(at + WANTED_AT) }
  }

  #isTaken(at: number): boolean {
    return this.#bytes[at] !== 0
  }

  #keyAt(at: number): PathKey {
    return this.#bytes.subarray(at + 1, at + NOW_AT)
  }

  /** Where a key stands, or else the free place for it. */
  #find(key: PathKey): number {
    let slot = key.readUInt32BE(0) % this.#slots
    for (;;) {
      const at = slot * SLOT_BYTES
      if (!this.#isTaken(at) || this.#hasKey(at, key)) return at
      slot = (slot + 1) % this.#slots
    }
  }

  /** Byte by byte, for nearly all differ in the first: a call into native code costs more. */
  #hasKey(at: number, key: PathKey): boolean {
    for (let i = 0; i < KEY_BYTES; i += 1) if (this.#bytes[at + 1 + i] !== key[i]) return false
    return true
  }

  #grow(): void {
    const before = this.#bytes
    this.#slots = Math.ceil(this.#slots * GROWTH)
    this.#bytes = Buffer.alloc(this.#slots * SLOT_BYTES)
    for (let at = 0; at < before.length; at += SLOT_BYTES) {
      if (before[at] === 0) continue
      before.copy(
        this.#bytes,
        this.#find(before.subarray(at + 1, at + NOW_AT)),
        at,
        at + SLOT_BYTES,
      )
    }
  }

  #readMemory(at: number): ReleaseMemory | undefined {
    const state = this.#bytes[at]
    if (state === NOTHING) return undefined
    return {
      digest: this.#bytes.toString('hex', at + 1, at + 1 + DIGEST_BYTES),
      sizeBytes: this.#bytes.readUIntBE(at + 1 + DIGEST_BYTES, SIZE_BYTES),
      present: state === PRESENT,
    }
  }

  #writeMemory(at: number, memory: ReleaseMemory | undefined): void {
    this.#bytes[at] = memory === undefined ? NOTHING : memory.present ? PRESENT : LEFT
    if (memory === undefined) return
    this.#bytes.write(memory.digest, at + 1, DIGEST_BYTES, 'hex')
    this.#bytes.writeUIntBE(memory.sizeBytes, at + 1 + DIGEST_BYTES, SIZE_BYTES)
  }
}
