import { sha256 } from '@jarswarm/manifest'
import { SourceUnavailableError } from '@jarswarm/ports'
import type { Clock, Logger, PeerName, TrustRecord } from '@jarswarm/ports'
import { MissingRootError, TrustedRepository } from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import PQueue from 'p-queue'
import { MAX_ROOT_SEARCHES, MAX_WAITING_SEARCHES } from '../limits.ts'
import { withDeadline } from '../wait/deadline.ts'

/** Longest wait for the roots that one manifest needs. */
export const ROOTS_TIMEOUT_MS = 15_000

/** Gives candidates for a root from one source after the other; any of them may lie. */
export type RootCandidates = (
  number: number,
  options: { readonly signal: AbortSignal; readonly first: PeerName | undefined },
) => AsyncIterable<Uint8Array>

export interface RootSearchComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly rootCandidates: RootCandidates
}

export interface RootSearchInit {
  readonly id: RepositoryId
  readonly signal: AbortSignal
}

export interface RootsWanted {
  /** What is trusted already; undefined when nothing is. */
  readonly record: TrustRecord | undefined
  /** Who gave the manifest, and is asked first. */
  readonly first: PeerName | undefined
}

/** Looks for the roots that lead from what is trusted to a manifest. */
export class RootSearch {
  readonly #components: RootSearchComponents
  readonly #id: RepositoryId
  readonly #signal: AbortSignal
  readonly #queue = new PQueue({ concurrency: MAX_ROOT_SEARCHES })

  constructor(components: RootSearchComponents, init: RootSearchInit) {
    this.#components = components
    this.#id = init.id
    this.#signal = init.signal
  }

  /**
   * Find all roots from the first one to that which a manifest names.
   *
   * @returns undefined when they cannot be had now
   */
  async rootsFor(
    manifest: Uint8Array,
    wanted: RootsWanted,
  ): Promise<readonly Uint8Array[] | undefined> {
    const { clock, logger } = this.#components
    const { first } = wanted
    if (this.#queue.size >= MAX_WAITING_SEARCHES) return undefined
    const init = {
      timeoutMs: ROOTS_TIMEOUT_MS,
      reason: 'the roots were not had in time',
      parents: [this.#signal],
    }
    // Nobody pays for a manifest of the origin or of a mirror: they go first.
    const priority = first === undefined ? 1 : 0
    try {
      return await this.#queue.add(
        () => withDeadline(clock, init, (signal) => this.#find(manifest, wanted, signal)),
        { priority },
      )
    } catch (error) {
      logger.debug({ error: String(error), peer: first }, 'roots of a manifest were not found')
      return undefined
    }
  }

  async #find(
    manifest: Uint8Array,
    { record, first }: RootsWanted,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]> {
    signal.throwIfAborted()
    const options = { signal, first }
    const next =
      record === undefined
        ? TrustedRepository.create(this.#id, await this.#firstRoot(options))
        : TrustedRepository.restore(this.#id, record)
    // Ends: each round advances a root, and how far a manifest may be ahead is bounded where it is read.
    while (lacksRoots(next, manifest, this.#components.clock.now())) {
      await this.#nextRoot(next, options)
    }
    return next.record().roots
  }

  async #firstRoot(options: Parameters<RootCandidates>[1]): Promise<Uint8Array> {
    for await (const candidate of this.#components.rootCandidates(1, options)) {
      // The id pins the first root: a source that gives another costs time only.
      if (sha256(candidate) === this.#id) return candidate
    }
    throw new SourceUnavailableError('nobody has the first root')
  }

  async #nextRoot(next: TrustedRepository, options: Parameters<RootCandidates>[1]): Promise<void> {
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
}

/**
 * A copy of what is trusted to advance on, with the roots that were found for it.
 *
 * @param roots from the first one on; those that are trusted already are passed over
 * @returns undefined when there is no root at all
 */
export function beginFrom(
  id: RepositoryId,
  record: TrustRecord | undefined,
  roots: readonly Uint8Array[],
): TrustedRepository | undefined {
  const [first] = roots
  if (record === undefined && first === undefined) return undefined
  const next =
    record === undefined
      ? TrustedRepository.create(id, first ?? new Uint8Array())
      : TrustedRepository.restore(id, record)
  for (const root of roots.slice(next.rootNumber)) next.acceptRoot(root)
  return next
}

/** Other faults of a manifest are said when it is judged. */
function lacksRoots(trusted: TrustedRepository, manifest: Uint8Array, nowMs: number): boolean {
  try {
    trusted.accept(manifest, nowMs)
    return false
  } catch (error) {
    return error instanceof MissingRootError
  }
}
