import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Clock, Logger, Swarm } from '@jarswarm/ports'
import { isRootInForce, publishTree, readPublishedLink, resignTimestamp } from '@jarswarm/publisher'
import type { PublishReport, PublishTreeOptions } from '@jarswarm/publisher'
import { formatLink, parseLink } from '@jarswarm/trust'
import type { SwarmLink } from '@jarswarm/trust'
import { checkClock } from '../clock-check.ts'
import { linkPeers } from '../link-peers.ts'
import { startSwarm } from '../listening.ts'
import type { HostPort } from '../listening.ts'
import { createLogger } from '../pino-logger.ts'
import { SystemClock } from '../system-clock.ts'
import { OriginServer } from './origin-server.ts'
import { PrimaryContent } from './primary-content.ts'
import { PublicationWatch } from './publication-watch.ts'
import { PublishedFiles } from './published-files.ts'
import { TreeBlobs } from './tree-blobs.ts'
import { TreePublisher } from './tree-publisher.ts'
import type { TreeLook } from './tree-publisher.ts'

const PUBLISHED_DIRECTORY = '.jarswarm'
/** Below the state directory: the peer's own key, and the peers that it knows. */
const PEER_DIRECTORY = 'peer'
/** Paths that one line of the log names. */
const MAX_LOGGED_PATHS = 20
/** Whoever has just put a root in force holds the lock for a moment more, and so does a deploy hook. */
const LOCK_WAIT_MS = 10_000
/** What changed just now, and has no checksum beside it, may be half of what somebody uploads. */
const SETTLE_MS = 10_000

export interface PrimaryInit {
  /** Keys and publishing state, as `initRepository` made it. */
  readonly stateDir: string
  /** The Maven repository. */
  readonly treeDir: string
  readonly http: HostPort
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** Publish what changes in the tree, and look at all of it this often; undefined leaves publishing to others. */
  readonly walkMs?: number
  readonly logger?: Logger
  readonly clock?: Clock
}

/** A repository's own server: HTTP origin, and member of the swarm that holds everything. */
export interface Primary {
  /** Base URL of the origin without a trailing slash; empty before start. */
  readonly url: string
  /** Full multiaddrs; empty before start. */
  listenAddresses(): readonly string[]
  /** Swarm link that names this server as origin (unless the repository has another) and as a peer. */
  link(): string
  /** @throws {PortInUseError | ListenError} when the address cannot be had */
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Make the primary of a tree. A tree that was never published is published first.
 *
 * @throws {WrongClockError} before anything would be signed at a wrong time
 * @throws {StateDirectoryError} when the state directory is none
 * @throws {UnpublishedTreeError} when the published form is damaged
 */
export async function createPrimary(init: PrimaryInit): Promise<Primary> {
  const { stateDir, listen } = init
  const clock = init.clock ?? new SystemClock()
  const logger = init.logger ?? createLogger()
  checkClock(clock)
  const identity = parseLink((await readPublishedLink(stateDir)).link)
  const treeRoot = await realpath(init.treeDir)
  const publishedRoot = join(treeRoot, PUBLISHED_DIRECTORY)
  const published = new PublishedFiles(publishedRoot)
  const failedSyncs = new Set<string>()
  const publish = async (options: Partial<PublishTreeOptions> = {}): Promise<void> => {
    logReport(logger, await publishTree({ ...options, failedSyncs, stateDir, treeDir: treeRoot }))
  }
  if ((await published.manifest()) === undefined) await publish()
  const blobs = new TreeBlobs({ published }, { treeRoot, publishedRoot })
  const content = new PrimaryContent({ published, blobs, clock, logger })
  await content.refresh(identity.id)
  // Loaded where it is used: libp2p is most of the start-up time, and most commands need none of it.
  const { createSwarm } = await import('@jarswarm/swarm')
  const swarm = await createSwarm(
    { content, clock, logger },
    { directory: join(stateDir, PEER_DIRECTORY), listen, bootstrap: identity.peers },
  )
  const origin = new OriginServer(
    { clock, logger },
    { treeDir: treeRoot, withdrawn: (name) => content.withdrawn(name) },
  )
  const resign = async (signal: AbortSignal): Promise<void> => {
    const lock = { waitMs: LOCK_WAIT_MS, signal }
    await resignTimestamp({ stateDir, treeDir: treeRoot, lock })
  }
  const hasRoot = (number: number): Promise<boolean> => isRootInForce(stateDir, number)
  const watch = new PublicationWatch(
    { content, swarm, clock, logger, resign, hasRoot },
    { id: identity.id, publishedRoot },
  )
  const look = async ({ paths, onYoung, signal }: TreeLook): Promise<void> => {
    await publish({
      changes: paths && Readable.from(paths),
      settling: { ms: SETTLE_MS, onYoung },
      lock: { waitMs: LOCK_WAIT_MS, signal },
      signal,
    })
    await watch.takeUp()
  }
  const publisher =
    init.walkMs === undefined
      ? undefined
      : new TreePublisher(
          { publish: look, clock, logger },
          { treeDir: treeRoot, walkMs: init.walkMs, settleMs: SETTLE_MS },
        )
  return new PrimaryServer(
    { origin, swarm, watch, publisher },
    { identity, http: init.http, listen },
  )
}

function logReport(logger: Logger, { refused, waiting, counts }: PublishReport): void {
  if (counts.refused > 0) {
    const fields = { files: counts.refused, refused: refused.slice(0, MAX_LOGGED_PATHS) }
    logger.warn(fields, 'released files were changed: not published')
  }
  if (counts.waiting > 0) {
    const fields = { files: counts.waiting, waiting: waiting.slice(0, MAX_LOGGED_PATHS) }
    logger.info(fields, 'files wait for the next time')
  }
}

interface PrimaryComponents {
  readonly origin: OriginServer
  readonly swarm: Swarm
  readonly watch: PublicationWatch
  /** Undefined when others publish. */
  readonly publisher: TreePublisher | undefined
}

interface PrimaryServerInit {
  readonly identity: SwarmLink
  readonly http: HostPort
  readonly listen: readonly string[]
}

class PrimaryServer implements Primary {
  readonly #components: PrimaryComponents
  readonly #identity: SwarmLink
  readonly #http: HostPort
  readonly #listen: readonly string[]

  constructor(components: PrimaryComponents, init: PrimaryServerInit) {
    this.#components = components
    this.#identity = init.identity
    this.#http = init.http
    this.#listen = init.listen
  }

  get url(): string {
    return this.#components.origin.url
  }

  listenAddresses(): readonly string[] {
    return this.#components.swarm.listenAddresses()
  }

  link(): string {
    const { origin, peers } = this.#identity
    return formatLink({
      ...this.#identity,
      origin: origin ?? `${this.url}/`,
      peers: linkPeers(this.listenAddresses(), peers),
    })
  }

  async start(): Promise<void> {
    const { origin, swarm, watch, publisher } = this.#components
    await origin.start(this.#http)
    await startSwarm(swarm, this.#listen)
    watch.start()
    publisher?.start()
  }

  async stop(): Promise<void> {
    const { origin, swarm, watch, publisher } = this.#components
    await Promise.all([publisher?.stop(), watch.stop()])
    await Promise.all([origin.stop(), swarm.stop()])
  }
}
