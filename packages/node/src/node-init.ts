import type { DonationPace, HeadWatchInit, MirrorPolicy } from '@jarswarm/mirror'
import type { Clock, Logger } from '@jarswarm/ports'
import type { SwarmInit } from '@jarswarm/swarm'
import type { SwarmLink } from '@jarswarm/trust'
import type { HostPort } from './listening.ts'
import type { ProxyAddress } from './proxied-repositories.ts'

/** Ways in which a node and its peers find out about one another. All are on; each can be switched off alone. */
export interface Mechanisms extends Pick<SwarmInit, 'summaries' | 'dht' | 'limits'> {
  /** How newer heads are found. */
  readonly heads?: HeadWatchInit
  /** Look for holders in the DHT. @defaultValue true */
  readonly lookUp?: boolean
  /** Tell the DHT what is held here. @defaultValue true */
  readonly announce?: boolean
  /** How quickly donated space is put to use. */
  readonly donations?: Partial<DonationPace>
}

/** What a node is to do. */
export interface NodeInit {
  /** Made when it is not there. */
  readonly dataDir: string
  /** Version of the program, for status and User-Agent. */
  readonly version: string
  /** Repositories to follow beside those that were joined before. @defaultValue [] */
  readonly join?: readonly SwarmLink[]
  /** Where the Maven endpoint listens; without it there is none, and no control socket either. */
  readonly http?: HostPort | undefined
  /**
   * Where the endpoint listens over TLS too, with the certificate of the data directory. `optional`: goes on without,
   * with a warning, when the address cannot be had.
   *
   * @defaultValue nowhere
   */
  readonly https?: (HostPort & { readonly optional?: boolean }) | undefined
  /** Further host names that the endpoint answers to. @defaultValue [] */
  readonly allowHosts?: readonly string[]
  /**
   * URL under which strangers read the repositories, and nothing else of the node; `url` must lead here.
   *
   * @defaultValue none
   */
  readonly publicUrl?: string | undefined
  /** Multiaddrs where peers connect. @defaultValue [] */
  readonly listen?: readonly string[]
  /** Multiaddrs of peers to keep connected, beside those of the links. @defaultValue [] */
  readonly bootstrap?: readonly string[]
  /** Look for peers on the local network. @defaultValue false */
  readonly mdns?: boolean
  /** What to fetch before anyone asks. @defaultValue `none` */
  readonly mirror?: MirrorPolicy
  /** Most bytes of blobs. @defaultValue the store's */
  readonly quotaBytes?: number | undefined
  /**
   * Space for a share of the repositories that are followed, in proportion to their bytes, beside `quotaBytes`; not with
   * a `mirror` of all, for that has everything. @defaultValue none
   */
  readonly donatedBytes?: number | undefined
  /** Who may learn what is held here. @defaultValue `all` */
  readonly share?: 'all' | 'lan' | 'none'
  /** `enforce` refuses states that have expired. @defaultValue `default` */
  readonly freshness?: 'default' | 'enforce'
  /** In an observed repository, pass nothing on that its signed index does not name. @defaultValue false */
  readonly strict?: boolean
  /** Repositories without signed index that are passed on from their origins and kept. @defaultValue [] */
  readonly proxy?: readonly ProxyAddress[]
  /** Use no network at all, neither origin nor peers: serve what is stored. @defaultValue false */
  readonly offline?: boolean
  /** Fetch what follows from a pom before clients ask for it. @defaultValue true, unless offline */
  readonly prefetch?: boolean
  /** Fetch the whole index, rather than proofs on demand. @defaultValue true */
  readonly syncIndex?: boolean
  /** @defaultValue all on */
  readonly mechanisms?: Mechanisms
  readonly logger?: Logger
  readonly clock?: Clock
}
