import { createSecureContext, getCACertificates } from 'node:tls'
import { buildConnector, EnvHttpProxyAgent } from 'undici'
import type { SecureContext } from 'node:tls'
import type { Dispatcher } from 'undici'

export type { Dispatcher } from 'undici'

/** A server that does not accept a connection in this time is down. */
export const CONNECT_TIMEOUT_MS = 3_000
/** Nobody means a proxy for what is on this machine. */
const NEVER_PROXIED = 'localhost,127.0.0.1,::1'

export interface DispatcherInit {
  /** Connections to one server at a time. */
  readonly connections: number
  /** Longest wait for an answer to begin. */
  readonly firstByteTimeoutMs: number
  /** Longest pause inside a body. */
  readonly silenceTimeoutMs: number
  /** @defaultValue {@link CONNECT_TIMEOUT_MS} */
  readonly connectTimeoutMs?: number | undefined
  /** Certificates in PEM that are trusted beside those of the program and of the system. @defaultValue [] */
  readonly certificates?: readonly string[] | undefined
  /** Environment with `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. @defaultValue that of the process */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * What all outbound requests go through: bounded connections and waits, the proxy that the environment names, the
 * system's certificates. Whoever makes one destroys it.
 */
export function createDispatcher(init: DispatcherInit): Dispatcher {
  const env = init.env ?? process.env
  const read = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? ''
  const timeout = init.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
  const more = init.certificates ?? []
  const proxies = { httpProxy: read('HTTP_PROXY'), httpsProxy: read('HTTPS_PROXY') }
  const isProxied = proxies.httpProxy !== '' || proxies.httpsProxy !== ''
  const tls = isProxied ? { timeout, secureContext: trusting(more) } : { timeout }
  return new EnvHttpProxyAgent({
    connections: init.connections,
    headersTimeout: init.firstByteTimeoutMs,
    bodyTimeout: init.silenceTimeoutMs,
    connect: lazyConnector(timeout, more),
    requestTls: tls,
    proxyTls: tls,
    ...proxies,
    noProxy: [read('NO_PROXY'), NEVER_PROXIED].filter((part) => part !== '').join(','),
  })
}

/**
 * Reading some hundreds of certificates takes as long as a request: it is done once, and not before the first TLS
 * connection.
 */
function lazyConnector(timeout: number, more: readonly string[]): buildConnector.connector {
  const plain = buildConnector({ timeout })
  let secure: buildConnector.connector | undefined
  return (options, callback) => {
    if (options.protocol !== 'https:') {
      plain(options, callback)
      return
    }
    secure ??= buildConnector({ timeout, secureContext: trusting(more) })
    secure(options, callback)
  }
}

/** Trusts what Node.js brings or was told of, and what the system does, where companies put their own. */
function trusting(more: readonly string[]): SecureContext {
  const known = [...getCACertificates('default'), ...getCACertificates('system'), ...more]
  return createSecureContext({ ca: [...new Set(known)] })
}
