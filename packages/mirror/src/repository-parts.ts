import type { Head, IndexDifference, IndexEntry } from '@jarswarm/manifest'
import type { PeerName } from '@jarswarm/ports'
import { BlobFetcher } from './fetch/blob-fetcher.ts'
import { IndexKeeper } from './index-tree/index-keeper.ts'
import { IndexReader } from './index-tree/index-reader.ts'
import { ObjectFetcher } from './index-tree/object-fetcher.ts'
import { IndexedPrefetchSource } from './prefetch/indexed-prefetch-source.ts'
import type { PrefetchSource } from './prefetch/prefetch-source.ts'
import type { MirroredRepositoryComponents, MirroredRepositoryInit } from './repository-init.ts'
import { Announcer } from './share/announcer.ts'
import { HeldBlobs } from './share/held-blobs.ts'
import { MirrorFill } from './share/mirror-fill.ts'
import { PublishedForm } from './share/published-form.ts'
import { policyMatcher } from './share/mirror-policy.ts'
import { HeadSources } from './trust/head-sources.ts'
import { HeadWatch } from './trust/head-watch.ts'
import { TrustKeeper } from './trust/trust-keeper.ts'
import { UpstreamSet } from './upstreams/upstream-set.ts'
import { UnindexedFiles } from './unindexed-files.ts'

/** The parts of one followed repository, wired. */
export interface RepositoryParts {
  readonly upstreams: UpstreamSet
  readonly published: PublishedForm
  readonly keeper: TrustKeeper
  readonly watch: HeadWatch
  readonly objects: ObjectFetcher
  readonly tree: IndexKeeper
  readonly reader: IndexReader
  readonly fetcher: BlobFetcher
  readonly prefetchSource: PrefetchSource
  readonly held: HeldBlobs
  readonly announcer: Announcer
  readonly fill: MirrorFill
  readonly unindexed: UnindexedFiles
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
  const { blobs, index, swarm, clock, logger, random = Math.random } = components
  const { id: repository, offline = false } = init
  const upstreams = assembleUpstreams({ ...components, random }, offline)
  const network = { swarm, upstreams, clock, logger }
  const objects = new ObjectFetcher(network, { repository, offline })
  const onChange = events.onIndexChange.bind(events)
  const tree = new IndexKeeper({ index, objects, upstreams, logger, onChange })
  const readObject = tree.read.bind(tree)
  const isPinned = policyMatcher(init.mirrorPolicy ?? 'none')
  const fetcher = new BlobFetcher(
    {
      ...network,
      blobs,
      readObject,
      readLocalObject: tree.local,
      onStored: events.onStored.bind(events),
    },
    { repository, offline, lookUp: init.lookUp ?? true, isPinned },
  )
  const held = new HeldBlobs({ blobs, index })
  const trust = assembleTrust({ ...components, upstreams, random }, init, events)
  const reader = new IndexReader({ keeper: tree, index, clock })
  return {
    upstreams,
    published: new PublishedForm({ blobs, index, tree, held, trusted: () => trust.keeper.trusted }),
    ...trust,
    objects,
    tree,
    reader,
    fetcher,
    prefetchSource: new IndexedPrefetchSource(
      { reader, fetcher, blobs },
      { id: repository, head: () => trust.keeper.trusted?.head },
    ),
    held,
    announcer: new Announcer(
      { swarm, held, clock, random, logger },
      { repository, isComplete: events.isComplete.bind(events), enabled: init.announce ?? true },
    ),
    fill: new MirrorFill(
      { index, fetcher, clock, logger, onComplete: events.onFilled.bind(events) },
      { policy: init.mirrorPolicy ?? 'none' },
    ),
    unindexed: new UnindexedFiles(
      {
        blobs,
        clock,
        logger,
        openObserved: components.openObserved,
        onIndexed: events.onStored.bind(events),
      },
      { name: init.name, strict: init.strict ?? false },
    ),
  }
}

function assembleUpstreams(
  components: MirroredRepositoryComponents & { readonly random: () => number },
  offline: boolean,
): UpstreamSet {
  const { upstreams: fixed, createMirror, clock, logger, random } = components
  if (offline) return new UpstreamSet({ fixed: [], clock, logger, random })
  return new UpstreamSet({ fixed, createMirror, clock, logger, random })
}

function assembleTrust(
  components: Omit<MirroredRepositoryComponents, 'upstreams'> & {
    readonly upstreams: UpstreamSet
    readonly random: () => number
  },
  init: MirroredRepositoryInit,
  events: RepositoryEvents,
): Pick<RepositoryParts, 'keeper' | 'watch'> {
  const { trust, clock, logger, random } = components
  const { id, offline = false, enforceExpiry = false } = init
  const sources = new HeadSources(components, { id, offline })
  const rootCandidates = sources.rootCandidates.bind(sources)
  const onNewHead = events.onNewHead.bind(events)
  const keeper = new TrustKeeper(
    { trust, clock, logger, rootCandidates, onNewHead },
    { id, enforceExpiry },
  )
  const watch = new HeadWatch({ keeper, sources, clock, random, logger }, init.heads ?? {})
  return { keeper, watch }
}
