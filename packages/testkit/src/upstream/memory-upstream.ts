import {
  NotHeldError,
  publishedPath,
  SourceUnavailableError,
  TruncatedError,
} from '@jarswarm/ports'
import type {
  AbortOptions,
  ByteRange,
  PublishedName,
  StreamedName,
  Upstream,
  UpstreamHealth,
} from '@jarswarm/ports'
import type { RepositoryPath } from '@jarswarm/maven'
import type { UpstreamBehaviour } from './upstream-behaviour.ts'
import { wrongBytes } from './upstream-behaviour.ts'

/** Bytes of one chunk of an artifact. */
const CHUNK_BYTES = 65_536

export interface MemoryUpstreamInit {
  /** Files by their path below the root of the repository, the published form included. */
  readonly files: Map<string, Uint8Array>
  /** @defaultValue 'origin' */
  readonly kind?: 'origin' | 'mirror'
  /** @defaultValue 'http://origin.test/repo' */
  readonly url?: string
}

/** An upstream without network, whose behaviour and health a test sets as it likes. */
export class MemoryUpstream implements Upstream {
  readonly kind: 'origin' | 'mirror'
  readonly url: string
  readonly files: Map<string, Uint8Array>
  /** Paths in the order in which they were asked for, with `#offset+length` behind those of a part. */
  readonly requests: string[] = []
  behaviour: UpstreamBehaviour = 'healthy'
  /** What `health()` says; tests replace it. */
  reported: UpstreamHealth = { healthy: true, medianMs: 20, waitingMs: 0 }
  /** Called before each answer; tests hold answers back with it. */
  gate: (path: string) => Promise<void> = () => Promise.resolve()
  ignoresRanges = false
  #receivedBytes = 0

  constructor(init: MemoryUpstreamInit) {
    this.kind = init.kind ?? 'origin'
    this.url = init.url ?? 'http://origin.test/repo'
    this.files = init.files
  }

  async readPublished(
    name: PublishedName,
    options: AbortOptions & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    const path = publishedPath(name)
    const bytes = await this.#answer(path, path, options.signal)
    if (bytes.length > options.maxBytes) {
      throw new SourceUnavailableError(
        `Cannot accept ${path}: found ${bytes.length} bytes, wanted at most ${options.maxBytes}`,
      )
    }
    const chunks: Uint8Array[] = []
    for await (const chunk of this.#send(path, bytes, options.signal)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  async *readArtifact(
    name: RepositoryPath | StreamedName,
    options: AbortOptions & { readonly sizeBytes: number; readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array> {
    const { range, signal, sizeBytes } = options
    const path = typeof name === 'string' ? name : publishedPath(name)
    const label = range === undefined ? path : `${path}#${range.offset}+${range.length}`
    const bytes = await this.#answer(path, label, signal)
    if (bytes.length !== sizeBytes) {
      const message = `Cannot accept ${path}: found ${bytes.length} bytes, wanted ${sizeBytes}`
      throw bytes.length < sizeBytes
        ? new TruncatedError(message)
        : new SourceUnavailableError(message)
    }
    const { offset, length } = range ?? { offset: 0, length: sizeBytes }
    yield* this.#send(path, bytes.subarray(offset, offset + length), signal)
  }

  health(): UpstreamHealth {
    return this.reported
  }

  receivedBytes(): number {
    return this.#receivedBytes
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #answer(path: string, label: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    signal?.throwIfAborted()
    this.requests.push(label)
    await orAbort(this.gate(label), signal)
    if (this.behaviour === 'refusing' || this.behaviour === 'failing') {
      throw new SourceUnavailableError(`Cannot read from ${this.url}: found ${this.behaviour}`)
    }
    if (this.behaviour === 'silent') await orAbort(forever(), signal)
    const bytes = this.files.get(path)
    if (bytes === undefined) throw new NotHeldError(`Cannot read ${this.url}/${path}: not there`)
    return this.behaviour === 'lying' ? wrongBytes(bytes) : bytes
  }

  async *#send(
    path: string,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const cut = this.behaviour === 'truncating' || this.behaviour === 'stalling'
    const end = cut ? Math.floor(bytes.length / 2) : bytes.length
    for (let offset = 0; offset < end; offset += CHUNK_BYTES) {
      signal?.throwIfAborted()
      const chunk = bytes.subarray(offset, Math.min(offset + CHUNK_BYTES, end))
      this.#receivedBytes += chunk.length
      yield chunk
    }
    if (this.behaviour === 'stalling') await orAbort(forever(), signal)
    if (cut)
      throw new TruncatedError(`Cannot accept ${path}: found ${end} of ${bytes.length} bytes`)
  }
}

function forever(): Promise<never> {
  return new Promise(() => undefined)
}

async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => {
    reject(signal.reason as Error)
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
