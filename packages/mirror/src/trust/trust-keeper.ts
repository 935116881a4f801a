import type { Clock, Logger, PeerName, TrustStore } from '@jarswarm/ports'
import {
  EquivocationError,
  InvalidManifestError,
  MAX_MANIFEST_BYTES,
  MissingRootError,
  OlderManifestError,
  RollbackError,
  TrustedRepository,
} from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import PQueue from 'p-queue'
import { withDeadline } from '../wait/deadline.ts'
import { beginFrom, RootSearch } from './root-search.ts'
import type { RootCandidates } from './root-search.ts'

/** How long a client waits for a repository to be verified for the first time: well inside the 8 s for an answer. */
export const FIRST_HEAD_TIMEOUT_MS = 5_000

/** What became of a manifest. `unusable`: roots that it needs cannot be had now, or saving failed. */
export type OfferOutcome = 'newer' | 'same' | 'older' | 'invalid' | 'unusable'

/** Two roots of one number, or two root manifests, that contradict each other. */
export interface Contradictory {
  readonly trusted: Uint8Array
  readonly other: Uint8Array
}

export interface TrustKeeperComponents {
  readonly trust: TrustStore
  readonly clock: Clock
  readonly logger: Logger
  readonly rootCandidates: RootCandidates
  /** Called for each newer head, after it was made durable. */
  readonly onNewHead: (peer: PeerName | undefined) => void
  /** Called with two signed things of which one is untrue, and with the roots that are trusted. */
  readonly onContradiction: (found: Contradictory, roots: readonly Uint8Array[]) => Promise<void>
}

export interface TrustKeeperInit {
  readonly id: RepositoryId
  /** Refuse manifests that have expired. @defaultValue false */
  readonly enforceExpiry?: boolean
}

/**
 * The trusted state of one repository: from the id to the first root, from root to root, from head to newer head.
 *
 * Each advance is made on a copy, saved, and only then used, so that no crash leads back behind what was served.
 */
export class TrustKeeper {
  readonly #components: TrustKeeperComponents
  readonly #id: RepositoryId
  readonly #enforceExpiry: boolean
  readonly #stop = new AbortController()
  #trusted: TrustedRepository | undefined
  #behind = false
  readonly #firstHead = Promise.withResolvers<undefined>()
  readonly #search: RootSearch
  readonly #judging = new PQueue({ concurrency: 1 })
  readonly #offers = new Set<Promise<unknown>>()

  constructor(components: TrustKeeperComponents, init: TrustKeeperInit) {
    this.#components = components
    this.#id = init.id
    this.#search = new RootSearch(components, { id: init.id, signal: this.#stop.signal })
    this.#enforceExpiry = init.enforceExpiry ?? false
  }

  /** The newest durable state; undefined until the first root is here. */
  get trusted(): TrustedRepository | undefined {
    return this.#trusted
  }

  /**
   * Whether a newer head was verified that could not be saved, so that it is not used. Until it is, the trusted head
   * proves the absence of nothing.
   */
  get behind(): boolean {
    return this.#behind
  }

