import type { Dispatcher } from 'undici'
import { announcedLength, checkLength, refuseEncoding, unexpectedStatus } from './answer.ts'
import { createDispatcher } from './dispatcher.ts'
import type { DispatcherInit } from './dispatcher.ts'
import { readRetryAfter } from './retry-after.ts'
import { sendRequest } from './send-request.ts'
import type { HttpResponse } from './send-request.ts'

/** A body that nobody wants is read to its end when it is as short as error pages are, to keep the connection. */
export const MAX_DUMPED_BYTES = 65_536

export interface HttpReaderInit extends DispatcherInit {
  /** Base URL, http or https, with or without a trailing slash. */
  readonly url: string
  readonly userAgent: string
}

/** What is known of a file, so that it need not be sent again. */
export interface Validators {
  readonly etag?: string | undefined
  /** The header as it came. */
  readonly lastModified?: string | undefined
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  readonly unless?: Validators | undefined
  /** With HEAD, a file's body is empty and must not be read. @defaultValue GET */
  readonly method?: 'GET' | 'HEAD' | undefined
}

/** What a server answers when it is asked for a file. */
export type HttpAnswer =
  | HttpFile
  | { readonly kind: 'unmodified' }
  | { readonly kind: 'absent'; readonly status: number }
  | { readonly kind: 'busy'; readonly retryAfterMs: number }

export interface HttpFile extends Validators {
  readonly kind: 'file'
  /** Undefined when the server announces none. */
  readonly sizeBytes: number | undefined
  /** Milliseconds since the epoch; undefined when the server gives no date. */
  readonly lastModifiedMs: number | undefined
  /** Read it or call `discard`. Ends only where the announced length does, else throws. */
  readonly body: AsyncIterable<Uint8Array>
  readonly discard: () => void
}

/** Reads the files of a Maven repository over HTTP, as their server wants it: conditional, and told when to wait. */
export class HttpReader {
  readonly url: string
  readonly #dispatcher: Dispatcher
  readonly #headers: Readonly<Record<string, string>>

  /** @throws {TypeError} when the URL is not http or https */
  constructor(init: HttpReaderInit) {
    const { protocol } = new URL(init.url)
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new TypeError(
        `Cannot use ${init.url} as origin: found ${protocol}, wanted http or https`,
      )
    }
    this.url = init.url.replace(/\/+$/, '')
    this.#headers = { 'user-agent': init.userAgent, 'accept-encoding': 'identity' }
    this.#dispatcher = createDispatcher(init)
  }

  /**
   * Ask for a file.
   *
   * @throws {UnusableAnswerError} for a status, redirect or encoding that is of no use
   * @throws what the HTTP client throws when there is no answer
   */
  async get(path: string, options: ReadOptions = {}): Promise<HttpAnswer> {
    const { signal, unless, method = 'GET' } = options
    signal?.throwIfAborted()
    const response = await sendRequest(this.#dispatcher, {
      url: fileUrl(this.url, path),
      method,
      headers: { ...this.#headers, ...conditions(unless) },
      signal,
    })
    const { status } = response
    if (status === 200) return toFile(response)
    void response.body.dump({ limit: MAX_DUMPED_BYTES }).catch(() => undefined)
    if (status === 304 && unless !== undefined) return { kind: 'unmodified' }
    if (status === 404 || status === 410) return { kind: 'absent', status }
    const retryAfter = response.headers['retry-after']
    if (status === 429 || (status === 503 && retryAfter !== undefined)) {
      return { kind: 'busy', retryAfterMs: readRetryAfter(retryAfter, Date.now()) }
    }
    throw unexpectedStatus(response)
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }
}

/** The URL of a repository path. Buckets read a bare plus sign as a space; percent-encoding is understood by all. */
export function fileUrl(baseUrl: string, path: string): URL {
  return new URL(`${baseUrl}/${path.split('/').map(encodeURIComponent).join('/')}`)
}

function conditions(unless: Validators | undefined): Record<string, string> {
  if (unless?.etag !== undefined) return { 'if-none-match': unless.etag }
  if (unless?.lastModified !== undefined) return { 'if-modified-since': unless.lastModified }
  return {}
}

function toFile(response: HttpResponse): HttpFile {
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
    lastModified: lastModifiedMs >= 0 ? String(date) : undefined,
    etag: typeof etag === 'string' ? etag : undefined,
    body: readBody(response),
    discard: () => response.body.destroy(),
  }
}

async function* readBody(response: HttpResponse): AsyncGenerator<Uint8Array, void, undefined> {
  let readBytes = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    readBytes += chunk.length
    yield chunk
  }
  checkLength(response, readBytes)
}
