import type { Head, IndexDifference, IndexEntry, Withdrawal } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { PeerName } from '@jarswarm/ports'
import { assembleDonation, assembleDonationView } from './donate/assemble-donation.ts'
import type { DonationView } from './donate/assemble-donation.ts'
import type { DonationKeeper } from './donate/donation-keeper.ts'
import { BlobFetcher } from './fetch/blob-fetcher.ts'
import { EvidenceRecorder } from './history/evidence-recorder.ts'
import { HeadGate } from './history/head-gate.ts'
import { HistoryReader } from './history/history-reader.ts'
import { LogSource } from './history/log-source.ts'
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
import { LackingPeers } from './transfer/lacking-peers.ts'
import { PeerStandings } from './transfer/peer-standings.ts'
import { HeadSources } from './trust/head-sources.ts'
import { HeadWatch } from './trust/head-watch.ts'
import { TrustKeeper } from './trust/trust-keeper.ts'
import { UpstreamSet } from './upstreams/upstream-set.ts'
import { UnindexedFiles } from './unindexed-files.ts'
import { WithdrawalBook } from './withdrawal/withdrawal-book.ts'

/** The parts of one followed repository, wired. */
export interface RepositoryParts {
  readonly upstreams: UpstreamSet
  readonly published: PublishedForm
  readonly keeper: TrustKeeper
  readonly watch: HeadWatch
  readonly recorder: EvidenceRecorder
  readonly gate: HeadGate
  readonly withdrawals: WithdrawalBook
  readonly history: HistoryReader
  readonly objects: ObjectFetcher
  readonly tree: IndexKeeper
  readonly reader: IndexReader
  readonly fetcher: BlobFetcher
  readonly prefetchSource: PrefetchSource
  readonly held: HeldBlobs
  readonly announcer: Announcer
  readonly fill: MirrorFill
  readonly donation: DonationKeeper
  readonly unindexed: UnindexedFiles
}

/** What the parts tell the whole. */
export interface RepositoryEvents {
  onNewHead(peer: PeerName | undefined): void
  onStored(entry: IndexEntry): void
  onIndexChange(change: IndexDifference): void
  onFilled(head: Head): void
  onWithdrawn(withdrawals: readonly Withdrawal[]): void
  isComplete(): boolean
  /** Number of the head in use, or 0. */
  headSeq(): number
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
  const standings = new PeerStandings({ clock })
  const lacking = new LackingPeers({ clock, standings })
  const network = { swarm, upstreams, clock, logger, standings, lacking }
  const objects = new ObjectFetcher(network, { repository, offline })
  const tree = new IndexKeeper({
    ...network,
    index,
    objects,
    onChange: events.onIndexChange.bind(events),
  })
  const donations = assembleDonationView({ ...components, random }, init)
  const recorder = new EvidenceRecorder(components, { name: init.name })
  const trust = assembleTrust({ ...components, ...network, random, recorder }, init, events)
  const known = { ...trust, tree, donations, onStored: events.onStored.bind(events) }
  const fetcher = assembleFetcher({ ...components, ...network, ...known }, init, events)
  const withdrawals = new WithdrawalBook(
    { ...components, ...trust, tree },
    { repository, name: init.name, onWithdrawn: events.onWithdrawn.bind(events) },
  )
  const isWithdrawn = (path: RepositoryPath): boolean => withdrawals.find(path) !== undefined
  const held = new HeldBlobs({ blobs, index, isWithdrawn })
  const checked = assembleHistory(
    { ...components, ...network, ...trust, recorder, tree, withdrawals },
    init,
  )
  const reader = new IndexReader({ keeper: tree, index, clock })
  const keeping = assembleKeeping(
    { ...components, random, tree, fetcher, donations, isWithdrawn },
    init,
    events,
  )
  return {
    upstreams,
    published: assemblePublished({ ...components, tree, held, ...trust, ...checked }),
    ...trust,
    ...checked,
    withdrawals,
    recorder,
    objects,
    tree,
    reader,
    fetcher,
    prefetchSource: new IndexedPrefetchSource(
      { reader, fetcher, blobs },
      { id: repository, head: () => checked.gate.head },
    ),
    held,
    announcer: assembleAnnouncer({ ...components, random, held, fill: keeping.fill }, init, events),
    ...keeping,
    unindexed: assembleUnindexed({ ...components, onIndexed: known.onStored }, init),
  }
}

function assemblePublished(
  components: Pick<MirroredRepositoryComponents, 'blobs' | 'index' | 'isDenied'> &
    Pick<RepositoryParts, 'tree' | 'held' | 'keeper' | 'history'>,
): PublishedForm {
  const { keeper, history } = components
  return new PublishedForm({
    ...components,
    trusted: () => keeper.trusted,
    readLogTile: (tile) => history.readTile(tile),
  })
}

