import type { Head, IndexDifference, IndexEntry } from '@jarswarm/manifest'
import type { PeerName } from '@jarswarm/ports'
import { BlobFetcher } from './fetch/blob-fetcher.ts'
import { IndexKeeper } from './index-tree/index-keeper.ts'
import { IndexReader } from './index-tree/index-reader.ts'
import { ObjectFetcher } from './index-tree/object-fetcher.ts'
import type { MirroredRepositoryComponents, MirroredRepositoryInit } from './repository-init.ts'
import { Announcer } from './share/announcer.ts'
import { HeldBlobs } from './share/held-blobs.ts'
import { MirrorFill } from './share/mirror-fill.ts'
import { HeadSources } from './trust/head-sources.ts'
import { HeadWatch } from './trust/head-watch.ts'
import { TrustKeeper } from './trust/trust-keeper.ts'

/** The parts of one followed repository, wired. */
export interface RepositoryParts {
  readonly keeper: TrustKeeper
  readonly watch: HeadWatch
  readonly objects: ObjectFetcher
  readonly tree: IndexKeeper
  readonly reader: IndexReader
  readonly fetcher: BlobFetcher
  readonly held: HeldBlobs
  readonly announcer: Announcer
  readonly fill: MirrorFill
}

/** What the parts tell the whole. */
export interface RepositoryEvents {
  onNewHead(peer: PeerName | undefined): void
  onStored(entry: IndexEntry): void
  onIndexChange(change: IndexDifference): void
  onFilled(head: Head): void
  isComplete(): boolean
}

/** Make the parts of a repository. Nothing begins here. */
export function assembleRepository(
  components: MirroredRepositoryComponents,
  init: MirroredRepositoryInit,
  events: RepositoryEvents,
): RepositoryParts {
  const { blobs, index, trust, swarm, clock, logger, random = Math.random } = components
  const { id, offline = false } = init
  const upstreams = offline ? [] : components.upstreams
  const sources = new HeadSources({ swarm, upstreams, logger }, { id, offline })
  const keeper = new TrustKeeper(
    {
      trust,
      clock,
      logger,
      rootCandidates: (number, options) => sources.rootCandidates(number, options),
      onNewHead: (peer) => {
        events.onNewHead(peer)
      },
    },
    { id, enforceExpiry: init.enforceExpiry ?? false },
  )
  const watch = new HeadWatch({ keeper, sources, clock, random, logger }, init.heads ?? {})
  const objects = new ObjectFetcher(
    { swarm, upstreams, clock, logger },
    { repository: id, offline },
  )
  const tree = new IndexKeeper({
    index,
    objects,
    upstreams,
    logger,
    onChange: (change) => {
      events.onIndexChange(change)
    },
  })
  const fetcher = new BlobFetcher(
    {
      blobs,
      swarm,
      upstreams,
      clock,
      logger,
      readObject: (digest, options) => tree.read(digest, options),
      onStored: (entry) => {
        events.onStored(entry)
      },
    },
    { repository: id, offline, lookUp: init.lookUp ?? true },
  )
  const held = new HeldBlobs({ blobs, index })
  const announcer = new Announcer(
    { swarm, held, clock, random, logger },
    { repository: id, isComplete: () => events.isComplete() },
  )
  const fill = new MirrorFill(
    {
      index,
      fetcher,
      clock,
      logger,
      onComplete: (head) => {
        events.onFilled(head)
      },
    },
    { policy: init.mirrorPolicy ?? 'none' },
  )
  const reader = new IndexReader({ keeper: tree, index, clock })
  return { keeper, watch, objects, tree, reader, fetcher, held, announcer, fill }
}
