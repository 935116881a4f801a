import type { AbortOptions, Logger } from '@jarswarm/ports'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { controlSocketPath } from './control-socket.ts'
import { errorCode } from './error-code.ts'
import { listen } from './listening.ts'
import type { IndexQuery } from './local-files/index-slice.ts'
import type { DenyChange } from './deny/deny-list.ts'
import { MAX_BODY_BYTES } from './limits/limits.ts'
import type { LocalFile, NodeControl } from './node-control.ts'

/** Owner only: whoever may connect may make the node join and fetch. */
const SOCKET_UMASK = 0o177

type Call = (input: CallInput) => Promise<unknown>

interface CallInput extends Required<AbortOptions> {
  readonly body: Readonly<Record<string, unknown>>
}

export interface ControlServerComponents {
  readonly control: NodeControl
  readonly logger: Logger
}

export interface ControlServerInit {
  readonly dataDir: string
}

/**
 * Lets the user's commands reach the running node: JSON over HTTP on a Unix socket in the data directory.
 * The caller owns the data directory, so that a socket file found there is left from a crash.
 */
export class ControlServer {
  readonly #control: NodeControl
  readonly #logger: Logger
  readonly #dataDir: string
  readonly #calls: Readonly<Record<string, Call>>
  #server: Server | undefined

  constructor({ control, logger }: ControlServerComponents, { dataDir }: ControlServerInit) {
    this.#control = control
    this.#logger = logger
    this.#dataDir = dataDir
    this.#calls = {
      'GET /status': ({ signal }) => control.status({ signal }),
      'GET /limits': ({ signal }) => control.limits({ signal }),
      'GET /peers': ({ signal }) => control.peers({ signal }),
      'GET /repositories': ({ signal }) => control.repositories({ signal }),
      'GET /mirrors': ({ signal }) => control.mirrors({ signal }),
      'POST /check': ({ body, signal }) =>
        control.check({ repair: body['repair'] === true, signal }),
      'POST /denials': ({ body, signal }) => control.denials(denyChangeOf(body), { signal }),
      'POST /history': ({ body, signal }) => control.history(String(body['address']), { signal }),
      'POST /verify-history': ({ body, signal }) =>
        control.verifyHistory(rangeOf(body), { signal }),
      'POST /look-up': ({ body, signal }) => control.lookUp(pathsOf(body['paths']), { signal }),
      'POST /index': ({ body, signal }) => control.readIndex(queryOf(body), { signal }),
      'POST /withdrawn': ({ body, signal }) =>
        control.withdrawn(String(body['repository']), { signal }),
      'POST /adopt': ({ body, signal }) => control.adopt(filesOf(body['files']), { signal }),
      'POST /join': ({ body, signal }) => control.join(String(body['link']), { signal }),
    }
  }

  /** @throws {ListenError} when the directory's path is too long for a socket */
  async start(): Promise<void> {
    const path = controlSocketPath(this.#dataDir)
    await rm(path, { force: true })
    const server = createServer((request, response) => void this.#answer(request, response))
    const before = process.umask(SOCKET_UMASK)
    // The socket file is made before `listen` returns to its caller, so no other file gets this mask.
    const listening = listen(server, { path })
    process.umask(before)
    await listening
    // A connection that cannot be taken is lost to whoever asked, not to the node.
    server.on('error', (error) => {
      this.#logger.warn({ error: error.message }, 'cannot take a connection on the control socket')
    })
    this.#server = server
  }

  /** Breaks off what is being answered. Idempotent. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise<void>((resolve) =>
      server.close(() => {
        resolve()
      }),
    )
    server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => {
      gone.abort(new Error('The command was broken off'))
    })
    try {
      await this.#dispatch(request, response, gone.signal)
    } catch (error) {
      if (gone.signal.aborted) return
      this.#logger.debug({ err: error, url: request.url }, 'a command failed')
      if (response.headersSent) request.socket.destroy()
      else sendError(response, error)
    }
  }

  async #dispatch(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const route = `${request.method ?? ''} ${request.url ?? ''}`
    const address = /^GET \/get\/(.+)$/.exec(route)?.[1]
    if (address !== undefined) {
      await this.#sendArtifact(decodeURIComponent(address), response, signal)
      return
    }
    const call = this.#calls[route]
    if (call === undefined) throw new RangeError(`Cannot answer ${route}: no such command`)
    sendJson(response, 200, await call({ body: await readBody(request), signal }))
  }

  async #sendArtifact(
    address: string,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const artifact = await this.#control.get(address, { signal })
    try {
      response.writeHead(200, {
        'Content-Length': artifact.sizeBytes,
        'X-Jarswarm-Digest': artifact.digest,
        'X-Jarswarm-Source': artifact.source,
        'X-Jarswarm-Verified': String(artifact.verified),
      })
      response.flushHeaders()
      await pipeline(artifact.bytes, response, { signal })
    } finally {
      artifact.release()
    }
  }
}

function rangeOf(
  body: Readonly<Record<string, unknown>>,
): Parameters<NodeControl['verifyHistory']>[0] {
  const { name, from, to } = body
  return {
    name: typeof name === 'string' ? name : undefined,
    from: typeof from === 'number' ? from : undefined,
    to: typeof to === 'number' ? to : undefined,
  }
}

function queryOf({ repository, sample, after }: Readonly<Record<string, unknown>>): IndexQuery {
  return {
    repository: String(repository),
    sample: typeof sample === 'number' ? sample : undefined,
    after: typeof after === 'string' ? after : undefined,
  }
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const length = Number(request.headers['content-length'] ?? 0)
  if (length === 0) return {}
  if (!(length <= MAX_BODY_BYTES)) {
    throw new RangeError(
      `Cannot read the command: it takes ${String(length)} bytes, at most ${String(MAX_BODY_BYTES)} are wanted`,
    )
  }
  const value = await json(request)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function denyChangeOf({ add, remove }: Readonly<Record<string, unknown>>): DenyChange {
  if (typeof remove === 'string') return { remove }
  if (typeof add !== 'object' || add === null) return {}
  const { what, reason } = add as Readonly<Record<string, unknown>>
  return { add: { what: String(what), reason: typeof reason === 'string' ? reason : null } }
}

function pathsOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new TypeError('Cannot look up paths: a list of texts is wanted')
}

function filesOf(value: unknown): readonly LocalFile[] {
  if (Array.isArray(value) && value.every(isLocalFile)) return value
  throw new TypeError('Cannot take files: a list of {path, file} is wanted')
}

function isLocalFile(value: unknown): value is LocalFile {
  if (typeof value !== 'object' || value === null) return false
  const { path, file } = value as Record<string, unknown>
  return typeof path === 'string' && typeof file === 'string'
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value))
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
  })
  response.end(bytes)
}

function sendError(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  sendJson(response, 400, { error: { code: errorCode(error) ?? 'ERR_INTERNAL', message } })
}
