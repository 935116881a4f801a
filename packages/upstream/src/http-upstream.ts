import {
  CONNECT_TIMEOUT_MS,
  createDispatcher,
  fileUrl,
  readWhole,
  sendRequest,
  unexpectedStatus,
  UnusableAnswerError,
  userAgent,
} from '@jarswarm/http'
import type { Dispatcher, HttpResponse } from '@jarswarm/http'
import { NotHeldError, publishedPath, TruncatedError } from '@jarswarm/ports'
import type {
  AbortOptions,
  ByteRange,
  Clock,
  PublishedName,
  StreamedName,
  Upstream,
  UpstreamHealth,
} from '@jarswarm/ports'
import type { RepositoryPath } from '@jarswarm/maven'
import { HealthTracker } from './health-tracker.ts'
import type { TrackedRequest } from './health-tracker.ts'
import { MAX_UPSTREAM_CONNECTIONS } from './limits.ts'
import { rememberManifest } from './remembered-manifest.ts'
import type { RememberedManifest } from './remembered-manifest.ts'
import { planBody, readPlanned } from './response-body.ts'
import { isPortError, toSourceError } from './source-error.ts'

/** Longest wait for an answer to begin: inside the 8 s in which a request must be decided. */
export const FIRST_BYTE_TIMEOUT_MS = 6_000
/** Longest pause inside a body, the same as the endpoint's towards its clients. */
export const SILENCE_TIMEOUT_MS = 8_000

export interface HttpUpstreamComponents {
  readonly clock: Clock
}

export interface HttpUpstreamInit {
  readonly kind: 'origin' | 'mirror'
  /** Base URL of the repository, http or https, with or without a trailing slash. */
  readonly url: string
  /** Version of the program, for the User-Agent. */
  readonly version: string
  /** Certificates in PEM that are trusted beside those of the program and of the system. @defaultValue [] */
  readonly certificates?: readonly string[]
  /** Environment with `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. @defaultValue that of the process */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** @defaultValue {@link CONNECT_TIMEOUT_MS} */
  readonly connectTimeoutMs?: number
  /** @defaultValue {@link FIRST_BYTE_TIMEOUT_MS} */
  readonly firstByteTimeoutMs?: number
  /** @defaultValue {@link SILENCE_TIMEOUT_MS} */
  readonly silenceTimeoutMs?: number
  /** @defaultValue {@link MAX_UPSTREAM_CONNECTIONS} */
  readonly connections?: number
}

/**
 * The origin or a mirror over HTTP, through the proxy that the environment names: bounded connections, stated lengths, no
 * decoding, and a view of its health.
 */
export class HttpUpstream implements Upstream {
  readonly kind: 'origin' | 'mirror'
  readonly url: string
  readonly #agent: Dispatcher
  readonly #headers: Readonly<Record<string, string>>
  readonly #health: HealthTracker
  #ignoresRanges = false
  #receivedBytes = 0
  #manifest: RememberedManifest | undefined

