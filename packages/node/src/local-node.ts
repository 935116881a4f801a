import { Endpoint } from '@jarswarm/endpoint'
import type { HttpsInit, NodeStatus, ServedStatus } from '@jarswarm/endpoint'
import type { AbortOptions, Clock, Logger, PeerStatus, RepositoryStatus } from '@jarswarm/ports'
import type { UpstreamReport } from '@jarswarm/mirror'
import type { DataDirectory } from '@jarswarm/store'
import { formatLink, parseLink } from '@jarswarm/trust'
import { ArtifactReader } from './artifact-reader.ts'
import { checkStore } from './check-store.ts'
import { ControlServer } from './control-server.ts'
import type { FollowedRepositories } from './followed-repositories.ts'
import { DenyingSource } from './deny/denying-source.ts'
import type { Denial, DenyChange, DenyList } from './deny/deny-list.ts'
import { FreshnessLog } from './freshness-log.ts'
import type { HandlePlan } from './limits/file-handles.ts'
import type { LimitReport } from './limits/limit-report.ts'
import { nodeLimits } from './limits/node-limits.ts'
import { linkPeers } from './link-peers.ts'
import { FileAdoption } from './local-files/file-adoption.ts'
import { readIndexSlice } from './local-files/index-slice.ts'
import type { IndexQuery, IndexSlice } from './local-files/index-slice.ts'
import { PathLookup } from './local-files/path-lookup.ts'
import type {
  AdoptedFile,
  CheckReport,
  GottenArtifact,
  LocalFile,
  PathFinding,
  NodeControl,
} from './node-control.ts'
import { fileHistory, verifyHistory } from './history-reports.ts'
import type { FileHistory, VerifiedRepository } from './history-reports.ts'
import type { NodeInit } from './node-init.ts'
import type { Node } from './node.ts'
import { NodeSwarm } from './node-swarm.ts'
import { publicPlaces } from './public-places.ts'
import { repeat } from './repeat.ts'
import type { Repetition } from './repeat.ts'
import type { ProxiedRepositories } from './proxied-repositories.ts'
import type { SwarmSlot } from './swarm-slot.ts'
import { certificatePlaces } from './tls/certificate-files.ts'
import { renewCertificate } from './tls/certificate-renewal.ts'

/** Soon enough that the log speaks of a stale state before a user does. */
const FRESHNESS_CHECK_MS = 10_000

const NOTHING_SERVED: ServedStatus = {
  requests: 0,
  bytes: 0,
  bySource: { store: 0, peer: 0, mirror: 0, origin: 0 },
}

export interface LocalNodeComponents {
  readonly data: DataDirectory
  readonly swarm: SwarmSlot
  readonly followed: FollowedRepositories
  readonly proxied: ProxiedRepositories
  readonly denied: DenyList
  readonly clock: Clock
  readonly logger: Logger
}

export interface LocalNodeInit extends Omit<NodeInit, 'https'> {
  readonly role: 'node' | 'bootstrap'
  /** With the certificate of the data directory. */
  readonly https?: HttpsInit | undefined
  readonly handles: HandlePlan
}

/** A node in this process. Made by `createNode` and `createBootstrap`. */
export class LocalNode implements Node {
  readonly #components: LocalNodeComponents
  readonly #init: LocalNodeInit
  readonly #endpoint: Endpoint | undefined
  readonly #control: ControlServer
  readonly #reader: ArtifactReader
  readonly #lookup: PathLookup
  readonly #swarm: NodeSwarm
  readonly #startedMs: number
  #renewal: Repetition | undefined
  #freshnessWatch: Repetition | undefined
  #joining: Promise<unknown> = Promise.resolve()
  #stopping: Promise<void> | undefined
  #url: string | undefined

