import type { IndexEntry } from '@jarswarm/manifest'
import { NoSpaceError, UnavailableError } from '@jarswarm/ports'
import type { BlobStore, BlobWriter, ByteRange, Clock, SourceKind } from '@jarswarm/ports'
import type { Part } from '../transfer/part.ts'
import { Transfer } from '../transfer/transfer.ts'
import type { Headway } from '../transfer/transfer.ts'
import { orAborted } from '../wait/deadline.ts'
import type { SourcePlan } from './source-plan.ts'

/** Last pieces kept in memory, so that a reader close behind the download does not go to the disk: 2 MiB. */
const RECENT_PIECES = 8

export interface BlobDownloadComponents {
  readonly clock: Clock
  readonly blobs: BlobStore
  readonly writer: BlobWriter
  /** Whether `writer` can be read after its end, and knows nothing of the disk. */
  readonly inMemory: boolean
  readonly plan: SourcePlan
}

export interface BlobDownloadInit {
  readonly entry: IndexEntry
  /** Pieces of the artifact in order, or the one part that is the whole. */
  readonly parts: readonly Part[]
}

/** One blob on its way here: verified parts in any order, readable as they come, stored durably at the end. */
export class BlobDownload {
  readonly entry: IndexEntry
  /** The first verified bytes are here; of a small blob that is all of it. */
  readonly ready: Promise<void>
  /** The blob is acknowledged by the store. Rejects with NoSpaceError when it is whole and only in memory. */
  readonly stored: Promise<void>
  source: SourceKind = 'store'
  readonly #components: BlobDownloadComponents
  readonly #parts: readonly Part[]
  readonly #here = new Map<number, PromiseWithResolvers<undefined>>()
  readonly #recent = new Map<number, Uint8Array>()
  readonly #transfer: Transfer
  readonly #first = Promise.withResolvers<undefined>()
  readonly #closed = Promise.withResolvers<undefined>()
  #committing = false

  constructor(components: BlobDownloadComponents, init: BlobDownloadInit) {
    this.entry = init.entry
    this.#components = components
    this.#parts = init.parts
    for (const { offset } of init.parts) {
      const here = Promise.withResolvers<undefined>()
      here.promise.catch(() => undefined)
      this.#here.set(offset, here)
    }
    this.#transfer = new Transfer(
      { clock: components.clock },
      {
        sources: components.plan.first(init.parts.length),
        nextSources: (signal) => components.plan.next(signal),
        deliver: (part, bytes, source) => this.#deliver(part, bytes, source.kind),
        failsLate: components.plan.isNarrow,
      },
    )
    this.ready = this.#first.promise
    this.stored = this.#complete()
    this.ready.catch(() => undefined)
    this.stored.catch(() => undefined)
    this.#transfer.add(init.parts)
    this.#transfer.seal()
  }

  /** What stands in the way so far, for a user who waits no longer. */
  reasons(): string {
    return this.#transfer.reasons()
  }

  /** Who is sending, and how long the next part takes; undefined when nobody is. */
  headway(): Headway | undefined {
    return this.#transfer.headway()
  }

  /** Somebody wants it from wherever it may come. */
  widen(): void {
    if (!this.#components.plan.isNarrow) return
    this.#components.plan.widen()
    this.#transfer.widen()
  }

  /** All of a blob that comes in one part, once it is ready; undefined of others. */
  whole(): Uint8Array | undefined {
    return this.#parts.length === 1 ? this.#recent.get(0) : undefined
  }

  abort(reason: Error): void {
    this.#transfer.abort(reason)
  }

  /** The bytes of a range in order, as they come. */
  async *read(range: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const end = range.offset + range.length
    this.#transfer.preferFrom(this.#partAt(range.offset)?.offset ?? 0)
    for (let offset = range.offset; offset < end;) {
      const part = this.#partAt(offset)
      if (part === undefined) throw new RangeError(`Cannot read at ${offset} of ${this.entry.path}`)
      await orAborted(this.#waitFor(part), signal)
      const length = Math.min(part.offset + part.length, end) - offset
      yield await this.#readBack(part, { offset, length })
      offset += length
    }
  }

  async #waitFor(part: Part): Promise<void> {
    await this.#here.get(part.offset)?.promise
  }

  #partAt(offset: number): Part | undefined {
    const pieceBytes = this.#parts[0]?.length ?? 1
    return this.#parts[Math.floor(offset / pieceBytes)]
  }

  async #readBack(part: Part, range: ByteRange): Promise<Uint8Array> {
    const recent = this.#recent.get(part.offset)
    if (recent !== undefined) {
      const start = range.offset - part.offset
      return recent.subarray(start, start + range.length)
    }
    if (this.#components.inMemory || !this.#committing) {
      return await this.#components.writer.read(range)
    }
    await this.#closed.promise
    const bytes = await this.#components.blobs.read(this.entry.digest, range)
    if (bytes === undefined) {
      throw new UnavailableError(`Cannot read ${this.entry.path}: it left the store meanwhile`)
    }
    return bytes
  }

  async #deliver(part: Part, bytes: Uint8Array, source: SourceKind): Promise<void> {
    await this.#components.writer.write(part.offset, bytes)
    if (this.source === 'store') this.source = source
    this.#recent.set(part.offset, bytes)
    if (this.#recent.size > RECENT_PIECES) {
      const [oldest] = this.#recent.keys()
      if (oldest !== undefined) this.#recent.delete(oldest)
    }
    this.#here.get(part.offset)?.resolve(undefined)
    this.#first.resolve(undefined)
  }

  async #complete(): Promise<void> {
    try {
      await this.#transfer.done
      this.#first.resolve(undefined)
      this.#committing = true
      await this.#components.writer.commit()
    } catch (cause) {
      // All of it came, and only the disk refused it: whoever reads it from memory may go on.
      const isWhole = this.#committing && cause instanceof NoSpaceError
      if (!isWhole) await this.#fail(cause)
      throw cause
    } finally {
      this.#closed.resolve(undefined)
    }
  }

  async #fail(cause: unknown): Promise<void> {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const error = new UnavailableError(reason, { cause })
    this.#first.reject(error)
    for (const here of this.#here.values()) here.reject(error)
    await this.#components.writer.abort()
  }
}
