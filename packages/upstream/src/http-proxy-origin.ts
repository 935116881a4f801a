import { getCACertificates } from 'node:tls'
import { SourceUnavailableError, TruncatedError } from '@jarswarm/ports'
import type { OriginAnswer, OriginFile, OriginRequest, ProxyOrigin } from '@jarswarm/ports'
import { EnvHttpProxyAgent } from 'undici'
import { sendRequest } from './http-response.ts'
import type { HttpResponse } from './http-response.ts'
import { announcedLength, refuseEncoding, unexpectedStatus } from './response-body.ts'
import { readRetryAfter } from './retry-after.ts'
import { isPortError, toSourceError } from './source-error.ts'

/** Four requests a file, itself and its checksum files, of six files at once. */
export const MAX_ORIGIN_CONNECTIONS = 24
/** A server that does not accept a connection in this time is down. */
const CONNECT_TIMEOUT_MS = 3_000
/** Longest wait for an answer to begin: inside the 8 s in which a request must be decided. */
const FIRST_BYTE_TIMEOUT_MS = 5_500
/** Longest pause inside a body, the same as the endpoint's towards its clients. */
const SILENCE_TIMEOUT_MS = 8_000
/** A body that nobody wants is read to its end when it is as short as error pages are, to keep the connection. */
const MAX_DUMPED_BYTES = 65_536
/** Nobody means a proxy for what is on this machine. */
const NEVER_PROXIED = 'localhost,127.0.0.1,::1'

export interface HttpProxyOriginInit {
  /** Base URL of the repository, http or https, with or without a trailing slash. */
  readonly url: string
  /** Version of the program, for the User-Agent. */
  readonly version: string
  /** Certificates in PEM that are trusted beside those of the program and of the system. @defaultValue [] */
  readonly certificates?: readonly string[]
  /** Environment with `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. @defaultValue that of the process */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** @defaultValue {@link FIRST_BYTE_TIMEOUT_MS} */
  readonly firstByteTimeoutMs?: number
  /** @defaultValue {@link SILENCE_TIMEOUT_MS} */
  readonly silenceTimeoutMs?: number
}

/** The origin of a proxied repository over HTTPS, through the proxy that the environment names. */
export class HttpProxyOrigin implements ProxyOrigin {
  readonly url: string
  readonly #agent: EnvHttpProxyAgent
  readonly #headers: Readonly<Record<string, string>>
  #receivedBytes = 0

  constructor(init: HttpProxyOriginInit) {
    const { protocol } = new URL(init.url)
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new TypeError(
        `Cannot use ${init.url} as origin: found ${protocol}, wanted http or https`,
      )
    }
    this.url = init.url.replace(/\/+$/, '')
    this.#headers = { 'user-agent': `jarswarm/${init.version}`, 'accept-encoding': 'identity' }
    this.#agent = createAgent(init)
  }

  async get(path: string, request: OriginRequest): Promise<OriginAnswer> {
    const { signal, unless } = request
    signal?.throwIfAborted()
    const response = await this.#send(path, request)
    const { status } = response
    if (status === 200) return this.#toFile(response)
    void response.body.dump({ limit: MAX_DUMPED_BYTES }).catch(() => undefined)
    if (status === 304 && unless !== undefined) return { kind: 'unmodified' }
    if (status === 404 || status === 410) return { kind: 'absent' }
    const retryAfter = response.headers['retry-after']
    if (status === 429 || (status === 503 && retryAfter !== undefined)) {
      return { kind: 'busy', retryAfterMs: readRetryAfter(retryAfter, Date.now()) }
    }
    throw unexpectedStatus(response)
  }

  receivedBytes(): number {
    return this.#receivedBytes
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #send(path: string, { signal, unless }: OriginRequest): Promise<HttpResponse> {
    try {
      return await sendRequest(this.#agent, {
        // Buckets read a bare plus sign as a space; percent-encoding is understood by all.
        url: new URL(`${this.url}/${path.split('/').map(encodeURIComponent).join('/')}`),
        method: 'GET',
        headers: { ...this.#headers, ...conditions(unless) },
        signal,
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw isPortError(error) ? error : toSourceError(this.url, error, false)
    }
  }

  #toFile(response: HttpResponse): OriginFile {
    try {
      refuseEncoding(response)
    } catch (error) {
      response.body.destroy()
      throw error
    }
    const { etag, 'last-modified': date } = response.headers
    const lastModifiedMs = typeof date === 'string' ? Date.parse(date) : NaN
    return {
      kind: 'file',
      sizeBytes: announcedLength(response),
      lastModifiedMs: lastModifiedMs >= 0 ? lastModifiedMs : undefined,
      etag: typeof etag === 'string' ? etag : undefined,
      body: this.#read(response),
      discard: () => response.body.destroy(),
    }
  }

  async *#read(response: HttpResponse): AsyncGenerator<Uint8Array, void, undefined> {
    const announced = announcedLength(response)
    let readBytes = 0
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        readBytes += chunk.length
        this.#receivedBytes += chunk.length
        yield chunk
      }
    } catch (error) {
      throw isPortError(error) ? error : toSourceError(this.url, error, true)
    }
    checkLength(response, readBytes, announced)
  }
}

function checkLength(response: HttpResponse, found: number, wanted: number | undefined): void {
  if (wanted === undefined || wanted === found) return
  const message = `Cannot accept ${response.url.href}: found ${found} bytes, wanted ${wanted}`
  throw found < wanted ? new TruncatedError(message) : new SourceUnavailableError(message)
}

function conditions(unless: OriginRequest['unless']): Record<string, string> {
  if (unless === undefined) return {}
  if (unless.etag !== undefined) return { 'if-none-match': unless.etag }
  if (unless.mtimeSeconds === 0) return {}
  return { 'if-modified-since': new Date(unless.mtimeSeconds * 1000).toUTCString() }
}

function createAgent(init: HttpProxyOriginInit): EnvHttpProxyAgent {
  const env = init.env ?? process.env
  const read = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? ''
  const ca = trustedCertificates(init.certificates ?? [])
  return new EnvHttpProxyAgent({
    connections: MAX_ORIGIN_CONNECTIONS,
    headersTimeout: init.firstByteTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS,
    bodyTimeout: init.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS, ca },
    requestTls: { timeout: CONNECT_TIMEOUT_MS, ca },
    proxyTls: { timeout: CONNECT_TIMEOUT_MS, ca },
    httpProxy: read('HTTP_PROXY'),
    httpsProxy: read('HTTPS_PROXY'),
    noProxy: [read('NO_PROXY'), NEVER_PROXIED].filter((part) => part !== '').join(','),
  })
}

/** Those that Node.js brings or was told of, and those of the system, where companies put their own. */
function trustedCertificates(more: readonly string[]): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...more])]
}
