import { createHash } from 'node:crypto'
import { CHECKSUM_KINDS, SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type {
  ChecksumKind,
  OriginAnswer,
  OriginFile,
  OriginRequest,
  ProxyOrigin,
} from '@jarswarm/ports'

/**
 * How the origin answers for a path. `wrong`: with a bit flipped. `truncated`: with half of the announced bytes.
 * `failing`: with an error. `busy`: with 429. `silent`: not before the signal.
 */
export type OriginManner = 'whole' | 'wrong' | 'truncated' | 'failing' | 'busy' | 'silent'

export interface OriginContent {
  readonly bytes: Uint8Array | string
  /** Checksum files to put beside it. @defaultValue all */
  readonly checksums?: readonly ChecksumKind[]
  /** @defaultValue 1 700 000 000 000 */
  readonly lastModifiedMs?: number
  readonly etag?: string
  /** Whether a length is announced. @defaultValue true */
  readonly statesLength?: boolean
}

type Held = Omit<OriginContent, 'bytes'> & { readonly bytes: Uint8Array }

export const BUSY_MS = 30_000
const CHUNK_BYTES = 65_536

/** A `ProxyOrigin` in the heap, which fails the way the test says. */
export class MemoryProxyOrigin implements ProxyOrigin {
  readonly url = 'https://origin.example/maven2'
  /** Paths that were asked for, in order. */
  readonly asked: string[] = []
  /** For all paths without a manner of their own. */
  manner: OriginManner = 'whole'
  /** When set, bodies wait before their last chunk. */
  gate: Promise<unknown> | undefined
  readonly #files = new Map<string, Held>()
  readonly #manners = new Map<string, OriginManner[]>()
  #receivedBytes = 0

  /** Add or replace a file and its checksum files. */
  put(path: string, content: OriginContent): void {
    const bytes =
      typeof content.bytes === 'string' ? new TextEncoder().encode(content.bytes) : content.bytes
    this.#files.set(path, { ...content, bytes })
    for (const kind of CHECKSUM_KINDS) this.#files.delete(`${path}.${kind}`)
    for (const kind of content.checksums ?? CHECKSUM_KINDS) {
      const hex = createHash(kind).update(bytes).digest('hex')
      this.putRaw(`${path}.${kind}`, hex)
    }
  }

  /** Add or replace a file alone. */
  putRaw(path: string, text: string): void {
    this.#files.set(path, { bytes: new TextEncoder().encode(text) })
  }

  /** Answer the next requests for a path so, one after the other; the last one stays. */
  behave(path: string, ...manners: OriginManner[]): void {
    this.#manners.set(path, manners)
  }

  remove(path: string): void {
    this.#files.delete(path)
  }

  async get(path: string, request: OriginRequest): Promise<OriginAnswer> {
    await Promise.resolve()
    request.signal?.throwIfAborted()
    this.asked.push(path)
    const manner = this.#mannerOf(path)
    if (manner === 'failing') throw new SourceUnavailableError('the origin answers with status 500')
    if (manner === 'busy') return { kind: 'busy', retryAfterMs: BUSY_MS }
    if (manner === 'silent') return await untilAborted(request.signal)
    const held = this.#files.get(path)
    if (held === undefined) return { kind: 'absent' }
    if (isUnchanged(held, request.unless)) return { kind: 'unmodified' }
    return this.#toFile(held, manner)
  }

  receivedBytes(): number {
    return this.#receivedBytes
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #mannerOf(path: string): OriginManner {
    const manners = this.#manners.get(path)
    if (manners === undefined) return this.manner
    return (manners.length > 1 ? manners.shift() : manners[0]) ?? 'whole'
  }

  #toFile(held: Held, manner: OriginManner): OriginFile {
    const { bytes, statesLength = true, lastModifiedMs = 1_700_000_000_000, etag } = held
    return {
      kind: 'file',
      sizeBytes: statesLength ? bytes.length : undefined,
      lastModifiedMs,
      etag,
      body: this.#send(bytes, manner),
      discard: () => undefined,
    }
  }

  async *#send(bytes: Uint8Array, manner: OriginManner): AsyncGenerator<Uint8Array> {
    const sent = manner === 'wrong' ? flipLastBit(bytes) : bytes
    const end = manner === 'truncated' ? Math.floor(sent.length / 2) : sent.length
    for (let offset = 0; offset < end; offset += CHUNK_BYTES) {
      if (offset + CHUNK_BYTES >= end) await this.gate
      const chunk = sent.subarray(offset, Math.min(offset + CHUNK_BYTES, end))
      this.#receivedBytes += chunk.length
      yield chunk
    }
    if (manner === 'truncated') throw new TruncatedError('the origin closed the connection')
  }
}

function isUnchanged(held: Held, unless: OriginRequest['unless']): boolean {
  if (unless === undefined) return false
  if (unless.etag !== undefined) return unless.etag === held.etag
  return unless.mtimeSeconds * 1_000 >= (held.lastModifiedMs ?? 1_700_000_000_000)
}

function flipLastBit(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })
}
