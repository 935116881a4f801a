import { createGuardedServer, selectRange, toReasonPhrase } from '@jarswarm/endpoint'
import type { RangeSelection, ReadServerInit } from '@jarswarm/endpoint'
import { UnavailableError } from '@jarswarm/ports'
import type { Clock, Logger } from '@jarswarm/ports'
import { realpath } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import fresh from 'fresh'
import { errorCode } from '../error-code.ts'
import { listen } from '../listening.ts'
import type { HostPort } from '../listening.ts'
import { cacheControl, contentType } from './origin-headers.ts'
import { isCleanName, openTreeFile } from './tree-file.ts'
import type { TreeFile } from './tree-file.ts'

export interface OriginServerInit extends ReadServerInit {
  /** Directory of the Maven repository. */
  readonly treeDir: string
  /** What to say of a file that was taken back although it still stands in the tree; undefined of all others. */
  readonly withdrawn: (name: string) => string | undefined
}

export interface OriginServerComponents {
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Serves a tree of files and its published form over HTTP, as any web server does. Knows nothing of
 * what the files mean except how long they may be cached, and which were taken back.
 */
export class OriginServer {
  readonly #init: OriginServerInit
  readonly #logger: Logger
  readonly #server: Server
  #treeRoot = ''
  #url = ''

  constructor({ clock, logger }: OriginServerComponents, init: OriginServerInit) {
    this.#init = init
    this.#logger = logger
    const listener = (request: IncomingMessage, response: ServerResponse, path: string): void => {
      void this.#answer({ request, response, path })
    }
    this.#server = createGuardedServer({ clock, listener }, init)
  }

  /** Base URL without a trailing slash; empty before start. */
  get url(): string {
    return this.#url
  }

  /** @throws {PortInUseError | ListenError} when the address cannot be had */
  async start({ host, port }: HostPort): Promise<void> {
    this.#treeRoot = await realpath(this.#init.treeDir)
    await listen(this.#server, { host, port })
    this.#server.on('error', (error) => {
      this.#logger.warn({ err: error }, 'a connection could not be taken')
    })
    const bound = (this.#server.address() as AddressInfo).port
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    this.#url = `http://${name.includes(':') ? `[${name}]` : name}:${String(bound)}`
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve()
      }),
    )
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(asked: Asked): Promise<void> {
    const { request, response } = asked
    try {
      await this.#route(asked)
    } catch (error) {
      if (isClientGone(error)) return
      const [path] = asked.path.split('?', 1)
      this.#logger.warn({ err: error, path }, 'a request failed')
      if (response.headersSent) request.socket.resetAndDestroy()
      else end(response, 500, 'Internal Server Error')
    }
  }

  async #route({ request, response, path }: Asked): Promise<void> {
    const name = nameOf(path)
    if (name === undefined) {
      end(response, 400, 'Bad Request')
      return
    }
    // First: while it is opened it may be withdrawn.
    const file = await openTreeFile(this.#treeRoot, name)
    try {
      await this.#send({ request, response, path }, name, file)
    } finally {
      await file?.handle.close()
    }
  }

  async #send(
    { request, response }: Asked,
    name: string,
    file: TreeFile | undefined,
  ): Promise<void> {
    const withdrawn = this.#init.withdrawn(name)
    if (withdrawn !== undefined) {
      end(response, 410, withdrawn)
    } else if (file === undefined) {
      end(response, 404, 'Not Found')
    } else {
      const refuse = (): void => {
        if (this.#init.withdrawn(name) === undefined) return
        throw new UnavailableError(`Cannot send the rest of ${name}: it was withdrawn`)
      }
      await sendFile(request, response, { ...file, name, refuse })
    }
  }
}

/** A request that reads, with the path and the query that it is for. */
interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
}

interface NamedFile extends TreeFile {
  readonly name: string
  /** Throws once no more of it may be sent. */
  readonly refuse: () => void
}

/** The file that a path names, `//` folded and the query dropped; undefined when it is unclean, or has a fragment. */
function nameOf(path: string): string | undefined {
  if (path.includes('#')) return undefined
  const encoded = (path.split('?', 1)[0] ?? '').replace(/^\/+/, '').replace(/\/{2,}/g, '/')
  if (/%2f/i.test(encoded)) return undefined
  try {
    const name = decodeURIComponent(encoded)
    return isCleanName(name.replace(/\/$/, '') || 'index') ? name : undefined
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: NamedFile,
): Promise<void> {
  setFileHeaders(response, file)
  // Build tools send no-cache with everything; the file's own validators decide.
  const conditions = { ...request.headers, 'cache-control': undefined }
  if (fresh(conditions, response.getHeaders())) {
    response.removeHeader('Content-Type')
    response.writeHead(304).end()
    return
  }
  const range = requestedRange(request, response, file.sizeBytes)
  if (range.kind === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${String(file.sizeBytes)}`)
    response.removeHeader('Cache-Control')
    end(response, 416, 'Range Not Satisfiable')
    return
  }
  const { offset, length } = range.kind === 'part' ? range : { offset: 0, length: file.sizeBytes }
  const last = offset + length - 1
  if (range.kind === 'part') {
    response.statusCode = 206
    response.setHeader(
      'Content-Range',
      `bytes ${String(offset)}-${String(last)}/${String(file.sizeBytes)}`,
    )
  }
  response.setHeader('Content-Length', length)
  if (request.method === 'HEAD' || length === 0) {
    response.end()
    return
  }
  const chunks = file.handle.createReadStream({ start: offset, end: last, autoClose: false })
  await pipeline(chunks, (source) => sendable(source, file), response)
}

/** The chunks of a file, until it is withdrawn. */
async function* sendable(
  chunks: AsyncIterable<Buffer>,
  { refuse }: NamedFile,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    refuse()
    yield chunk
  }
}

function setFileHeaders(response: ServerResponse, file: NamedFile): void {
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader('Cache-Control', cacheControl(file.name))
  response.setHeader('Content-Type', contentType(file.name))
  response.setHeader(
    'ETag',
    `"${file.sizeBytes.toString(36)}-${Math.floor(file.mtimeMs).toString(36)}"`,
  )
  response.setHeader('Last-Modified', new Date(file.mtimeMs).toUTCString())
}

/** The one range that is asked for; several, or one of another version (`If-Range`), are the whole file. */
function requestedRange(
  request: IncomingMessage,
  response: ServerResponse,
  sizeBytes: number,
): RangeSelection {
  const { range } = request.headers
  // Ranges are defined for GET alone.
  if (range === undefined || request.method !== 'GET') return { kind: 'whole' }
  const condition = request.headers['if-range']
  const current = [response.getHeader('ETag'), response.getHeader('Last-Modified')]
  if (condition !== undefined && !current.includes(condition)) return { kind: 'whole' }
  return selectRange(range, sizeBytes)
}

function end(response: ServerResponse, status: number, phrase: string): void {
  response.statusCode = status
  // The phrase is what build tools show.
  response.statusMessage = toReasonPhrase(phrase)
  const body = Buffer.from(`${phrase}\n`)
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.setHeader('Content-Length', body.length)
  response.end(body)
}

function isClientGone(error: unknown): boolean {
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(errorCode(error) ?? '')
}
