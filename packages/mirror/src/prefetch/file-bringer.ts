import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { Clock, Logger } from '@jarswarm/ports'
import type PQueue from 'p-queue'
import { MAX_BYTES_AHEAD, MAX_FILES_AHEAD } from './limits.ts'
import { withDeadline } from '../wait/deadline.ts'
import type { ArrivedFiles } from './arrived-files.ts'
import type { GivenFile, PrefetchSource } from './prefetch-source.ts'
import type { PrefetchRoom } from './prefetch-room.ts'
import type { PrefetchTally } from './prefetch-tally.ts'

/** Files in a row that could not be had, after which nothing more is tried: the network is down, or we are cut off. */
export const MAX_FAILURES_IN_A_ROW = 16
/** Longest wait for one file; what takes longer comes by itself, and others may go ahead of it. */
export const FILE_TIMEOUT_MS = 60_000

/** What is fetched first: a client needs all poms before it asks for any other file. */
export const POM_PRIORITY = 1
export const FILE_PRIORITY = 0

export interface FileBringerComponents {
  /** In the order in which they are asked. */
  readonly sources: () => readonly PrefetchSource[]
  readonly queue: PQueue
  readonly tally: PrefetchTally
  readonly room: PrefetchRoom
  readonly arrived: ArrivedFiles
  readonly clock: Clock
  readonly logger: Logger
}

export interface FileBringerInit {
  readonly signal: AbortSignal
  /** Called when it makes no sense to go on. */
  readonly onHopeless: (reason: Error) => void
}

/** A file that was brought, and who can read it. */
export interface BroughtFile {
  readonly source: PrefetchSource
  readonly entry: IndexEntry
  /** When it is not stored yet. */
  readonly bytes: Uint8Array | undefined
}

/** Brings files from whichever repository has them, within bounds. Nothing here rejects. */
export class FileBringer {
  readonly #components: FileBringerComponents
  readonly #init: FileBringerInit
  #filesLeft = 0
  #bytesLeft = 0
  #failures = 0

  constructor(components: FileBringerComponents, init: FileBringerInit) {
    this.#components = components
    this.#init = init
  }

  /** A client asked for something new: the bounds begin again. */
  refill(): void {
    this.#filesLeft = MAX_FILES_AHEAD
    this.#bytesLeft = MAX_BYTES_AHEAD
  }

  /** Whether a file is here; undefined when nobody can say that there is such a file. */
  async isHere(path: RepositoryPath): Promise<boolean | undefined> {
    for (const source of this.#components.sources()) {
      const here = await this.#attempt(path, (signal) => source.isHere(path, { signal }))
      if (here !== undefined) return here
    }
    return undefined
  }

  /** Bring a file. @returns undefined when it cannot be had, may not be fetched, or is not wanted any more */
  async bring(path: RepositoryPath, priority: number): Promise<BroughtFile | undefined> {
    return await this.#components.queue.add(() => this.#bring(path), { priority })
  }

  async #bring(path: RepositoryPath): Promise<BroughtFile | undefined> {
    for (const source of this.#components.sources()) {
      const given = await this.#attempt(path, (signal) => this.#bringFrom(source, path, signal))
      if (given !== undefined) return { source, entry: given.entry, bytes: given.arrived?.bytes }
    }
    return undefined
  }

  async #bringFrom(
    source: PrefetchSource,
    path: RepositoryPath,
    signal: AbortSignal,
  ): Promise<GivenFile | undefined> {
    const { tally, arrived } = this.#components
    const begun: number[] = []
    const settle = (entry: IndexEntry | undefined): void => {
      for (const takenBytes of begun) this.#settle(path, takenBytes, entry)
    }
    const allow = (sizeBytes: number | undefined): boolean => {
      if (!this.#take(path, sizeBytes)) return false
      begun.push(sizeBytes ?? 0)
      tally.began(path)
      return true
    }
    let given: GivenFile | undefined
    try {
      given = await source.bring(path, { signal, allow })
    } catch (error) {
      settle(undefined)
      throw error
    }
    if (begun.length === 0) return given
    if (given?.arrived === undefined) {
      settle(given?.entry)
      if (given !== undefined) this.#failures = 0
      return given
    }
    const { entry } = given
    const { bytes } = given.arrived
    // What only arrived proves nothing of the disk: it counts when it is stored.
    const stored = given.arrived.stored.then(
      () => {
        settle(entry)
        this.#failures = 0
      },
      (error: unknown) => {
        settle(undefined)
        if (!this.#isOver()) this.#failed(path, error)
      },
    )
    await arrived.add(entry.digest, { bytes, stored })
    return given
  }

  #take(path: RepositoryPath, sizeBytes: number | undefined): boolean {
    if (this.#filesLeft < 1 || this.#bytesLeft < (sizeBytes ?? 1)) return false
    this.#components.room.take(path, sizeBytes ?? 0)
    this.#filesLeft -= 1
    this.#bytesLeft -= sizeBytes ?? 0
    return true
  }

  #settle(path: RepositoryPath, takenBytes: number, entry: IndexEntry | undefined): void {
    const { tally, room } = this.#components
    room.settle(path, takenBytes, entry?.sizeBytes ?? 0)
    if (entry === undefined) {
      tally.failed(path)
      return
    }
    if (takenBytes === 0) this.#bytesLeft -= entry.sizeBytes
    tally.stored(path)
  }

  async #attempt<T>(
    path: RepositoryPath,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#isOver()) return undefined
    const { signal } = this.#init
    const init = { timeoutMs: FILE_TIMEOUT_MS, reason: 'no file in time', parents: [signal] }
    try {
      return await withDeadline(this.#components.clock, init, run)
    } catch (error) {
      if (!this.#isOver()) this.#failed(path, error)
      return undefined
    }
  }

  #isOver(): boolean {
    return this.#init.signal.aborted
  }

  #failed(path: RepositoryPath, error: unknown): void {
    this.#components.logger.debug({ path, error: String(error) }, 'not fetched ahead')
    this.#failures += 1
    if (error instanceof NoSpaceError) this.#init.onHopeless(error)
    else if (this.#failures >= MAX_FAILURES_IN_A_ROW) {
      this.#init.onHopeless(new Error(`${this.#failures} files in a row could not be had`))
    }
  }
}
