import type { ProxiedStatus, ServedStatus } from '@jarswarm/endpoint'
import { LanPeers, LanShelf, ProxiedRepository, proxiedRepositoryId } from '@jarswarm/mirror'
import type { Clock, LanContent, Logger, ProxyCache, ProxyOrigin, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { DataDirectory } from '@jarswarm/store'
import { HttpProxyOrigin } from '@jarswarm/upstream'

/** A repository without signed index, as the user names it. */
export interface ProxyAddress {
  readonly name: string
  /** Base URL of the origin. */
  readonly url: string
}

export interface ProxiedRepositoriesComponents {
  readonly data: DataDirectory
  readonly swarm: Swarm
  readonly clock: Clock
  readonly logger: Logger
}

export interface ProxiedRepositoriesInit {
  readonly proxies: readonly ProxyAddress[]
  /** Version of the program, for the User-Agent. */
  readonly version: string
  readonly offline: boolean
}

/** The proxied repositories of a node. Of the swarm, only the peers on the LAN know of them. */
export class ProxiedRepositories {
  readonly #components: ProxiedRepositoriesComponents
  /** What peers on the LAN may have of them. */
  readonly lan: LanContent
  readonly #sources: readonly ProxiedRepository[]
  readonly #caches = new Map<RepositoryId, ProxyCache>()
  readonly #peers: LanPeers
  readonly #origins: ProxyOrigin[] = []

  constructor(components: ProxiedRepositoriesComponents, init: ProxiedRepositoriesInit) {
    this.#components = components
    this.#peers = new LanPeers(components)
    this.lan = new LanShelf({ blobs: components.data.blobs, caches: this.#caches })
    this.#sources = init.proxies.map(({ name, url }) => this.#create(name, { ...init, url }))
  }

  sources(): readonly ProxiedRepository[] {
    return this.#sources
  }

  /** @param served what the endpoint answered of one of them */
  status(served: (name: string) => ServedStatus): readonly ProxiedStatus[] {
    return this.#sources.map((source) => {
      const { requests, bytes, bySource } = served(source.name)
      const { store, peer, origin } = bySource
      return {
        name: source.name,
        origin: source.origin,
        receivedBytes: source.receivedBytes(),
        fromLanBytes: source.borrowedBytes(),
        served: { requests, bytes, bySource: { store, peer, origin } },
      }
    })
  }

  start(): void {
    for (const { name, origin } of this.#sources) {
      if (origin.startsWith('http:') && !isLoopback(origin)) {
        const fields = { repository: name, origin }
        this.#components.logger.warn(
          fields,
          'A proxied repository without TLS: anybody on the way can change its files',
        )
      }
    }
    for (const source of this.#sources) source.start()
  }

  /** End all requests. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.stop()))
    await Promise.all(this.#origins.splice(0).map((origin) => origin.close()))
  }

  #create(
    name: string,
    from: Pick<ProxiedRepositoriesInit, 'version' | 'offline'> & { readonly url: string },
  ): ProxiedRepository {
    const { data, clock, logger } = this.#components
    const url = from.url.replace(/\/+$/, '')
    const origin = from.offline ? undefined : new HttpProxyOrigin({ url, version: from.version })
    if (origin !== undefined) this.#origins.push(origin)
    const id = proxiedRepositoryId(url)
    const cache = data.proxyCache(id)
    this.#caches.set(id, cache)
    const kept = { blobs: data.blobs, cache, objects: data.index(id) }
    return new ProxiedRepository(
      { ...kept, origin, lan: this.#peers, clock, logger },
      { name, url },
    )
  }
}

function isLoopback(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)
}
