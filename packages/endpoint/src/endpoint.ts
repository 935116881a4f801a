import type { IncomingMessage } from 'node:http'
import type { RepositoryPath } from '@jarswarm/maven'
import type { ArtifactSource, Clock, Logger, Prefetch, SourceKind } from '@jarswarm/ports'
import { UnavailableError } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { Dashboard } from './dashboard/dashboard.ts'
import { BrokenBodyError, ClientGoneError, RefusedRequestError } from './errors.ts'
import { Exchange } from './exchange.ts'
import { HotBlobs } from './hot-blobs.ts'
import { HttpListener, toUrlHost } from './http-listener.ts'
import type { RequestListener } from './http-listener.ts'
import { MavenRoutes, UNINDEXED_SOURCE } from './maven-routes.ts'
import { Metrics } from './metrics.ts'
import type { TlsCredentials } from './read-server.ts'
import { PublicSite } from './public-site.ts'
import type { OpenPublished } from './public-site.ts'
import { refuseBody } from './refuse-body.ts'
import { toRefusal } from './refusal-answer.ts'
import {
  announcesBody,
  isLoopbackHost,
  isReadMethod,
  refuseDoubtfulHead,
  RequestGuard,
} from './request-guard.ts'
import { cleanRequestPath, splitTarget } from './request-path.ts'
import { Router } from './router.ts'
import { sendAnswer } from './send-answer.ts'
import { ServedCounter } from './served-counter.ts'
import { ServedVersions } from './served-versions.ts'
import { SidecarDigests } from './sidecar-digests.ts'
import type { NodeStatus, ServedStatus } from './status.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8470
/** Listening on every address: clients of this machine use the loopback one. */
const ANY_HOSTS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])

export interface EndpointComponents {
  /** The followed repositories; their names are the first segment of each path. */
  readonly repositories: () => readonly ArtifactSource[]
  /** Fetches ahead of clients, when the node does. */
  readonly prefetch?: Prefetch | undefined
  /** Called with each file of which a client is given bytes. */
  readonly onServed?: ((repository: string, path: RepositoryPath) => void) | undefined
  /** Opens what stands below `.jarswarm/` at the public URL. @defaultValue nothing stands there */
  readonly openPublished?: OpenPublished | undefined
  /** The whole node's status; `served` may come from {@link Endpoint.served}. */
  readonly status: () => NodeStatus
  readonly clock: Clock
  readonly logger: Logger
}

export interface EndpointInit {
  /** @defaultValue {@link DEFAULT_HOST} */
  readonly host?: string
  /** 0 means any free one. @defaultValue {@link DEFAULT_PORT} */
  readonly port?: number
  /** Listen over TLS too. @defaultValue no */
  readonly https?: HttpsInit | undefined
  /** Further names that clients may call this node by: `name`, or `name:port`. @defaultValue [] */
  readonly allowHosts?: readonly string[]
  /**
   * URL under which strangers read the repositories, and nothing else. Requests for its host get that; the rest of the
   * node is then for this machine alone.
   *
   * @defaultValue none
   */
  readonly publicUrl?: string | undefined
  /** Connections of clients on each listener. @defaultValue 1 024 */
  readonly maxConnections?: number | undefined
  /** How long the head of a request may take. @defaultValue 15 s */
  readonly headersTimeoutMs?: number | undefined
  /** Memory for small blobs. @defaultValue 64 MiB */
  readonly hotCacheBytes?: number
}

/** The second listener of an endpoint, over TLS. */
export interface HttpsInit {
  readonly host: string
  /** 0 means any free one. */
  readonly port: number
  readonly credentials: TlsCredentials
  /** Go on without it, with a warning, when its address cannot be listened on. @defaultValue false */
  readonly optional?: boolean
}

/**
 * The Maven endpoint: artifacts, status, metrics and dashboard over HTTP and HTTPS, for GET and HEAD only.
 *
 * @example
 * const endpoint = new Endpoint({ repositories, status, clock, logger }, { port: 0 })
 * await endpoint.start()
 * await fetch(`${endpoint.address()}/-/health`)
 * await endpoint.stop()
 */
export class Endpoint {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #host: string
  readonly #allowHosts: readonly string[]
  readonly #counter = new ServedCounter()
  readonly #metrics: Metrics
  readonly #router: Router
  readonly #listener: HttpListener
  readonly #https: HttpsInit | undefined
  readonly #secureListener: HttpListener | undefined
  readonly #publicSite: PublicSite | undefined
  #guard: RequestGuard | undefined

