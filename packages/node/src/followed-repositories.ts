import { sha256 } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { Mirror, MirroredRepository, Prefetcher } from '@jarswarm/mirror'
import type { MirroredRepositoryInit, ObservedOrigin } from '@jarswarm/mirror'
import type {
  ArtifactContent,
  Clock,
  Logger,
  PublishedName,
  Swarm,
  Upstream,
} from '@jarswarm/ports'
import type { DataDirectory } from '@jarswarm/store'
import { toMirrorUrl } from '@jarswarm/trust'
import type { RepositoryId, SwarmLink } from '@jarswarm/trust'
import { HttpProxyOrigin, HttpUpstream } from '@jarswarm/upstream'
import { checkFirstRoot } from './first-root.ts'
import { DeniedBlobs } from './deny/denied-blobs.ts'
import type { DenyList } from './deny/deny-list.ts'
import type { JoinedRepositories } from './joined-repositories.ts'
import type { NodeInit } from './node-init.ts'
import type { ProxiedRepositories } from './proxied-repositories.ts'

/** Whoever joins waits this long for the origin's first root, which peers have, too. */
const FIRST_ROOT_MS = 5_000

/** Strict TUF: no state is taken that has expired, and one that expires here is no longer asked what is newest or absent. */
const ENFORCE = { enforceExpiry: true, maxStaleMs: 0 } as const

export interface FollowedRepositoriesComponents {
  readonly data: DataDirectory
  readonly joined: JoinedRepositories
  /** A dependency may lie there. */
  readonly proxied: ProxiedRepositories
  readonly denied: DenyList
  readonly swarm: Swarm
  readonly clock: Clock
  readonly logger: Logger
}

/** The repositories of a node: what was joined, and the mirror that follows it. */
export class FollowedRepositories {
  readonly mirror: Mirror
  /** What of it no peer gets. */
  readonly deniedBlobs: DeniedBlobs
  /** Fetches ahead of clients; undefined when the node asks nobody. */
  readonly prefetcher: Prefetcher | undefined
  readonly #components: FollowedRepositoriesComponents
  readonly #init: NodeInit
  readonly #upstreams: Upstream[] = []

  constructor(components: FollowedRepositoriesComponents, init: NodeInit) {
    this.#components = components
    this.#init = init
    const sources = () => this.mirror.sources()
    this.deniedBlobs = new DeniedBlobs({ list: components.denied, sources })
    const isDenied = this.deniedBlobs.has.bind(this.deniedBlobs)
    this.mirror = new Mirror({ blobs: components.data.blobs, isDenied })
    if (init.offline === true || init.prefetch === false) return
    const { data, proxied, clock, logger } = components
    const prefetched = () =>
      [...this.mirror.sources(), ...proxied.sources()].map((source) => source.prefetchSource)
    this.prefetcher = new Prefetcher({ sources: prefetched, blobs: data.blobs, clock, logger })
  }

  /** Links of all followed repositories, in the order of joining. */
  links(): readonly SwarmLink[] {
    return this.#components.joined.links()
  }

  /** The name that a repository gives itself, for others to join it by; undefined before it was verified. */
  signedName(id: RepositoryId): string | undefined {
    return this.mirror.sources().find((source) => source.id === id)?.signedName
  }

  /** Take up what was joined before, and begin to follow it. */
  async start(): Promise<void> {
    for (const link of this.links()) await this.#follow(link)
    await this.mirror.start()
  }

  /** A client was given bytes of a file; of a repository that is not followed, nothing is noted. */
  noteServed(id: RepositoryId, path: RepositoryPath): void {
    const { data, clock } = this.#components
    if (this.links().some((link) => link.id === id)) data.served(id).note(path, clock.now())
  }

  /** Open a part of the published form of a followed repository; undefined when it is not here. */
  async openPublished(id: RepositoryId, name: PublishedName): Promise<ArtifactContent | undefined> {
    const repository = this.mirror.sources().find((source) => source.id === id)
    return await repository?.openPublished(name)
  }

