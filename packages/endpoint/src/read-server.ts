import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { shareConnections } from './connection-shares.ts'
import {
  HANDSHAKE_TIMEOUT_MS,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_CLIENT_CONNECTIONS,
  MAX_HEADER_BYTES,
  REQUEST_TIMEOUT_MS,
  SOCKET_SILENCE_MS,
  WRITE_AHEAD_BYTES,
} from './limits.ts'

const TIMEOUT_CHECK_MS = 5_000

function optionsOf({ headersTimeoutMs = HEADERS_TIMEOUT_MS }: ReadServerInit): ServerOptions {
  return {
    insecureHTTPParser: false,
    // The guard refuses it: the parser's own refusal would be one in chunks.
    requireHostHeader: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: headersTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, headersTimeoutMs / 3),
    highWaterMark: WRITE_AHEAD_BYTES,
    noDelay: true,
  }
}

/** What a server shows to TLS clients, both as PEM. */
export interface TlsCredentials {
  readonly cert: string
  readonly key: string
}

export interface ReadServerInit {
  /** @defaultValue {@link MAX_CLIENT_CONNECTIONS} */
  readonly maxConnections?: number | undefined
  /** How long the head of a request may take, from the first moment of a connection on. @defaultValue {@link HEADERS_TIMEOUT_MS} */
  readonly headersTimeoutMs?: number | undefined
  /** How long nothing may move on a connection. @defaultValue {@link SOCKET_SILENCE_MS} */
  readonly silenceMs?: number | undefined
}

/** A server over plain HTTP that is bounded in everything, and takes no request body. */
export function createReadServer(listener: Listener, init: ReadServerInit = {}): Server {
  return bound(createServer(optionsOf(init)), listener, init)
}

/** As {@link createReadServer}, over TLS. */
export function createSecureReadServer(
  listener: Listener,
  init: ReadServerInit & { readonly credentials: TlsCredentials },
): SecureServer {
  const { cert, key } = init.credentials
  const server = createSecureServer({
    ...optionsOf(init),
    cert,
    key,
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  })
  return bound(server, listener, init)
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

function bound<S extends Server | SecureServer>(
  server: S,
  listener: Listener,
  { maxConnections = MAX_CLIENT_CONNECTIONS, silenceMs = SOCKET_SILENCE_MS }: ReadServerInit,
): S {
  // None is dropped in silence: their bytes are bounded, and the guard refuses too many.
  server.maxHeadersCount = 0
  server.maxConnections = maxConnections
  server.timeout = silenceMs
  shareConnections(server, maxConnections)
  const take: Listener = (request, response) => {
    if (hidesTheNext(request)) response.shouldKeepAlive = false
    listener(request, response)
  }
  server.on('request', take)
  // Not `100 Continue`: a body is refused before it is sent.
  server.on('checkContinue', take)
  // What else a client expects is ignored, as RFC 9110 (10.1.1) allows.
  server.on('checkExpectation', take)
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    refuseTunnel(socket)
  })
  return server
}

/**
 * Whether nobody can say for sure where the next request on a connection begins: of what comes behind an Upgrade in the same
 * packet the parser loses the beginning, and HTTP/0.9 has no headers, though the parser takes them.
 */
function hidesTheNext({ headers, httpVersionMajor }: IncomingMessage): boolean {
  return headers.upgrade !== undefined || httpVersionMajor !== 1
}

/** CONNECT is the one method that reaches no request listener. */
function refuseTunnel(socket: Duplex): void {
  socket.once('error', () => socket.destroy())
  socket.end(
    'HTTP/1.1 405 This node is no proxy\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    // The server no longer watches this socket: left half open, it would hold a place for ever.
    () => socket.destroy(),
  )
}
