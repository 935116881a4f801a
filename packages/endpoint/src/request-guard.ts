import type { IncomingMessage } from 'node:http'
import { RefusedRequestError } from './errors.ts'
import { MAX_HEADER_COUNT } from './limits.ts'

const READ_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])
const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']
/** A name or address, and perhaps a port. */
const HOST = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' }

/** Whether what listens there is for this machine alone. @param host as it stands in a URL */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_NAMES.includes(host) || /^127(?:\.\d+){3}$/.test(host)
}

/** What decides whether a request is meant for this node. */
export interface RequestGuardInit {
  /** What is listened on: hosts as they stand in a URL, and the ports that clients reach. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  /** Further names, `name` for any port or `name:port`. */
  readonly allowHosts: readonly string[]
}

/** Lets in only requests that read, that are meant for this node, and that no foreign web page sent. */
export class RequestGuard {
  readonly #allowed: ReadonlySet<string>

  constructor(init: RequestGuardInit) {
    const own = init.addresses.flatMap(({ host, port }) =>
      [...LOOPBACK_NAMES, host].map((name) => `${name}:${port}`),
    )
    this.#allowed = new Set([...own, ...init.allowHosts].map((host) => host.toLowerCase()))
  }

  /**
   * @param authority of the absolute form of the request target, which wins over the Host header
   * @throws {RefusedRequestError} 403 or 421
   */
  check(request: IncomingMessage, authority: string | undefined): void {
    const host = authority ?? request.headers.host ?? ''
    // DNS rebinding: a foreign name that resolves to this node makes a web page same-origin with it.
    if (!this.#isOwn(host, isSecure(request) ? ':443' : ':80'))
      throw new RefusedRequestError(
        421,
        `This node does not answer for host ${host || '(none)'}; allow it with --allow-host`,
      )
    this.#refuseForeignPages(request)
  }

  /** A web page elsewhere must neither read from the node nor make it fetch. */
  #refuseForeignPages(request: IncomingMessage): void {
    const { origin, 'sec-fetch-site': site } = request.headers
    // Of two, which no browser sends, there is a comma between.
    const foreignSite = site !== undefined && site !== 'none' && site !== 'same-origin'
    if (foreignSite || (origin !== undefined && !this.#isOwnOrigin(origin)))
      throw new RefusedRequestError(403, 'This node does not answer requests of other web sites')
  }

  #isOwnOrigin(origin: string): boolean {
    if (!URL.canParse(origin)) return false
    const url = new URL(origin)
    return this.#isOwn(url.host, DEFAULT_PORTS[url.protocol] ?? '')
  }

  #isOwn(host: string, defaultPort: string): boolean {
    // As nearly all send it.
    if (this.#allowed.has(host)) return true
    const [whole, name = '', port = ''] = HOST.exec(host.toLowerCase()) ?? []
    if (whole === undefined) return false
    const withPort = name + (port === '' ? defaultPort : `:${port}`)
    return this.#allowed.has(withPort) || this.#allowed.has(name)
  }
}

function isSecure({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket
}

/**
 * Refuse what a proxy in front may have understood otherwise: no Host header or two, another HTTP, and
 * more headers than anyone sends.
 *
 * @throws {RefusedRequestError} 400 or 431
 */
export function refuseDoubtfulHead(request: IncomingMessage): void {
  const headers = request.rawHeaders.length / 2
  if (headers > MAX_HEADER_COUNT)
    throw new RefusedRequestError(
      431,
      `Cannot read the request: found ${headers} headers, wanted at most ${MAX_HEADER_COUNT}`,
    )
  if (request.httpVersionMajor !== 1)
    throw new RefusedRequestError(
      400,
      `Cannot read the request: found HTTP/${request.httpVersion}, wanted 1.1`,
    )
  const hosts = countHosts(request)
  // HTTP/1.0 has none; the guard then finds no host that it answers for.
  if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0'))
    throw new RefusedRequestError(400, `Cannot read the request: found ${hosts} Host headers`)
}

/** How often the Host header stands there: of several, `headers` has but the first. */
function countHosts({ rawHeaders }: IncomingMessage): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') count += 1
  return count
}

/** Whether a method reads; no other reaches anything. */
export function isReadMethod(method: string | undefined): method is 'GET' | 'HEAD' {
  return READ_METHODS.has(method ?? '')
}

/** Whether a request announces a body, which no read has. */
export function announcesBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return (
    request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
  )
}
