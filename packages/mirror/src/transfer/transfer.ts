import { sha256 } from '@jarswarm/manifest'
import { NotHeldError, TruncatedError } from '@jarswarm/ports'
import type { Clock } from '@jarswarm/ports'
import { TransferFailedError, WrongBytesError } from './errors.ts'
import { Flight } from './flight.ts'
import type { Part, PartSource } from './part.ts'
import { PartQueue } from './part-queue.ts'
import type { WantedPart } from './part-queue.ts'

/** A source that lacks so many parts in a row is not asked for more of them. */
export const MAX_MISSES_IN_A_ROW = 16
/** Why what is still asked for is aborted when all has come. Made once: an error takes its stack, which costs more than a small part. */
const COMPLETE = new Error('complete')

export interface TransferInit {
  /** Sources to ask at once, best first. */
  readonly sources: readonly PartSource[]
  /** More sources; called when those there are lack something or are slow. Empty: there are none. */
  readonly nextSources: (signal: AbortSignal) => Promise<readonly PartSource[]>
  /** Takes each verified part, once. The source waits for it. */
  readonly deliver: (part: Part, bytes: Uint8Array, source: PartSource) => void | Promise<void>
  /** Whether it fails as soon as all sources are late, until it is widened. @defaultValue false */
  readonly failsLate?: boolean
}

/** A source that is sending. */
export interface Headway {
  readonly source: PartSource
  /** Until its next part is whole, at the pace so far. */
  readonly remainingMs: number
}

interface SourceState {
  readonly source: PartSource
  flights: number
  overdue: number
  /** It was late, and has given nothing since. */
  late: boolean
  misses: number
  deliveredSinceFailure: boolean
}

/**
 * Gets parts from sources, and lets in only bytes that match.
 *
 * Each source is kept busy up to its lanes. A source that is slow keeps its request, but what it was asked for is
 * asked of others too, of twice as many each time: a crowd that is silent must not make somebody wait for one after the other.
 * The first valid answer wins and the others are aborted. Wrong bytes end a source,
 * a failure ends it when it gave nothing since the one before, and what it owed goes to the others.
 */
export class Transfer {
  /** Resolves when all parts were delivered after `seal`; rejects with TransferFailedError or the abort reason. */
  readonly done: Promise<void>
  readonly #clock: Clock
  readonly #init: TransferInit
  readonly #queue = new PartQueue()
  readonly #flights = new Set<Flight>()
  readonly #sources: SourceState[] = []
  readonly #reasons = new Map<string, string>()
  readonly #search = new AbortController()
  readonly #completion = Promise.withResolvers<undefined>()
  #left = 0
  #sealed = false
  #searching = false
  #exhausted = false
  #failsLate: boolean
  #over = false

  constructor(components: { readonly clock: Clock }, init: TransferInit) {
    this.#clock = components.clock
    this.#init = init
    this.#failsLate = init.failsLate ?? false
    this.done = this.#completion.promise
    // Whoever cares awaits `done`; a transfer that nobody waits for any more may fail in silence.
    this.done.catch(() => undefined)
    for (const source of init.sources) this.#addSource(source)
  }

  /** What went wrong so far, one clause per source; empty when nothing did. */
  reasons(): string {
    return [...this.#reasons].map(([name, reason]) => `${name} ${reason}`).join('; ')
  }

  /** The source whose next part is nearest, and how long that takes; undefined when nobody is sending. */
  headway(): Headway | undefined {
    const all = [...this.#flights].flatMap((flight) => {
      const remainingMs = flight.remainingMs()
      return remainingMs === undefined ? [] : [{ source: flight.source, remainingMs }]
    })
    return all.toSorted((one, other) => one.remainingMs - other.remainingMs)[0]
  }