  constructor(components: EndpointComponents, init: EndpointInit = {}) {
    const { repositories, prefetch, status, clock, logger, onServed } = components
    this.#clock = clock
    this.#logger = logger
    this.#host = init.host ?? DEFAULT_HOST
    this.#allowHosts = init.allowHosts ?? []
    this.#metrics = new Metrics(status, prefetch)
    const blobs = new HotBlobs({ prefetch }, init)
    const digests = new SidecarDigests(blobs)
    const versions = new ServedVersions(clock)
    const maven = new MavenRoutes({ blobs, digests, versions, prefetch, onServed })
    const openPublished = components.openPublished ?? (() => Promise.resolve(undefined))
    if (init.publicUrl !== undefined)
      this.#publicSite = new PublicSite({ repositories, maven, openPublished }, init.publicUrl)
    const dashboard = new Dashboard({
      status,
      address: () => this.address(),
      secureAddress: () => this.secureAddress(),
    })
    this.#router = new Router({ repositories, status, maven, metrics: this.#metrics, dashboard })
    const listener: RequestListener = (request, response, reset) => {
      void this.#serve(new Exchange({ request, response, reset }, clock))
    }
    const { maxConnections, headersTimeoutMs } = init
    const address = {
      host: this.#host,
      port: init.port ?? DEFAULT_PORT,
      maxConnections,
      headersTimeoutMs,
    }
    this.#listener = new HttpListener({ clock, listener }, address)
    this.#https = init.https
    if (init.https !== undefined)
      this.#secureListener = new HttpListener(
        { clock, listener },
        { ...init.https, maxConnections, headersTimeoutMs },
      )
  }

  /** @throws {EndpointListenError} when an address cannot be listened on; says what to do */
  async start(): Promise<void> {
    await this.#listener.start()
    try {
      await this.#startSecure()
    } catch (error) {
      await this.#listener.stop()
      throw error
    }
    const plain = { host: toUrlHost(this.#host), port: this.#listener.port ?? DEFAULT_PORT }
    const securePort = this.#secureListener?.port
    const addresses =
      securePort === undefined
        ? [plain]
        : [plain, { host: toUrlHost(this.#https?.host ?? ''), port: securePort }]
    this.#guard = new RequestGuard({ addresses, allowHosts: this.#allowHosts })
    const open = addresses.filter(({ host }) => !isLoopbackHost(host))
    if (open.length === 0 || this.#publicSite !== undefined) return
    this.#logger.warn(
      { listen: open.map(({ host, port }) => `${host}:${port}`) },
      'The endpoint listens beyond this machine: whoever reaches it may read what is here, see what is used, and cause downloads',
    )
  }

  /** Resolves once every connection is closed; running answers get 2 s. */
  async stop(): Promise<void> {
    await Promise.all([this.#listener.stop(), this.#secureListener?.stop()])
  }

  /** Show this certificate to TLS clients from now on. */
  renew(credentials: TlsCredentials): void {
    this.#secureListener?.renew(credentials)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /**
   * Where clients reach the endpoint, `http://127.0.0.1:8470`, without trailing slash.
   *
   * @throws {Error} while the endpoint is not started
   */
  address(): string {
    const { port } = this.#listener
    if (port === undefined) throw new Error('Cannot tell the address: the endpoint is not started')
    return `http://${toClientHost(this.#host)}:${port}`
  }

  /** As {@link address}, over TLS; undefined when it does not listen there. */
  secureAddress(): string | undefined {
    const port = this.#secureListener?.port
    if (port === undefined) return undefined
    return `https://${toClientHost(this.#https?.host ?? '')}:${port}`
  }

  /** Connections of clients that are open now, on the listener that has more of them. */
  connections(): number {
    return Math.max(this.#listener.connections, this.#secureListener?.connections ?? 0)
  }

  /** What was answered since the endpoint was made, for the node's status. */
  served(): ServedStatus {
    return this.#counter.read()
  }

  /** The same of one proxied repository, which `served` leaves out. */
  servedProxied(name: string): ServedStatus {
    return this.#counter.read(name)
  }

  async #startSecure(): Promise<void> {
    try {
      await this.#secureListener?.start()
    } catch (error) {
      if (this.#https?.optional !== true) throw error
      this.#logger.warn({ error }, 'HTTPS is off: its port cannot be listened on')
    }
  }

  /** Never rejects: whatever goes wrong ends in a refusal, or in a reset once the head is out. */
  async #serve(exchange: Exchange): Promise<void> {
    const outcome: Outcome = { bytes: 0, source: undefined }
    try {
      await this.#answer(exchange, outcome)
    } catch (error) {
      this.#fail(exchange, error, outcome)
    }
    this.#count(exchange, outcome)
  }

  async #answer(exchange: Exchange, outcome: Outcome): Promise<void> {
    const { request } = exchange
    refuseDoubtfulHead(request)
    const target = splitTarget(request.url ?? '')
    const site = this.#publicSite
    const isPublic = site?.isFor(request, target.authority) === true
    if (!isPublic) this.#guard?.check(request, target.authority)
    if (isReadMethod(request.method) && announcesBody(request))
      throw new RefusedRequestError(400, 'Cannot read the request: found a body, wanted none')
    if (isPublic) {
      outcome.maven = true
      await send(exchange, await site.answer(exchange, target.path), outcome)
      return
    }
    const path = cleanRequestPath(target.path)
    const [first] = path.segments
    outcome.maven = first !== undefined && first !== '-'
    outcome.proxied = this.#router.proxiedName(first)
    const answer = await this.#router.answer(exchange, path)
    await send(exchange, answer, outcome)
  }

  #fail(exchange: Exchange, error: unknown, outcome: Outcome): void {
    const { request, response } = exchange
    outcome.source = undefined
    if (error instanceof ClientGoneError || response.destroyed) {
      outcome.end = 'closed'
      return
    }
    this.#log(request, error)
    if (response.headersSent) {
      outcome.end = 'reset'
      exchange.reset()
      return
    }
    const answer = toRefusal(error)
    exchange.decided()
    if (announcesBody(request)) refuseBody(exchange, answer, this.#clock)
    else outcome.bytes = writeRefusal(exchange, answer)
  }

  #log(request: IncomingMessage, error: unknown): void {
    if (error instanceof RefusedRequestError) return
    // Without its query, which has no meaning here: what clients carry there is theirs.
    const [path] = (request.url ?? '').split('?', 1)
    const fields = { method: request.method, path, error }
    if (error instanceof UnavailableError) this.#logger.info(fields, 'No answer for a client')
    else if (error instanceof BrokenBodyError) this.#logger.warn(fields, 'Reset a broken answer')
    else this.#logger.error(fields, 'Failed to answer a client')
  }

  #count(exchange: Exchange, outcome: Outcome): void {
    const { bytes, source, unindexed, maven, proxied } = outcome
    const status = outcome.end ?? String(exchange.response.statusCode)
    const durationSeconds = (this.#clock.monotonicMs() - exchange.startedMs) / 1000
    const from = source !== undefined && unindexed === true ? UNINDEXED_SOURCE : source
    this.#metrics.count({ status, source: from, bytes, durationSeconds })
    if (maven === true) this.#counter.count({ bytes, source, proxied })
  }
}

/** What is to be counted of an exchange. `maven` once its path is known to lie below a repository. */
interface Outcome {
  bytes: number
  source: SourceKind | undefined
  unindexed?: boolean
  maven?: boolean
  /** Name of the repository when it is a proxied one. */
  proxied?: string | undefined
  /** How it ended when there was no whole answer. */
  end?: 'closed' | 'reset'
}

async function send(exchange: Exchange, answer: Answer, outcome: Outcome): Promise<void> {
  outcome.source = answer.source
  outcome.unindexed = answer.unindexed === true
  outcome.bytes = await sendAnswer(exchange, answer)
}

function toClientHost(host: string): string {
  return toUrlHost(ANY_HOSTS.has(host) ? DEFAULT_HOST : host)
}

/** A refusal comes from memory and is short, so it needs no deadline of its own. */
function writeRefusal(exchange: Exchange, answer: Answer): number {
  const bytes = answer.body.kind === 'bytes' ? answer.body.bytes : new Uint8Array(0)
  const headers = { ...answer.headers, 'Content-Length': String(bytes.length) }
  exchange.response.writeHead(answer.status, answer.phrase, headers)
  exchange.response.end(exchange.isHead ? undefined : bytes)
  return exchange.isHead ? 0 : bytes.length
}