function assembleAnnouncer(
  components: MirroredRepositoryComponents & {
    readonly random: () => number
    readonly held: HeldBlobs
    readonly fill: MirrorFill
  },
  init: MirroredRepositoryInit,
  events: RepositoryEvents,
): Announcer {
  return new Announcer(components, {
    repository: init.id,
    isComplete: events.isComplete.bind(events),
    isFilling: () => components.fill.isUnderWay,
    enabled: init.announce ?? true,
  })
}

/** What brings files that nobody asked for: the mirror policy, and donated space. */
function assembleKeeping(
  components: MirroredRepositoryComponents & {
    readonly random: () => number
    readonly tree: IndexKeeper
    readonly fetcher: BlobFetcher
    readonly donations: DonationView
    readonly isWithdrawn: (path: RepositoryPath) => boolean
  },
  init: MirroredRepositoryInit,
  events: RepositoryEvents,
): Pick<RepositoryParts, 'fill' | 'donation'> {
  const { donations, isWithdrawn, isDenied } = components
  const isUnwanted = ({ path, digest }: IndexEntry): boolean =>
    isWithdrawn(path) || isDenied?.(digest) === true
  return {
    fill: new MirrorFill(
      { ...components, isUnwanted, onComplete: events.onFilled.bind(events) },
      { repository: init.id, policy: init.mirrorPolicy ?? 'none' },
    ),
    donation: assembleDonation({ ...components, ...donations, isUnwanted }, init),
  }
}

function assembleFetcher(
  components: Omit<ConstructorParameters<typeof BlobFetcher>[0], 'readObject' | 'readLocalObject'> &
    Pick<RepositoryParts, 'tree'> & { readonly donations: DonationView },
  init: MirroredRepositoryInit,
  events: RepositoryEvents,
): BlobFetcher {
  const { tree, donations } = components
  const { id: repository, offline = false, lookUp = true, mirrorPolicy = 'none' } = init
  const isMirrored = policyMatcher(mirrorPolicy)
  const isPinned = (path: RepositoryPath): boolean =>
    isMirrored(path) || donations.slices.pins(path)
  return new BlobFetcher(
    {
      ...components,
      donorsOf: donations.donorsOf.bind(donations),
      readObject: tree.read.bind(tree),
      readLocalObject: tree.local,
    },
    { repository, offline, lookUp, isPinned, headSeq: events.headSeq.bind(events) },
  )
}

function assembleUnindexed(
  components: MirroredRepositoryComponents & { readonly onIndexed: (entry: IndexEntry) => void },
  { name, strict = false }: MirroredRepositoryInit,
): UnindexedFiles {
  const { openObserved } = components
  return new UnindexedFiles({ ...components, openObserved }, { name, strict })
}

function assembleUpstreams(
  components: MirroredRepositoryComponents & { readonly random: () => number },
  offline: boolean,
): UpstreamSet {
  const { upstreams: fixed, createMirror, clock, logger, random } = components
  if (offline) return new UpstreamSet({ fixed: [], clock, logger, random })
  return new UpstreamSet({ fixed, createMirror, clock, logger, random })
}

function assembleHistory(
  components: MirroredRepositoryHistory,
  init: MirroredRepositoryInit,
): Pick<RepositoryParts, 'gate' | 'history'> {
  const { history: store, tree } = components
  const log = new LogSource(
    { ...components, store },
    { repository: init.id, offline: init.offline ?? false },
  )
  const gate = new HeadGate(
    { ...components, store, log },
    { name: init.name, insists: init.mirrorPolicy === 'all' },
  )
  return { gate, history: new HistoryReader({ store, log, gate, tree }) }
}

type MirroredRepositoryHistory = Omit<MirroredRepositoryComponents, 'upstreams'> &
  Pick<RepositoryParts, 'keeper' | 'tree' | 'upstreams' | 'recorder' | 'withdrawals'> & {
    readonly standings: PeerStandings
    readonly lacking: LackingPeers
  }

function assembleTrust(
  components: Omit<MirroredRepositoryComponents, 'upstreams'> & {
    readonly upstreams: UpstreamSet
    readonly recorder: EvidenceRecorder
    readonly standings: PeerStandings
    readonly random: () => number
  },
  init: MirroredRepositoryInit,
  events: RepositoryEvents,
): Pick<RepositoryParts, 'keeper' | 'watch'> {
  const { trust, clock, logger, random, recorder } = components
  const { id, offline = false, enforceExpiry = false } = init
  const sources = new HeadSources(components, { id, offline })
  const rootCandidates = sources.rootCandidates.bind(sources)
  const onNewHead = events.onNewHead.bind(events)
  const onContradiction = recorder.contradiction.bind(recorder)
  const keeper = new TrustKeeper(
    { trust, clock, logger, rootCandidates, onNewHead, onContradiction },
    { id, enforceExpiry },
  )
  const watch = new HeadWatch({ keeper, sources, clock, random, logger }, init.heads ?? {})
  return { keeper, watch }
}