  /**
   * Wait for the first head, for at most {@link FIRST_HEAD_TIMEOUT_MS}: a node that has just begun has yet to meet
   * whoever knows it. Rejects when time is up, the signal comes, or the keeper stops.
   */
  async untilFirstHead({ signal }: { readonly signal?: AbortSignal }): Promise<void> {
    if (this.#trusted?.head !== undefined) return
    const init = {
      timeoutMs: FIRST_HEAD_TIMEOUT_MS,
      reason: 'nobody gave a head in time',
      parents: [signal, this.#stop.signal],
    }
    await withDeadline(this.#components.clock, init, () => this.#firstHead.promise)
  }

  /** Take up what was saved. What cannot be verified is left: everything can be had again from others. */
  async load(): Promise<void> {
    const record = await this.#components.trust.load(this.#id)
    if (record === undefined) return
    try {
      this.#trusted = TrustedRepository.restore(this.#id, record)
      const { damage } = this.#trusted
      if (damage !== undefined) this.#warn(damage, 'the saved manifest was left out')
    } catch (error) {
      this.#warn(error, 'the saved trust was left out')
    }
  }

  /**
   * Judge a manifest, and advance when it is newer and valid. One at a time, but what lacks roots waits for them apart:
   * only who signed it could say whether they exist, and no true head is to wait for the roots of a made-up one.
   */
  offer(bytes: Uint8Array, peer: PeerName | undefined): Promise<OfferOutcome> {
    // Cheap answers first: most offers repeat what is known, and some are nonsense.
    if (this.isCurrent(bytes)) return Promise.resolve('same')
    if (bytes.length > MAX_MANIFEST_BYTES) return Promise.resolve('invalid')
    const outcome = this.#judge(bytes, peer)
    this.#offers.add(outcome)
    void outcome.finally(() => this.#offers.delete(outcome))
    return outcome
  }

  /** Whether these are the bytes of the trusted manifest. */
  isCurrent(bytes: Uint8Array): boolean {
    const current = this.#trusted?.manifest
    return current !== undefined && Buffer.compare(current, bytes) === 0
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    await Promise.all(this.#offers)
  }

  async #judge(bytes: Uint8Array, peer: PeerName | undefined): Promise<OfferOutcome> {
    const advance = (roots: readonly Uint8Array[]): Promise<OfferOutcome | 'lacks-roots'> =>
      this.#judging.add(() => this.#tryAdvance(bytes, { roots, peer }))
    const outcome = await advance([])
    if (outcome !== 'lacks-roots') return outcome
    const record = this.#trusted?.record()
    const roots = await this.#search.rootsFor(bytes, { record, first: peer })
    const again = roots === undefined ? 'unusable' : await advance(roots)
    return again === 'lacks-roots' ? 'unusable' : again
  }

  /** @param found `roots`: candidates that follow the trusted one, or begin the repository */
  async #tryAdvance(
    bytes: Uint8Array,
    found: { readonly roots: readonly Uint8Array[]; readonly peer: PeerName | undefined },
  ): Promise<OfferOutcome | 'lacks-roots'> {
    if (this.#stop.signal.aborted) return 'unusable'
    try {
      return await this.#advance(bytes, found)
    } catch (error) {
      if (error instanceof MissingRootError) return 'lacks-roots'
      if (error instanceof EquivocationError || error instanceof RollbackError) {
        this.#warn(
          error,
          'the keys of the repository signed something that contradicts the trusted head',
        )
        await this.#tell(error, bytes)
      } else {
        const { peer } = found
        this.#components.logger.debug({ error: String(error), peer }, 'manifest was not accepted')
      }
      return outcomeOf(error)
    }
  }

  async #tell(error: EquivocationError | RollbackError, other: Uint8Array): Promise<void> {
    const trusted = this.#trusted
    if (trusted?.manifest === undefined) return
    const pair = { trusted: trusted.manifest, other }
    const found = error instanceof EquivocationError ? error : pair
    await this.#components.onContradiction(found, trusted.record().roots)
  }

  async #advance(
    bytes: Uint8Array,
    found: { readonly roots: readonly Uint8Array[]; readonly peer: PeerName | undefined },
  ): Promise<OfferOutcome | 'lacks-roots'> {
    const next = beginFrom(this.#id, this.#trusted?.record(), found.roots)
    if (next === undefined) return 'lacks-roots'
    const outcome = next.accept(bytes, this.#components.clock.now(), {
      enforceExpiry: this.#enforceExpiry,
    })
    if (outcome === 'same') return 'same'
    await this.#save(next)
    this.#trusted = next
    this.#firstHead.resolve(undefined)
    this.#components.onNewHead(found.peer)
    return 'newer'
  }

  async #save(next: TrustedRepository): Promise<void> {
    try {
      await this.#components.trust.save(this.#id, next.record())
      this.#behind = false
    } catch (error) {
      this.#behind = true
      this.#warn(error, 'a newer head could not be saved, so it is not used')
      throw error
    }
  }

  #warn(error: unknown, message: string): void {
    this.#components.logger.warn({ repository: this.#id, error: String(error) }, message)
  }
}

function outcomeOf(error: unknown): OfferOutcome {
  if (error instanceof OlderManifestError) return 'older'
  return error instanceof InvalidManifestError ? 'invalid' : 'unusable'
}