  constructor(components: LocalNodeComponents, init: LocalNodeInit) {
    const { clock, logger, followed, proxied, denied } = components
    const { dataDir, http, https, allowHosts = [], publicUrl, handles } = init
    this.#components = components
    this.#init = init
    this.#startedMs = clock.now()
    this.#swarm = new NodeSwarm(components, init)
    const repositories = () =>
      [...followed.mirror.sources(), ...proxied.sources()].map(
        (source) => new DenyingSource(source, denied),
      )
    const onServed = followed.noteServed.bind(followed)
    this.#reader = new ArtifactReader({ repositories, clock, onServed })
    const { blobs } = components.data
    this.#lookup = new PathLookup({ blobs, repositories: () => followed.mirror.sources() })
    this.#control = new ControlServer({ control: this, logger }, { dataDir })
    if (http === undefined) return
    this.#endpoint = new Endpoint(
      {
        repositories,
        prefetch: followed.prefetcher,
        onServed,
        openPublished: (source, name) => followed.openPublished(source.id, name),
        status: () => this.statusNow(),
        clock,
        logger,
      },
      { ...http, https, allowHosts, publicUrl, maxConnections: handles.clientConnections },
    )
  }

  get url(): string | undefined {
    return this.#url
  }

  get secureUrl(): string | undefined {
    return this.#endpoint?.secureAddress()
  }

  get certificateFile(): string | undefined {
    return this.secureUrl === undefined ? undefined : certificatePlaces(this.#init.dataDir).cert
  }

  listenAddresses(): readonly string[] {
    return this.#components.swarm.listenAddresses()
  }

  repositoryNames(): readonly string[] {
    return this.#components.followed.links().map(({ name }) => name)
  }

  link(): string | undefined {
    const [link, ...others] = this.#components.followed.links()
    if (link === undefined || others.length > 0) return undefined
    const name = this.#components.followed.signedName(link.id) ?? link.name
    return formatLink({ ...link, name, peers: linkPeers(this.listenAddresses(), link.peers) })
  }

  async start(): Promise<void> {
    try {
      await this.#components.followed.start()
      this.#freshnessWatch = this.#watchFreshness()
      this.#components.proxied.start()
      await this.#endpoint?.start()
      this.#url = this.#endpoint?.address()
      if (this.#endpoint !== undefined && this.secureUrl !== undefined) {
        const components = { ...this.#components, endpoint: this.#endpoint }
        this.#renewal = renewCertificate(components, this.#init)
      }
      await this.#swarm.start()
      await this.#control.start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  statusNow(): NodeStatus {
    const { data, swarm, followed, clock } = this.#components
    const { publicUrl } = this.#init
    const peers = swarm.peers()
    const proxied = this.#components.proxied.status(
      (name) => this.#endpoint?.servedProxied(name) ?? NOTHING_SERVED,
    )
    return {
      version: this.#init.version,
      peerId: swarm.peerId,
      listen: swarm.listenAddresses(),
      uptimeSeconds: Math.floor((clock.now() - this.#startedMs) / 1000),
      repositories: followed.mirror.sources().map((source) => source.status()),
      store: data.blobs.usage(),
      peers: { connected: peers.filter(({ connected }) => connected).length, known: peers.length },
      served: this.#endpoint?.served() ?? NOTHING_SERVED,
      ...(proxied.length === 0 ? {} : { proxied }),
      ...(publicUrl !== undefined && {
        public: publicPlaces(publicUrl, followed.mirror.sources()),
      }),
    }
  }

  status(): Promise<NodeStatus> {
    return Promise.resolve(this.statusNow())
  }

  limits(): Promise<readonly LimitReport[]> {
    const { mechanisms = {}, role, handles } = this.#init
    const components = { ...this.#components, endpoint: this.#endpoint }
    return nodeLimits(components, { role, handles, limits: mechanisms.limits ?? {} })
  }

  peers(): Promise<readonly PeerStatus[]> {
    return Promise.resolve(this.#components.swarm.peers())
  }

  repositories(): Promise<readonly RepositoryStatus[]> {
    return Promise.resolve(this.statusNow().repositories)
  }

  async mirrors(options: AbortOptions = {}): Promise<readonly UpstreamReport[]> {
    const sources = this.#components.followed.mirror.sources()
    const reports = await Promise.all(sources.map((source) => source.inspectUpstreams(options)))
    return reports.flat()
  }

  get(address: string, options: AbortOptions = {}): Promise<GottenArtifact> {
    return this.#reader.get(address, { ...options, patient: this.#init.offline !== true })
  }

  check(options: AbortOptions & { readonly repair?: boolean } = {}): Promise<CheckReport> {
    return checkStore(this.#components.data, options)
  }

  history(address: string, options: AbortOptions = {}): Promise<FileHistory> {
    return fileHistory(this.#components.followed.mirror, address, options)
  }

  verifyHistory(
    range: Parameters<NodeControl['verifyHistory']>[0],
    options: AbortOptions = {},
  ): Promise<readonly VerifiedRepository[]> {
    return verifyHistory(this.#components.followed.mirror, range, options)
  }

  lookUp(paths: readonly string[], options: AbortOptions = {}): Promise<readonly PathFinding[]> {
    return this.#lookup.findAll(paths, options)
  }

  readIndex(query: IndexQuery, options: AbortOptions = {}): Promise<IndexSlice> {
    return readIndexSlice(this.#components.followed.mirror, query, options)
  }

  withdrawn(repository: string): ReturnType<NodeControl['withdrawn']> {
    return this.#lookup.withdrawn(repository)
  }

  async adopt(
    files: readonly LocalFile[],
    options: AbortOptions = {},
  ): Promise<readonly AdoptedFile[]> {
    const { blobs } = this.#components.data
    const adoption = new FileAdoption({ blobs, lookup: this.#lookup })
    const adopted: AdoptedFile[] = []
    for (const file of files) adopted.push(await adoption.adopt(file, options))
    return adopted
  }

  async denials(change: DenyChange = {}, options: AbortOptions = {}): Promise<readonly Denial[]> {
    const { denied, followed } = this.#components
    if (await denied.change(change)) await followed.deniedBlobs.refresh(options)
    return denied.all
  }

  /** One at a time, for each makes a new swarm. */
  join(text: string): Promise<RepositoryStatus> {
    const joining = this.#joining.then(() => this.#join(text))
    this.#joining = joining.catch(() => undefined)
    return joining
  }

  async #join(text: string): Promise<RepositoryStatus> {
    const { followed } = this.#components
    const link = parseLink(text)
    if ((await followed.join(link)) || this.#swarm.isMissing) await this.#swarm.renew()
    const joined = followed.mirror.find(link.name)
    if (joined === undefined) throw new Error(`Cannot find ${link.name} after joining it`)
    return joined.status()
  }

  #watchFreshness(): Repetition {
    const { clock, logger, followed } = this.#components
    const status = () => followed.mirror.sources().map((source) => source.status())
    const log = new FreshnessLog({ status, logger })
    return repeat(
      { clock, logger },
      {
        what: 'look how old the signed states are',
        intervalMs: FRESHNESS_CHECK_MS,
        task: () => {
          log.look()
          return followed.deniedBlobs.refresh()
        },
      },
    )
  }

  async #stop(): Promise<void> {
    const { data, followed, proxied } = this.#components
    await Promise.all([
      this.#control.stop(),
      this.#endpoint?.stop(),
      this.#renewal?.stop(),
      this.#freshnessWatch?.stop(),
    ])
    await this.#joining
    await Promise.all([followed.stop(), proxied.stop(), this.#swarm.stop()])
    await data.close()
  }
}
