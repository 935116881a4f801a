import { HttpReader, userAgent } from '@jarswarm/http'
import type { HttpFile } from '@jarswarm/http'
import type { OriginAnswer, OriginRequest, ProxyOrigin } from '@jarswarm/ports'
import { MAX_ORIGIN_CONNECTIONS } from './limits.ts'
import { toSourceError } from './source-error.ts'

/** Longest wait for an answer to begin: inside the 8 s in which a request must be decided. */
const FIRST_BYTE_TIMEOUT_MS = 5_500
/** Longest pause inside a body, the same as the endpoint's towards its clients. */
const SILENCE_TIMEOUT_MS = 8_000

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
  readonly #reader: HttpReader
  #receivedBytes = 0

  constructor(init: HttpProxyOriginInit) {
    this.#reader = new HttpReader({
      ...init,
      userAgent: userAgent(init.version),
      connections: MAX_ORIGIN_CONNECTIONS,
      firstByteTimeoutMs: init.firstByteTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS,
      silenceTimeoutMs: init.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS,
    })
    this.url = this.#reader.url
  }

  async get(path: string, { signal, unless }: OriginRequest): Promise<OriginAnswer> {
    try {
      const answer = await this.#reader.get(path, { signal, unless: toValidators(unless) })
      switch (answer.kind) {
        case 'absent':
          return { kind: 'absent' }
        case 'file':
          return { ...answer, etag: answer.etag, body: this.#read(answer) }
        case 'busy':
        case 'unmodified':
          return answer
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw toSourceError(this.url, error, false)
    }
  }

  receivedBytes(): number {
    return this.#receivedBytes
  }

  async close(): Promise<void> {
    await this.#reader.close()
  }

  async *#read(file: HttpFile): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of file.body) {
        this.#receivedBytes += chunk.length
        yield chunk
      }
    } catch (error) {
      throw toSourceError(this.url, error, true)
    }
  }
}

function toValidators(unless: OriginRequest['unless']):
  | {
      etag: string | undefined
      lastModified: string | undefined
    }
  | undefined {
  if (unless === undefined) return undefined
  const { etag, mtimeSeconds } = unless
  const lastModified = mtimeSeconds === 0 ? undefined : new Date(mtimeSeconds * 1000).toUTCString()
  return { etag, lastModified }
}
