import type { Digest } from '@jarswarm/manifest'
import type {
  BlobStore,
  Clock,
  EvidenceStore,
  HistoryStore,
  IndexStore,
  Logger,
  RecordStore,
  ServedLog,
  Swarm,
  TrustStore,
  Upstream,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import type { DonationPace } from './donate/donation-pace.ts'
import type { MirrorPolicy } from './share/mirror-policy.ts'
import type { HeadWatchInit } from './trust/head-watch.ts'
import type { ObservedOrigin } from './unindexed-files.ts'

export interface MirroredRepositoryComponents {
  readonly blobs: BlobStore
  readonly index: IndexStore
  readonly trust: TrustStore
  readonly history: HistoryStore
  readonly evidence: EvidenceStore
  readonly records: RecordStore
  readonly served: ServedLog
  /** Whether another repository of this node has a file of these bytes. @defaultValue none has */
  readonly isNamedElsewhere?: (digest: Digest) => boolean
  /** Whether the user of this node wants no such bytes here, whatever index names them. @defaultValue none is denied */
  readonly isDenied?: (digest: Digest) => boolean
  readonly swarm: Swarm
  /** The origin, and what else is always asked; may be empty. Closed by whoever made them. */
  readonly upstreams: readonly Upstream[]
  /**
   * Makes the upstream of a mirror on the signed list; none for one that is this node itself.
   *
   * @defaultValue mirrors of the list are not used
   */
  readonly createMirror?: (url: string) => Upstream | undefined
  /** Opens the repository at a base URL that a head names as observed. @defaultValue it is not asked */
  readonly openObserved?: (url: string) => ObservedOrigin
  readonly clock: Clock
  readonly logger: Logger
  /** A number from 0 to 1. @defaultValue Math.random */
  readonly random?: () => number
}

export interface MirroredRepositoryInit {
  readonly id: RepositoryId
  /** Local name: the first segment of its paths at the endpoint. */
  readonly name: string
  /** Where deploys go; else what the signed root says. */
  readonly origin?: string
  /** @defaultValue 'none' */
  readonly mirrorPolicy?: MirrorPolicy
  /**
   * Space that this node donates to the repository, beside what the mirror policy names: undefined while it is not known
   * how much of it is for this one.
   *
   * @defaultValue none is donated
   */
  readonly donatedBytes?: () => number | undefined
  /** How quickly it acts for that. @defaultValue DONATION_PACE */
  readonly donationPace?: Partial<DonationPace>
  /** Ask nobody: serve what is here. @defaultValue false */
  readonly offline?: boolean
  /** Keep a whole copy of the index; without it each path is proven on demand. @defaultValue true */
  readonly syncIndex?: boolean
  /** Age from which a head is suspect. @defaultValue 30 days */
  readonly maxStaleMs?: number
  /** In an observed repository, pass nothing on that the index does not name. @defaultValue false */
  readonly strict?: boolean
  /** Refuse manifests that have expired, as strict TUF does. @defaultValue false */
  readonly enforceExpiry?: boolean
  /** How heads are found; all ways by default. */
  readonly heads?: HeadWatchInit
  /** Look providers up in the DHT. @defaultValue true */
  readonly lookUp?: boolean
  /** Tell the DHT what is held here. @defaultValue true */
  readonly announce?: boolean
}