  /** Stop following. Idempotent. */
  async stop(): Promise<void> {
    await this.prefetcher?.stop()
    await this.mirror.stop()
    await Promise.all(this.#upstreams.splice(0).map((upstream) => upstream.close()))
  }

  /**
   * Note a repository to follow from the next start on; when it is noted already, learn the link's origin and peers.
   *
   * @returns whether it is new
   * @throws {RepositoryNameTakenError | RepositoryIdMismatchError}
   */
  async remember(link: SwarmLink): Promise<boolean> {
    const { joined } = this.#components
    joined.check(link)
    const isNew = !joined.links().some(({ id }) => id === link.id)
    if (isNew) await this.#checkOrigin(link)
    await joined.add(link)
    return isNew
  }

  /** As `remember`, and follow it at once. @returns whether it was not followed before */
  async join(link: SwarmLink): Promise<boolean> {
    await this.remember(link)
    // It may be noted already by an attempt that failed after that.
    if (this.mirror.sources().some(({ id }) => id === link.id)) return false
    await this.#follow(link)
    return true
  }

  async #checkOrigin(link: SwarmLink): Promise<void> {
    const [upstream] = this.#upstreamsOf(link)
    if (upstream === undefined) return
    try {
      await checkFirstRoot(link, upstream, { signal: AbortSignal.timeout(FIRST_ROOT_MS) })
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error
      this.#components.logger.info(
        { origin: upstream.url },
        'the origin is slow: joined without it',
      )
    } finally {
      await upstream.close()
    }
  }

  async #follow(link: SwarmLink): Promise<void> {
    const { data, swarm, clock, logger } = this.#components
    const { mirror = 'none', offline = false, syncIndex = true, freshness, strict } = this.#init
    const {
      heads = {},
      lookUp = true,
      announce = true,
      donations = {},
    } = this.#init.mechanisms ?? {}
    const upstreams = this.#upstreamsOf(link)
    this.#upstreams.push(...upstreams)
    const repository = new MirroredRepository(
      {
        blobs: data.blobs,
        index: data.index(link.id),
        trust: data.trust,
        history: data.history(link.id),
        evidence: data.evidence(link.id),
        records: data.records,
        served: data.served(link.id),
        isNamedElsewhere: (digest) =>
          this.mirror.sources().some((source) => source.id !== link.id && source.holds(digest)),
        isDenied: (digest) => this.deniedBlobs.has(digest),
        swarm,
        upstreams,
        createMirror: (url) => this.#createMirror(url),
        openObserved: (url) => this.#openObserved(link, url),
        clock,
        logger,
      },
      {
        id: link.id,
        name: link.name,
        mirrorPolicy: mirror,
        offline,
        syncIndex,
        strict: strict ?? false,
        ...(freshness === 'enforce' ? ENFORCE : {}),
        heads,
        lookUp,
        announce,
        donationPace: donations,
        ...this.#donation(link.id),
        ...(link.origin === undefined ? {} : { origin: link.origin }),
      },
    )
    await this.mirror.add(repository)
  }

  /** The space is shared among the repositories in proportion to their bytes. */
  #donation(id: RepositoryId): Pick<MirroredRepositoryInit, 'donatedBytes'> {
    const { donatedBytes = 0 } = this.#init
    if (donatedBytes === 0) return {}
    return {
      donatedBytes: () => {
        const sources = this.mirror.sources()
        const own = sources.find((source) => source.id === id)?.head?.index.bytes
        if (own === undefined) return undefined
        const all = sources.reduce((sum, { head }) => sum + (head?.index.bytes ?? 0), 0)
        return all === 0 ? donatedBytes : Math.floor((donatedBytes * own) / all)
      },
    }
  }

  /** Beside what is signed, under an id of its own: nothing of it may be taken for a part of the index. */
  #openObserved({ id }: SwarmLink, url: string): ObservedOrigin {
    const { data } = this.#components
    const { version, offline } = this.#init
    const place = sha256(new TextEncoder().encode(`jarswarm unindexed files 1 ${id} ${url}`))
    const origin = offline === true ? undefined : new HttpProxyOrigin({ url, version })
    return { origin, cache: data.proxyCache(place), objects: data.index(place) }
  }

  #upstreamsOf({ origin }: SwarmLink): readonly Upstream[] {
    if (origin === undefined || this.#init.offline === true) return []
    return [this.#createUpstream('origin', origin)]
  }

  /** None below the own public URL: a node that asked itself would wait for itself. */
  #createMirror(url: string): Upstream | undefined {
    const { publicUrl } = this.#init
    const own = publicUrl === undefined ? undefined : toMirrorUrl(publicUrl)
    return own !== undefined && url.startsWith(own)
      ? undefined
      : this.#createUpstream('mirror', url)
  }

  #createUpstream(kind: 'origin' | 'mirror', url: string): Upstream {
    const { version } = this.#init
    return new HttpUpstream({ clock: this.#components.clock }, { kind, url, version })
  }
}
