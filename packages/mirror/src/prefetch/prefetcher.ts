import type { Digest } from '@jarswarm/manifest'
import { parseCoordinates } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type {
  BlobStore,
  Clock,
  Logger,
  Prefetch,
  PrefetchCounts,
  ServedArtifact,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import PQueue from 'p-queue'
import { PREFETCH_PARALLEL } from './limits.ts'
import { ArrivedFiles } from './arrived-files.ts'
import { ClientOrder } from './client-order.ts'
import { PrefetchRoom } from './prefetch-room.ts'
import { PrefetchSession } from './prefetch-session.ts'
import type { PrefetchSource } from './prefetch-source.ts'
import { PrefetchTally } from './prefetch-tally.ts'

/** When no client has asked for so long, nobody waits for what is still to be fetched. */
export const PREFETCH_IDLE_MS = 30_000
/** After the store was full, nothing is fetched ahead for so long. */
export const PREFETCH_FULL_PAUSE_MS = 60_000

export interface PrefetcherComponents {
  readonly blobs: Pick<BlobStore, 'usage'>
  /** All repositories of the node: a dependency may lie in another one than its dependent. */
  readonly sources: () => readonly PrefetchSource[]
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * When a client is given a pom, fetches its parents, its jar and everything that it will ask for because of it, so
 * that a client which walks the graph one request at a time finds each file here. A hint and no more: it fails in
 * silence, pushes out of the store little that others may want, and ends when clients do.
 */
export class Prefetcher implements Prefetch {
  readonly #components: PrefetcherComponents
  readonly #tally = new PrefetchTally()
  readonly #arrived = new ArrivedFiles()
  readonly #order = new ClientOrder()
  readonly #room: PrefetchRoom
  readonly #queue = new PQueue({ concurrency: PREFETCH_PARALLEL })
  /** By the repository in which a client found a pom. */
  readonly #sessions = new Map<RepositoryId, PrefetchSession>()
  readonly #ending = new Set<Promise<void>>()
  #lastServedMs = 0
  #pausedUntilMs = 0
  #timer: { cancel(): void } | undefined
  #isStopped = false

  constructor(components: PrefetcherComponents) {
    this.#components = components
    this.#room = new PrefetchRoom(components)
  }

  served(artifact: ServedArtifact): void {
    const { repository, path } = artifact
    this.#lastServedMs = this.#components.clock.now()
    this.#tally.used(path)
    this.#room.used(path)
    if (path.endsWith('.pom')) this.#order.found(repository, path)
    if (this.#isStopped || this.#lastServedMs < this.#pausedUntilMs) return
    if (!path.endsWith('.pom')) return
    const coordinates = parseCoordinates(path)
    if (coordinates?.extension !== 'pom' || coordinates.classifier !== undefined) return
    this.#session(repository).begin(coordinates, artifact)
    this.#timer ??= this.#watchIdle(PREFETCH_IDLE_MS)
  }

  missed(repository: RepositoryId, path: RepositoryPath): void {
    // In the order of the poms all else is asked for.
    if (path.endsWith('.pom')) this.#order.missed(repository, path)
  }

  take(digest: Digest): Uint8Array | undefined {
    return this.#arrived.take(digest)
  }

  counts(): PrefetchCounts {
    return this.#tally.counts()
  }

  /** End everything under way; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#end(new Error('the node stops'))
    await Promise.all(this.#ending)
    await this.#arrived.settled()
    this.#arrived.forget()
  }

  #session(repository: RepositoryId): PrefetchSession {
    const running = this.#sessions.get(repository)
    if (running !== undefined) return running
    const { sources, clock, logger } = this.#components
    const session = new PrefetchSession(
      {
        sources: () => this.#order.sort(sources(), repository),
        queue: this.#queue,
        tally: this.#tally,
        room: this.#room,
        arrived: this.#arrived,
        clock,
        logger,
      },
      (reason) => {
        if (reason instanceof NoSpaceError) {
          this.#pausedUntilMs = clock.now() + PREFETCH_FULL_PAUSE_MS
        }
        this.#end(reason)
      },
    )
    this.#sessions.set(repository, session)
    return session
  }

  #watchIdle(delayMs: number): { cancel(): void } {
    const { clock } = this.#components
    return clock.setTimer(() => {
      const leftMs = this.#lastServedMs + PREFETCH_IDLE_MS - clock.now()
      if (leftMs > 0) this.#timer = this.#watchIdle(leftMs)
      else {
        this.#end(new Error('no client asks any more'))
        this.#arrived.forget()
      }
    }, delayMs)
  }

  #end(reason: Error): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const session of this.#sessions.values()) {
      const ending = session.end(reason)
      this.#ending.add(ending)
      void ending.finally(() => this.#ending.delete(ending))
    }
    this.#sessions.clear()
  }
}
