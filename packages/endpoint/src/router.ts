import type { ArtifactSource } from '@jarswarm/ports'
import { UnavailableError } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { toAnswer } from './answer.ts'
import type { Dashboard } from './dashboard/dashboard.ts'
import { RefusedRequestError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { MavenRoutes } from './maven-routes.ts'
import type { Metrics } from './metrics.ts'
import { isReadMethod } from './request-guard.ts'
import type { RequestPath } from './request-path.ts'
import type { NodeStatus } from './status.ts'

/** First segment of everything that is no repository; no repository may have this name. */
const OWN_SEGMENT = '-'
/** Before the name of a repository: whether a build may be sent to it. */
const HEALTH_OF = 'health/'
const NOT_CACHED = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

export interface RouterComponents {
  readonly repositories: () => readonly ArtifactSource[]
  readonly status: () => NodeStatus
  readonly maven: MavenRoutes
  readonly metrics: Metrics
  readonly dashboard: Dashboard
}

/** From a clean path to its answer. Nothing behind it changes anything. */
export class Router {
  readonly #components: RouterComponents

  constructor(components: RouterComponents) {
    this.#components = components
  }

  /**
   * @throws {RefusedRequestError} with the status that says why not
   * @throws {UnavailableError} when there is no answer now
   */
  async answer(exchange: Exchange, path: RequestPath): Promise<Answer> {
    const [first, ...rest] = path.segments
    const { method, headers } = exchange.request
    if (!isReadMethod(method)) throw this.#readOnly(first)
    if (first === undefined) return this.#components.dashboard.answer()
    if (first === OWN_SEGMENT) return await this.#own(rest.join('/'))
    const source = this.#find(first)
    if (source === undefined) throw this.#noSuchRepository(first)
    const below = { segments: rest, folder: path.folder }
    return await this.#components.maven.answer({ method, headers, source, path: below, exchange })
  }

  /** The name of the proxied repository that a path's first segment names, if it does. */
  proxiedName(first: string | undefined): string | undefined {
    const source = first === undefined ? undefined : this.#find(first)
    return source?.proxied === true ? source.name : undefined
  }

  async #own(name: string): Promise<Answer> {
    if (name.startsWith(HEALTH_OF)) this.#requireReady(name.slice(HEALTH_OF.length))
    switch (name.startsWith(HEALTH_OF) ? 'health' : name) {
      case 'health':
        return toAnswer(200, { ...NOT_CACHED, 'Content-Type': 'text/plain; charset=utf-8' }, 'ok\n')
      case 'status': {
        const headers = { ...NOT_CACHED, 'Content-Type': 'application/json; charset=utf-8' }
        return toAnswer(200, headers, `${JSON.stringify(this.#components.status())}\n`)
      }
      case 'metrics': {
        const { metrics } = this.#components
        const headers = { ...NOT_CACHED, 'Content-Type': metrics.contentType }
        return toAnswer(200, headers, await metrics.text())
      }
      default:
        throw new RefusedRequestError(404, 'This node has only /-/health, /-/status and /-/metrics')
    }
  }

  /** A build that is sent here gets nothing before the first head is known, and could have it all elsewhere. */
  #requireReady(name: string): void {
    const source = this.#find(name)
    if (source === undefined) throw this.#noSuchRepository(name)
    if (source.proxied !== true && source.head === undefined)
      throw new UnavailableError(`This node knows nothing of ${name} yet`)
  }

  #find(name: string): ArtifactSource | undefined {
    return this.#components.repositories().find((source) => source.name === name)
  }

  #noSuchRepository(name: string): UnavailableError {
    const names = this.#components.repositories().map((source) => source.name)
    const there = names.length === 0 ? 'it has none yet' : `it has ${names.join(', ')}`
    return new UnavailableError(`This node has no repository ${name}; ${there}`)
  }

  #readOnly(name: string | undefined): RefusedRequestError {
    const source = name === undefined ? undefined : this.#find(name)
    // Whoever publishes the index of an observed repository takes no deploys.
    const origin = source?.head?.observed ?? source?.origin
    const place = origin === undefined ? 'the primary of the repository' : `the primary, ${origin}`
    return new RefusedRequestError(405, `This mirror is read-only; deploy to ${place}`, {
      Allow: 'GET, HEAD',
    })
  }
}
