import { sha256 } from '@jarswarm/manifest'
import { SourceUnavailableError } from '@jarswarm/ports'
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
import { withDeadline } from '../wait/deadline.ts'

/** Longest wait for the roots that one manifest needs. */
export const ROOTS_TIMEOUT_MS = 15_000

/** How long a client waits for a repository to be verified for the first time: well inside the 8 s for an answer. */
export const FIRST_HEAD_TIMEOUT_MS = 5_000

/** What became of a manifest. `unusable`: roots that it needs cannot be had now, or saving failed. */
export type OfferOutcome = 'newer' | 'same' | 'older' | 'invalid' | 'unusable'

/** Gives candidates for a root from one source after the other; any of them may lie. */
export type RootCandidates = (
  number: number,
  options: { readonly signal: AbortSignal; readonly first: PeerName | undefined },
) => AsyncIterable<Uint8Array>

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
  #queue: Promise<unknown> = Promise.resolve()

  constructor(components: TrustKeeperComponents, init: TrustKeeperInit) {
    this.#components = components
    this.#id = init.id
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

  /** Judge a manifest, and advance when it is newer and valid. One at a time. */
  offer(bytes: Uint8Array, peer: PeerName | undefined): Promise<OfferOutcome> {
    // Cheap answers first: most offers repeat what is known, and some are nonsense.
    if (this.isCurrent(bytes)) return Promise.resolve('same')
    if (bytes.length > MAX_MANIFEST_BYTES) return Promise.resolve('invalid')
    const outcome = this.#queue.then(() => this.#judge(bytes, peer))
    this.#queue = outcome
    return outcome
  }

  /** Whether these are the bytes of the trusted manifest. */
  isCurrent(bytes: Uint8Array): boolean {
    const current = this.#trusted?.manifest
    return current !== undefined && Buffer.compare(current, bytes) === 0
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    await this.#queue
  }

  async #judge(bytes: Uint8Array, peer: PeerName | undefined): Promise<OfferOutcome> {
    if (this.#stop.signal.aborted) return 'unusable'
    const init = {
      timeoutMs: ROOTS_TIMEOUT_MS,
      reason: 'the roots were not had in time',
      parents: [this.#stop.signal],
    }
    try {
      return await withDeadline(this.#components.clock, init, (signal) =>
        this.#advance(bytes, { signal, first: peer }),
      )
    } catch (error) {
      if (error instanceof EquivocationError || error instanceof RollbackError) {
        this.#warn(
          error,
          'the keys of the repository signed something that contradicts the trusted head',
        )
        await this.#tell(error, bytes)
      } else {
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
    options: { readonly signal: AbortSignal; readonly first: PeerName | undefined },
  ): Promise<OfferOutcome> {
    const next = await this.#copy(options)
    const outcome = await this.#accept(next, bytes, options)
    if (outcome === 'same') return 'same'
    await this.#save(next)
    this.#trusted = next
    this.#firstHead.resolve(undefined)
    this.#components.onNewHead(options.first)
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

  async #accept(
    next: TrustedRepository,
    bytes: Uint8Array,
    options: { readonly signal: AbortSignal; readonly first: PeerName | undefined },
  ): Promise<'newer' | 'same'> {
    for (;;) {
      try {
        return next.accept(bytes, this.#components.clock.now(), {
          enforceExpiry: this.#enforceExpiry,
        })
      } catch (error) {
        // Ends: each round advances a root, and how far a manifest may be ahead is bounded where it is read.
        if (!(error instanceof MissingRootError)) throw error
        await this.#nextRoot(next, options)
      }
    }
  }

  async #nextRoot(
    next: TrustedRepository,
    options: { readonly signal: AbortSignal; readonly first: PeerName | undefined },
  ): Promise<void> {
    const number = next.rootNumber + 1
    for await (const candidate of this.#components.rootCandidates(number, options)) {
      try {
        next.acceptRoot(candidate)
        return
      } catch (error) {
        this.#components.logger.debug({ error: String(error), number }, 'root was refused')
      }
    }
    throw new SourceUnavailableError(`nobody has root ${number}`)
  }

  /** A copy to advance on; begun at the first root when nothing is trusted yet. */
  async #copy(options: {
    readonly signal: AbortSignal
    readonly first: PeerName | undefined
  }): Promise<TrustedRepository> {
    if (this.#trusted !== undefined) {
      return TrustedRepository.restore(this.#id, this.#trusted.record())
    }
    for await (const candidate of this.#components.rootCandidates(1, options)) {
      // The id pins the first root: a source that gives another costs time only.
      if (sha256(candidate) === this.#id) return TrustedRepository.create(this.#id, candidate)
    }
    throw new SourceUnavailableError('nobody has the first root')
  }

  #warn(error: unknown, message: string): void {
    this.#components.logger.warn({ repository: this.#id, error: String(error) }, message)
  }
}

function outcomeOf(error: unknown): OfferOutcome {
  if (error instanceof OlderManifestError) return 'older'
  return error instanceof InvalidManifestError ? 'invalid' : 'unusable'
}
