import { tilePath } from '@jarswarm/manifest'
import type { Tile, TileFetcher } from '@jarswarm/manifest'
import { NotHeldError, UnavailableError } from '@jarswarm/ports'
import type { Clock, HistoryStore, Logger, PeerName, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MAX_TILE_PEERS } from '../limits.ts'
import type { LackingPeers } from '../transfer/lacking-peers.ts'
import type { PeerStandings } from '../transfer/peer-standings.ts'
import type { UpstreamSet } from '../upstreams/upstream-set.ts'
import { withDeadline } from '../wait/deadline.ts'
import { cutTile } from './cut-tile.ts'
import { HistoryUnavailableError } from './errors.ts'

/** Longest wait for one source to give tiles. */
export const TILE_TIMEOUT_MS = 5_000
/** Most bytes of a tile: 256 of the longest lines take 360 KiB, and no message of the exchange has more than this. */
export const MAX_TILE_BYTES: number = 1024 * 1024

export interface LogSourceComponents {
  readonly store: HistoryStore
  readonly swarm: Swarm
  readonly upstreams: UpstreamSet
  readonly clock: Clock
  readonly logger: Logger
  /** Told what comes of asking. */
  readonly standings: PeerStandings
  /** Says whom to ask first, and is told who lacks a tile. */
  readonly lacking: LackingPeers
}

export interface LogSourceInit {
  readonly repository: RepositoryId
  /** Asks nobody. */
  readonly offline: boolean
}

/** @param start what is here of the tile, which need not be read again */
type Read = (tile: Tile, start: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

interface WantedTile {
  readonly tile: Tile
  readonly start: Uint8Array
}

interface FetchOptions {
  readonly signal: AbortSignal
  readonly keep: boolean
}

const NO_BYTES = new Uint8Array()
const toWhole = ({ tile }: WantedTile): WantedTile => ({ tile, start: NO_BYTES })

interface TileSource {
  readonly read: Read
  readonly isStore: boolean
  /** Undefined for the store and for upstreams. */
  readonly peer?: PeerName
}

/**
 * Where tiles of the history come from: the store, then followers, then origin and mirrors. A source whose tiles do not
 * fit is passed over and, when it is a peer, asked later from then on; it is not banned, for it may follow another head than
 * the one that is asked about.
 */
export class LogSource {
  readonly #components: LogSourceComponents
  readonly #init: LogSourceInit

  constructor(components: LogSourceComponents, init: LogSourceInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * @param options.keep whether tiles that fit are kept; only of a history that continues the one in use
   * @returns a fetcher that throws HistoryUnavailableError when nobody gives tiles that fit
   */
  fetcher(options: FetchOptions): TileFetcher {
    return async (tiles, check) => {
      const wanted = await Promise.all(tiles.map(async (tile) => this.#begun(tile)))
      await this.#fetch(wanted, check, options)
    }
  }

  async #fetch(
    wanted: readonly WantedTile[],
    check: Parameters<TileFetcher>[1],
    options: FetchOptions,
  ): Promise<void> {
    let cause: unknown
    for (const source of this.#sources()) {
      options.signal.throwIfAborted()
      let found: readonly Uint8Array[] | undefined
      try {
        found = await this.#read(source.read, wanted, options.signal)
        check(found)
      } catch (error) {
        options.signal.throwIfAborted()
        const isBegun = source.peer !== undefined && wanted.some(({ start }) => start.length > 0)
        // What is here may be of a history that another has replaced: nobody is to blame yet.
        if (found !== undefined && isBegun) return this.#fetch(wanted.map(toWhole), check, options)
        if (source.peer !== undefined) this.#note(source.peer, error)
        if (!source.isStore) cause = error
        continue
      }
      if (source.peer !== undefined) this.#components.standings.gave(source.peer)
      if (options.keep && !source.isStore) await this.#keep(wanted, found)
      return
    }
    throw new HistoryUnavailableError(cause)
  }

  #note(peer: PeerName, error: unknown): void {
    const { standings, lacking } = this.#components
    // Who hears of a head later than this node lacks its tiles, and never said otherwise.
    if (error instanceof NotHeldError) lacking.lacked(peer)
    else standings.letDown(peer)
  }

  /** A tile with what is here of it: it begins with what it was when the history was shorter. */
  async #begun(tile: Tile): Promise<WantedTile> {
    const kept = await this.#components.store.readTile(tile).catch(() => undefined)
    return { tile, start: kept !== undefined && kept.width < tile.width ? kept.bytes : NO_BYTES }
  }

  async #read(
    read: Read,
    wanted: readonly WantedTile[],
    signal: AbortSignal,
  ): Promise<Uint8Array[]> {
    const init = {
      timeoutMs: TILE_TIMEOUT_MS,
      reason: 'the history was not had in time',
      parents: [signal],
    }
    return await withDeadline(this.#components.clock, init, (inTime) =>
      Promise.all(wanted.map(({ tile, start }) => read(tile, start, inTime))),
    )
  }

  *#sources(): Generator<TileSource> {
    const { swarm, upstreams, lacking } = this.#components
    const { repository, offline } = this.#init
    yield { read: (tile) => this.#readStored(tile), isStore: true }
    if (offline) return
    const followers = lacking.ranked(swarm.followers(repository))
    for (const peer of followers.slice(0, MAX_TILE_PEERS)) {
      yield { read: (...tile) => this.#ask(peer, ...tile), isStore: false, peer }
    }
    for (const { upstream } of upstreams.rankedPublishers()) {
      const read: Read = (tile, _start, signal) =>
        upstream.readPublished(
          { kind: 'log', tile: tilePath(tile.level, tile.index, tile.width) },
          { signal, maxBytes: MAX_TILE_BYTES },
        )
      yield { read, isStore: false }
    }
  }

  async #ask(peer: PeerName, ...[tile, start, signal]: Parameters<Read>): Promise<Uint8Array> {
    const { repository } = this.#init
    const name = tilePath(tile.level, tile.index, tile.width)
    const request = { kind: 'log', repository, tile: name, from: start.length } as const
    const rest = await this.#components.swarm.request(peer, request, { signal })
    return start.length === 0 ? rest : Buffer.concat([start, rest])
  }

  async #readStored(tile: Tile): Promise<Uint8Array> {
    const stored = await this.#components.store.readTile(tile)
    const bytes = stored && cutTile(stored, tile)
    if (bytes === undefined) throw new UnavailableError('a tile is not here')
    return bytes
  }

  /** Without room for it the node goes on, and asks again when it is needed again. */
  async #keep(wanted: readonly WantedTile[], found: readonly Uint8Array[]): Promise<void> {
    const { store, logger } = this.#components
    try {
      for (const [place, { tile }] of wanted.entries()) {
        const bytes = found[place]
        if (bytes !== undefined) await store.writeTile(tile, bytes)
      }
    } catch (error) {
      logger.debug({ error: String(error) }, 'a tile of the history was not kept')
    }
  }
}