  add(parts: readonly Part[]): void {
    for (const part of parts) {
      this.#left += 1
      this.#queue.add({
        part,
        done: false,
        wanting: 0,
        flights: new Set(),
        refusedBy: new Set(),
      })
    }
    this.#pump()
  }

  /** No more parts will be added. */
  seal(): void {
    this.#sealed = true
    this.#pump()
  }

  /** A reader needs the bytes from this offset on before all others. */
  preferFrom(offset: number): void {
    this.#queue.preferFrom(offset)
  }

  /** There may be more sources now than were named, and it need not fail for want of them. */
  widen(): void {
    this.#failsLate = false
    this.#exhausted = false
    this.#pump()
  }

  abort(reason: Error): void {
    this.#finish(reason)
  }

  #addSource(source: PartSource): void {
    this.#sources.push({
      source,
      flights: 0,
      overdue: 0,
      late: false,
      misses: 0,
      deliveredSinceFailure: false,
    })
  }

  #pump(): void {
    if (this.#over) return
    if (this.#left === 0) {
      if (this.#sealed) this.#finish(undefined)
      return
    }
    this.#deal(this.#sources.filter(({ late }) => !late))
    const waiting = this.#queue.first()
    if (waiting === undefined || this.#isServed(waiting)) return
    if (!this.#exhausted) {
      void this.#findSource()
      return
    }
    this.#makeDo()
  }

  /** Nobody else is left than those that were asked. */
  #makeDo(): void {
    const allLate = this.#sources.every(({ flights, overdue }) => flights === overdue)
    if (allLate && !this.#failsLate) this.#deal(this.#sources)
    if (this.#flights.size === 0 || (allLate && this.#failsLate))
      this.#finish(new TransferFailedError(this.reasons() || 'nobody to ask'))
  }

  /** Give one run after the other to each source in turn, so that all of them show what they are worth. */
  #deal(sources: readonly SourceState[]): void {
    let free = sources
    while (free.length > 0) {
      free = free.filter((state) => {
        if (state.flights >= state.source.lanes) return false
        // What others are late with is no work for somebody who has shown nothing yet, but for one part to show it by.
        const mayHedge = this.#exhausted || state.flights === 0 || state.deliveredSinceFailure
        const run = this.#queue.take(state.source, mayHedge)
        if (run.length > 0) void this.#fly(state, run)
        return run.length > 0
      })
    }
  }

  /** Whether a source that makes headway will come to this part, beside those that were asked for it. */
  #isServed(waiting: WantedPart): boolean {
    const asked = new Set([...waiting.flights].map(({ source }) => source))
    return this.#sources.some(
      ({ source, flights, overdue }) =>
        flights > overdue && !waiting.refusedBy.has(source) && !asked.has(source),
    )
  }

  async #findSource(): Promise<void> {
    if (this.#searching) return
    this.#searching = true
    try {
      const sources = await this.#init.nextSources(this.#search.signal)
      if (sources.length === 0) this.#exhausted = true
      for (const source of sources) this.#addSource(source)
    } catch (error) {
      this.#exhausted = true
      this.#reasons.set('the search for sources', describe(error))
    } finally {
      this.#searching = false
    }
    this.#pump()
  }

  async #fly(state: SourceState, run: readonly WantedPart[]): Promise<void> {
    const flight: Flight = new Flight(
      { clock: this.#clock },
      {
        source: state.source,
        run: run.map(({ part }) => part),
        onOverdue: () => {
          this.#onOverdue(state, run)
        },
      },
    )
    this.#flights.add(flight)
    state.flights += 1
    for (const wanted of run) wanted.flights.add(flight)
    try {
      await this.#receive(state, flight, run)
    } catch (error) {
      if (!flight.withdrawn) this.#onFailure(state, error, run[flight.next])
    } finally {
      flight.end()
      this.#flights.delete(flight)
      state.flights -= 1
      if (flight.overdue) state.overdue -= 1
      for (const wanted of run.toReversed()) {
        wanted.flights.delete(flight)
        // Who else was asked for it may be silent for long: a hedge that failed is followed by the next.
        if ([...wanted.flights].every(({ overdue }) => overdue)) this.#queue.addFirst(wanted)
      }
    }
    this.#pump()
  }

  async #receive(state: SourceState, flight: Flight, run: readonly WantedPart[]): Promise<void> {
    const { signal } = flight.controller
    const progress = (bytes: number): void => {
      flight.progress(bytes)
    }
    for await (const bytes of state.source.fetch(flight.run, { signal, progress })) {
      const wanted = run[flight.next]
      if (wanted === undefined) break
      if (sha256(bytes) !== wanted.part.digest) {
        state.source.blame()
        throw new WrongBytesError('sent wrong bytes')
      }
      state.source.credit()
      if (flight.overdue) state.overdue -= 1
      flight.landed()
      state.misses = 0
      state.late = false
      state.deliveredSinceFailure = true
      if (!wanted.done) await this.#land(state, wanted, bytes)
      if (run.every(({ done }) => done)) return
    }
    if (flight.next < run.length) throw new TruncatedError('ended early')
  }

  async #land(state: SourceState, wanted: WantedPart, bytes: Uint8Array): Promise<void> {
    wanted.done = true
    for (const other of wanted.flights) {
      if (other.source !== state.source && other.run.length === 1)
        other.withdraw(new Error('too late'))
    }
    try {
      await this.#init.deliver(wanted.part, bytes, state.source)
    } catch (error) {
      this.#finish(error as Error)
      return
    }
    this.#left -= 1
    this.#pump()
  }

  #onOverdue(state: SourceState, run: readonly WantedPart[]): void {
    state.overdue += 1
    state.late = true
    // The first may just be slow. Where another one is late, too, there may be a crowd of them.
    const late = this.#sources.filter((source) => source.late)
    for (const wanted of run.toReversed()) this.#queue.addFirst(wanted, late.length > 1 ? 2 : 1)
    this.#pump()
  }

  #onFailure(state: SourceState, error: unknown, wanted: WantedPart | undefined): void {
    if (wanted?.done === true) return
    this.#reasons.set(state.source.name, describe(error))
    if (error instanceof NotHeldError && !state.source.allOrNothing) {
      wanted?.refusedBy.add(state.source)
      state.misses += 1
      if (state.misses < MAX_MISSES_IN_A_ROW) return
    }
    const mayGoOn =
      state.deliveredSinceFailure &&
      !(error instanceof WrongBytesError) &&
      !(error instanceof NotHeldError)
    state.deliveredSinceFailure = false
    if (!mayGoOn) this.#drop(state)
  }

  #drop(state: SourceState): void {
    const at = this.#sources.indexOf(state)
    if (at >= 0) this.#sources.splice(at, 1)
    for (const flight of this.#flights) {
      if (flight.source === state.source) flight.withdraw(new Error('given up'))
    }
  }

  #finish(reason: Error | undefined): void {
    if (this.#over) return
    this.#over = true
    if (reason === undefined) this.#completion.resolve(undefined)
    else this.#completion.reject(reason)
    const end = reason ?? COMPLETE
    this.#search.abort(end)
    for (const flight of this.#flights) flight.withdraw(end)
  }
}

function describe(error: unknown): string {
  if (error instanceof NotHeldError) return 'does not have it'
  return error instanceof Error ? error.message : String(error)
}