  constructor(components: HttpUpstreamComponents, init: HttpUpstreamInit) {
    const { protocol } = new URL(init.url)
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new TypeError(
        `Cannot use ${init.url} as upstream: found ${protocol}, wanted http or https`,
      )
    }
    this.kind = init.kind
    this.url = init.url.replace(/\/+$/, '')
    this.#headers = { 'user-agent': userAgent(init.version), 'accept-encoding': 'identity' }
    this.#agent = createDispatcher({
      connections: init.connections ?? MAX_UPSTREAM_CONNECTIONS,
      firstByteTimeoutMs: init.firstByteTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS,
      silenceTimeoutMs: init.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS,
      connectTimeoutMs: init.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      certificates: init.certificates,
      env: init.env,
    })
    this.#health = new HealthTracker({ clock: components.clock, probe: () => this.#probe() })
  }

  async readPublished(
    name: PublishedName,
    options: AbortOptions & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    const isManifest = name.kind === 'manifest'
    const known = isManifest ? this.#manifest : undefined
    const wanted = { path: publishedPath(name), unless: known?.etag, signal: options.signal }
    return await this.#exchange(wanted, async (response) => {
      if (response.status === 304 && known !== undefined) return known.bytes
      if (response.status !== 200) throw unexpectedStatus(response)
      const bytes = await readWhole(response, options.maxBytes)
      this.#receivedBytes += bytes.length
      if (isManifest) this.#manifest = rememberManifest(response, bytes)
      return bytes
    })
  }

  async *readArtifact(
    name: RepositoryPath | StreamedName,
    options: AbortOptions & { readonly sizeBytes: number; readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array> {
    const path = typeof name === 'string' ? name : publishedPath(name)
    const range = properPart(options.sizeBytes, options.range)
    const request = this.#begin({ path, range, signal: options.signal })
    try {
      const response = await this.#open(request)
      if (range !== undefined) this.#ignoresRanges = response.status === 200
      const plan = planBody(response, options.sizeBytes, range)
      for await (const chunk of readPlanned(response, plan)) {
        this.#receivedBytes += chunk.length
        yield chunk
      }
      request.tracked.succeeded()
    } catch (error) {
      throw this.#settle(request, error)
    } finally {
      request.response?.body.destroy()
    }
  }

  get ignoresRanges(): boolean {
    return this.#ignoresRanges
  }

  health(): UpstreamHealth {
    return this.#health.health()
  }

  receivedBytes(): number {
    return this.#receivedBytes
  }

  async close(): Promise<void> {
    this.#health.close()
    await this.#agent.destroy()
  }

  async #exchange<T>(wanted: Wanted, read: (response: HttpResponse) => Promise<T>): Promise<T> {
    const request = this.#begin(wanted)
    try {
      const result = await read(await this.#open(request))
      request.tracked.succeeded()
      return result
    } catch (error) {
      throw this.#settle(request, error)
    } finally {
      request.response?.body.destroy()
    }
  }

  #begin(wanted: Wanted): RequestUnderWay {
    return { wanted, tracked: this.#health.begin(), response: undefined }
  }

  async #open(request: RequestUnderWay): Promise<HttpResponse> {
    const { path, method, range, unless, signal } = request.wanted
    signal?.throwIfAborted()
    const last = range === undefined ? 0 : range.offset + range.length - 1
    const response = await sendRequest(this.#agent, {
      url: fileUrl(this.url, path),
      method: method ?? 'GET',
      headers: {
        ...this.#headers,
        ...(range === undefined ? {} : { range: `bytes=${range.offset}-${last}` }),
        ...(unless === undefined ? {} : { 'if-none-match': unless }),
      },
      signal,
    })
    request.response = response
    if (response.status >= 500 || response.status === 429) {
      request.tracked.failed()
      throw unexpectedStatus(response)
    }
    request.tracked.firstByte()
    if (response.status === 404 || response.status === 410) {
      request.tracked.succeeded()
      throw new NotHeldError(`Cannot read ${response.place}: found status ${response.status}`)
    }
    return response
  }

  /** The error to throw on; health learns of it as a side effect. */
  #settle(request: RequestUnderWay, error: unknown): unknown {
    const { tracked, response } = request
    const { signal } = request.wanted
    if (signal?.aborted === true) {
      tracked.abandoned()
      return signal.reason
    }
    const said = toSourceError(this.url, error, response !== undefined)
    const isAnswer = isPortError(error) || error instanceof UnusableAnswerError
    if (isAnswer && !(said instanceof TruncatedError)) tracked.abandoned()
    else tracked.failed()
    return said
  }

  /** Any answer that is no server error shows life, whatever it says. */
  async #probe(): Promise<void> {
    try {
      await this.#exchange({ path: '', method: 'HEAD', signal: undefined }, () => Promise.resolve())
    } catch (error) {
      if (!(error instanceof NotHeldError)) throw error
    }
  }
}

/** What is asked for. */
interface Wanted {
  readonly path: string
  readonly method?: 'GET' | 'HEAD'
  readonly range?: ByteRange | undefined
  /** Tag of what is here already. */
  readonly unless?: string | undefined
  readonly signal: AbortSignal | undefined
}

interface RequestUnderWay {
  readonly wanted: Wanted
  readonly tracked: TrackedRequest
  response: HttpResponse | undefined
}

/** The range when it is less than the whole. */
function properPart(sizeBytes: number, range: ByteRange | undefined): ByteRange | undefined {
  if (range === undefined || (range.offset === 0 && range.length === sizeBytes)) return undefined
  if (range.offset < 0 || range.length < 1 || range.offset + range.length > sizeBytes) {
    throw new RangeError(
      `Cannot read ${range.length} bytes at ${range.offset}: the artifact has ${sizeBytes}`,
    )
  }
  return range
}
