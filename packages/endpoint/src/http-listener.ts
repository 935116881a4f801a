import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '@jarswarm/ports'
import { EndpointListenError } from './errors.ts'
import { inTurn } from './in-turn.ts'
import { RawSockets } from './raw-sockets.ts'
import { createReadServer, createSecureReadServer } from './read-server.ts'
import type { TlsCredentials } from './read-server.ts'

/** How long `stop` lets answers end by themselves. */
const STOP_GRACE_MS = 2_000
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop the other program or choose another',
  EACCES: 'the system does not allow it; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; choose another',
  ENOTFOUND: 'this machine has no such address; choose another',
}

/** `reset` ends the connection of the request so that a client sees a failure. */
export type RequestListener = (
  request: IncomingMessage,
  response: ServerResponse,
  reset: () => void,
) => void

export interface HttpListenerInit {
  readonly host: string
  /** 0 means any free one. */
  readonly port: number
  /** Makes it a listener over TLS. */
  readonly credentials?: TlsCredentials
  /** Clients beyond it are turned away. @defaultValue {@link MAX_CLIENT_CONNECTIONS} */
  readonly maxConnections?: number | undefined
  /** How long the head of a request may take. @defaultValue 15 s */
  readonly headersTimeoutMs?: number | undefined
}

/** One listening server, over plain HTTP or over TLS. */
export class HttpListener {
  readonly #clock: Clock
  readonly #listener: RequestListener
  readonly #init: HttpListenerInit
  readonly #sockets = new RawSockets()
  #server: Server | SecureServer | undefined
  #connections = 0

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
    const server = this.#createServer()
    const listening = Promise.withResolvers<undefined>()
    // For good: later it is a connection that could not be taken, which must not end the program.
    server.on('error', listening.reject)
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

  /** Connections from now on see this certificate; those that are open go on. */
  renew(credentials: TlsCredentials): void {
    if (this.#server !== undefined && 'setSecureContext' in this.#server)
      this.#server.setSecureContext({ ...credentials, minVersion: 'TLSv1.2' })
  }

  /** The port in use, or undefined while not started. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections
  }

  #createServer(): Server | SecureServer {
    const server = this.#createBoundServer()
    server.on('connection', (socket: Socket) => {
      this.#connections += 1
      socket.once('close', () => {
        this.#connections -= 1
      })
    })
    return server
  }

  #createBoundServer(): Server | SecureServer {
    const { credentials, maxConnections, headersTimeoutMs } = this.#init
    const listener = inTurn((request, response) => {
      this.#listener(request, response, () => {
        this.#sockets.reset(request.socket)
      })
    })
    const bounds = { maxConnections, headersTimeoutMs }
    if (credentials === undefined) return createReadServer(listener, bounds)
    const server = createSecureReadServer(listener, { credentials, ...bounds })
    this.#sockets.watch(server)
    return server
  }

  #explain(error: unknown): Error {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const advice = LISTEN_ADVICE[code] ?? `found ${code || String(error)}; choose another`
    const address = `${toUrlHost(this.#init.host)}:${this.#init.port}`
    const flag = this.#init.credentials === undefined ? 'http' : 'https'
    return new EndpointListenError(
      `Cannot listen on ${address}: ${advice} with --${flag} HOST:PORT`,
      { cause: error },
    )
  }
}

/** A host as it stands in a URL: IPv6 addresses in brackets. */
export function toUrlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
