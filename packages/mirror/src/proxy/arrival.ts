import type { Digest } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type { ArtifactContent, BlobStore, ByteRange, StagedWriter } from '@jarswarm/ports'
import { orAborted } from '../wait/deadline.ts'

/**
 * The end of every answer that is kept back until the whole file has been checked: a client that got all but this much
 * sees a short length, and throws the rest away.
 */
export const WITHHELD_BYTES = 65_536
/** Read from the disk at once. */
const CHUNK_BYTES = 262_144

export interface ArrivalComponents {
  readonly blobs: BlobStore
  readonly stage: StagedWriter
}

export interface ArrivalInit {
  readonly path: RepositoryPath
  readonly sizeBytes: number
  /** Whether the stage can be read after its end. */
  readonly inHeap: boolean
}

/** A large file on its way: written by one download, read by any number of answers that stop short of its end. */
export class Arrival {
  readonly #components: ArrivalComponents
  readonly #init: ArrivalInit
  #availableBytes = 0
  #state: 'arriving' | 'naming' | 'checked' | 'failed' = 'arriving'
  /** Empty until the file has been checked. */
  #digest: Digest = ''
  #hold: { release(): void } | undefined
  #error: UnavailableError | undefined
  #readers = 0
  #changed = Promise.withResolvers<undefined>()

  constructor(components: ArrivalComponents, init: ArrivalInit) {
    this.#components = components
    this.#init = init
  }

  get hasFailed(): boolean {
    return this.#state === 'failed'
  }

  /** Content for one more answer. */
  open(): ArtifactContent {
    this.#readers += 1
    let open = true
    return {
      source: 'origin',
      sizeBytes: this.#init.sizeBytes,
      read: (range, { signal }) => this.#read(range, signal),
      release: () => {
        if (open) this.#readers -= 1
        open = false
        this.#letGo()
      },
    }
  }

  /** So many bytes from the beginning on are written. */
  advance(availableBytes: number): void {
    this.#availableBytes = availableBytes
    this.#wake()
  }

  /** The bytes agree with what the origin states; from now on they are in the store, or on their way into it. */
  name(digest: Digest): void {
    this.#state = 'naming'
    this.#digest = digest
    this.#hold = this.#components.blobs.hold(digest)
  }

  /** Let the withheld end out: the file is stored. */
  complete(): void {
    this.#state = 'checked'
    this.#wake()
    this.#letGo()
  }

  /** All answers end short. */
  fail(reason: string, cause: unknown): void {
    this.#state = 'failed'
    this.#error = new UnavailableError(reason, { cause })
    this.#wake()
    this.#letGo()
  }

  #letGo(): void {
    if (this.#readers > 0 || this.#state === 'arriving' || this.#state === 'naming') return
    this.#hold?.release()
    this.#hold = undefined
    // Frees the heap. A stage in a file has ended already, or has failed: what of it a sick disk keeps goes at the next start.
    this.#components.stage.abort().catch(() => undefined)
  }

  #wake(): void {
    this.#changed.resolve(undefined)
    this.#changed = Promise.withResolvers()
  }

  async *#read(range: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const end = range.offset + range.length
    const withheldFrom = end - Math.min(WITHHELD_BYTES, range.length)
    for (let offset = range.offset; offset < end;) {
      const changed = this.#changed.promise
      if (this.#error !== undefined) throw this.#error
      const limit = this.#state === 'checked' ? end : Math.min(this.#availableBytes, withheldFrom)
      if (limit <= offset || this.#state === 'naming') {
        await orAborted(changed, signal)
        continue
      }
      const length = Math.min(limit - offset, CHUNK_BYTES)
      const bytes = await this.#readBack({ offset, length })
      if (bytes === undefined) continue
      yield bytes
      offset += length
    }
  }

  /** @returns undefined when the stage ended while it was read: look again where the bytes are */
  async #readBack(range: ByteRange): Promise<Uint8Array | undefined> {
    const { blobs, stage } = this.#components
    const { inHeap, path } = this.#init
    if (inHeap || this.#state === 'arriving') {
      try {
        return await stage.read(range)
      } catch (error) {
        if (this.#state === 'arriving') throw error
        return undefined
      }
    }
    const bytes = await blobs.read(this.#digest, range)
    if (bytes === undefined) {
      throw new UnavailableError(`Cannot read ${path}: it left the store meanwhile`)
    }
    return bytes
  }
}
