import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '@jarswarm/ports'
import { EndpointListenError } from './errors.ts'

/** Clients reuse connections for a minute; a reset of a reused one fails a build. */
const KEEP_ALIVE_MS = 75_000
const HEADERS_TIMEOUT_MS = 15_000
/** A whole request, which for reads is its headers. */
const REQUEST_TIMEOUT_MS = 30_000
const TIMEOUT_CHECK_MS = 5_000
const MAX_HEADER_BYTES = 16 * 1024
const MAX_HEADER_COUNT = 100
/** Many builds at once (5 connections each); beyond it sockets are closed at once. */
const MAX_CONNECTIONS = 1_024
/** Chunks written ahead of a client that is slower than the source. */
const WRITE_AHEAD_BYTES = 256 * 1024
/** How long `stop` lets answers end by themselves. */
const STOP_GRACE_MS = 2_000
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop the other program or choose another',
  EACCES: 'the system does not allow it; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; choose another',
  ENOTFOUND: 'this machine has no such address; choose another',
}

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

export interface HttpListenerInit {
  readonly host: string
  /** 0 means any free one. */
  readonly port: number
}

/** One listening HTTP server. A listener over TLS differs only in how its server is made. */
export class HttpListener {
  readonly #clock: Clock
  readonly #listener: RequestListener
  readonly #init: HttpListenerInit
  #server: Server | undefined

  constructor(
    components: { readonly clock: Clock; readonly listener: RequestListener },
    init: HttpListenerInit,
  ) {
    this.#clock = components.clock
    this.#listener = components.listener
    this.#init = init
  }

  /** @throws {EndpointListenError} when the address cannot be listened on */
  async start(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createReadServer(this.#listener)
    const listening = Promise.withResolvers<undefined>()
    server.once('error', listening.reject)
    server.listen(this.#init.port, this.#init.host, () => {
      listening.resolve(undefined)
    })
    try {
      await listening.promise
    } catch (error) {
      throw this.#explain(error)
    }
    this.#server = server
  }

  /** Take no more connections, let answers end for 2 s, then close what is left. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = Promise.withResolvers<undefined>()
    server.close(() => {
      closed.resolve(undefined)
    })
    server.closeIdleConnections()
    const grace = this.#clock.setTimer(() => {
      server.closeAllConnections()
    }, STOP_GRACE_MS)
    await closed.promise
    grace.cancel()
  }

  /** The port in use, or undefined while not started. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port
  }

  #explain(error: unknown): Error {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const advice = LISTEN_ADVICE[code] ?? `found ${code || String(error)}; choose another`
    const address = `${toUrlHost(this.#init.host)}:${this.#init.port}`
    return new EndpointListenError(`Cannot listen on ${address}: ${advice} with --http HOST:PORT`, {
      cause: error,
    })
  }
}

/** A host as it stands in a URL: IPv6 addresses in brackets. */
export function toUrlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function createReadServer(listener: RequestListener): Server {
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    highWaterMark: WRITE_AHEAD_BYTES,
    noDelay: true,
  })
  server.maxHeadersCount = MAX_HEADER_COUNT
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', listener)
  // Not `100 Continue`: a body is refused before it is sent.
  server.on('checkContinue', listener)
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    refuseTunnel(socket)
  })
  return server
}

/** CONNECT is the one method that reaches no request listener. */
function refuseTunnel(socket: Duplex): void {
  socket.once('error', () => socket.destroy())
  socket.end(
    'HTTP/1.1 405 This node is no proxy\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  )
}
