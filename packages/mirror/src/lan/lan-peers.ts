import { PIECE_BYTES } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError, NotHeldError, parseProxiedClaim } from '@jarswarm/ports'
import type {
  Clock,
  LanChecksumKind,
  Logger,
  PeerName,
  ProxiedClaim,
  ProxiedQuery,
  Swarm,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { LRUCache } from 'lru-cache'
import { MAX_LAN_PEERS, MAX_RESTING_PEERS } from '../limits.ts'
import { withDeadline } from '../wait/deadline.ts'
import { WrongChecksumError } from '../proxy/errors.ts'

/** A peer of the LAN answers in a few milliseconds. Who takes longer is not waited for: the origin's bytes are on their way. */
export const LAN_FIND_MS = 100
/** Longest wait for the next piece. */
export const LAN_PIECE_MS = 400
/** Longest wait for a whole file: a second below what is left of the 7 s in which a client is told something. */
export const LAN_FILE_MS = 4_000
/** After this much of it the speed is known: what would not be whole in time is left to the origin at once. */
export const LAN_TRIAL_MS = 500
/** A peer that failed, or is slower than the origin might be, is left alone for so long. */
export const LAN_REST_MS = 60_000
/** Pieces asked for ahead: what one stream may have open. */
const PIECES_AHEAD = 8

/** A file that the origin has, with what it states of it. */
export interface LanFile {
  readonly repository: RepositoryId
  readonly path: RepositoryPath
  readonly sizeBytes: number
  readonly checksum: { readonly kind: LanChecksumKind; readonly hex: string }
  readonly signal: AbortSignal
}

interface Offer {
  readonly peer: PeerName
  readonly claim: ProxiedClaim
}

export interface LanPeersComponents {
  readonly swarm: Swarm
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The peers of the LAN, who may have a file already for which else the whole way to the origin is gone. Each of their bytes
 * is worth nothing before the whole agrees with what the origin states, so that nothing is passed on before that.
 */
export class LanPeers {
  readonly #components: LanPeersComponents
  readonly #restingUntilMs = new LRUCache<PeerName, number>({ max: MAX_RESTING_PEERS })

  constructor(components: LanPeersComponents) {
    this.#components = components
  }

  /**
   * Take a file from whoever has it, within `LAN_FIND_MS` and `LAN_FILE_MS`.
   *
   * @param store takes the bytes in order; throws WrongChecksumError when the whole is not the file
   * @returns what `store` returns; undefined when nobody has the file, or not soon, or not intact
   */
  async take<T>(
    file: LanFile,
    store: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T | undefined> {
    const { clock, logger } = this.#components
    const offer = await this.#find(file)
    if (offer === undefined) return undefined
    const deadline = { timeoutMs: LAN_FILE_MS, reason: 'too slow', parents: [file.signal] }
    try {
      return await withDeadline(clock, deadline, (signal) =>
        store(this.#read(offer, { ...file, signal })),
      )
    } catch (error) {
      file.signal.throwIfAborted()
      this.#failed(offer.peer, error)
      logger.debug({ path: file.path, peer: offer.peer, error: String(error) }, 'not from the LAN')
      return undefined
    }
  }

  async #find(file: LanFile): Promise<Offer | undefined> {
    const peers = this.#candidates()
    if (peers.length === 0) return undefined
    const { clock } = this.#components
    const silent = new Set(peers)
    const deadline = { timeoutMs: LAN_FIND_MS, reason: 'no answer', parents: [file.signal] }
    try {
      return await withDeadline(clock, deadline, (signal) =>
        Promise.any(
          peers.map(async (peer) => {
            const offer = await this.#ask(peer, file, signal)
            silent.delete(peer)
            return offer ?? Promise.reject(new NotHeldError(`Cannot get ${file.path} from ${peer}`))
          }),
        ),
      )
    } catch {
      file.signal.throwIfAborted()
      // Most often nobody has it, which is no news.
      for (const peer of silent) this.#rest(peer)
      return undefined
    }
  }

  /** @returns undefined when the peer does not have it */
  async #ask(peer: PeerName, file: LanFile, signal: AbortSignal): Promise<Offer | undefined> {
    const { repository, path, checksum, sizeBytes } = file
    const query: ProxiedQuery = { path, checksum }
    try {
      const request = { kind: 'proxied', repository, ...query } as const
      const claim = parseProxiedClaim(
        await this.#components.swarm.request(peer, request, { signal }),
      )
      return claim?.sizeBytes === sizeBytes ? { peer, claim } : undefined
    } catch (error) {
      if (error instanceof NotHeldError) return undefined
      throw error
    }
  }

  #candidates(): readonly PeerName[] {
    const { swarm, clock } = this.#components
    const isResting = (peer: PeerName): boolean =>
      clock.monotonicMs() < (this.#restingUntilMs.get(peer) ?? 0)
    return swarm
      .peers()
      .filter(({ peer, connected, local, banned }) => {
        return connected && local && !banned && !isResting(peer)
      })
      .slice(0, MAX_LAN_PEERS)
      .map(({ peer }) => peer)
  }

  /** The pieces in order, some of them asked for ahead. */
  async *#read(offer: Offer, file: LanFile): AsyncGenerator<Uint8Array> {
    const { clock } = this.#components
    const { sizeBytes, signal } = file
    const startedMs = clock.monotonicMs()
    const ahead: Promise<Uint8Array>[] = []
    for (let asked = 0, read = 0; read < sizeBytes;) {
      for (; asked < sizeBytes && ahead.length < PIECES_AHEAD; asked += PIECE_BYTES) {
        const piece = this.#piece(offer, file, asked)
        piece.catch(() => undefined)
        ahead.push(piece)
      }
      const deadline = { timeoutMs: LAN_PIECE_MS, reason: 'a piece takes long', parents: [signal] }
      const bytes = await withDeadline(clock, deadline, () => ahead.shift() ?? noPiece())
      read += bytes.length
      yield bytes
      const elapsedMs = clock.monotonicMs() - startedMs
      if (elapsedMs > LAN_TRIAL_MS && (elapsedMs * sizeBytes) / read > LAN_FILE_MS) {
        throw new Error(`${read} of ${sizeBytes} bytes in ${elapsedMs} ms`)
      }
    }
  }

  async #piece({ peer, claim }: Offer, file: LanFile, offset: number): Promise<Uint8Array> {
    const { repository, sizeBytes, signal } = file
    const length = Math.min(PIECE_BYTES, sizeBytes - offset)
    const request = { kind: 'blob', repository, digest: claim.digest, offset, length } as const
    return await this.#components.swarm.request(peer, request, { signal })
  }

  #failed(peer: PeerName, error: unknown): void {
    if (error instanceof WrongChecksumError) this.#components.swarm.reportWrongBytes(peer)
    // That there is no room here is not the peer's fault.
    if (!(error instanceof NoSpaceError)) this.#rest(peer)
  }

  #rest(peer: PeerName): void {
    this.#restingUntilMs.set(peer, this.#components.clock.monotonicMs() + LAN_REST_MS)
  }
}

function noPiece(): Promise<never> {
  return Promise.reject(new Error('nothing was asked for'))
}
