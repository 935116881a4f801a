import type { Flight } from './flight.ts'
import type { Part, PartSource } from './part.ts'

/** Sources that one part may wait for at a time. */
const MAX_WANTING = 4

/** A wanted part and what became of it. */
export interface WantedPart {
  readonly part: Part
  done: boolean
  /** How many sources it waits for in the queue; 0: it does not stand there. */
  wanting: number
  readonly flights: Set<Flight>
  /** Sources that do not have it. */
  readonly refusedBy: Set<PartSource>
}

/** The parts that wait for a source, first needed first. */
export class PartQueue {
  #waiting: WantedPart[] = []

  add(wanted: WantedPart): void {
    wanted.wanting = 1
    this.#waiting.push(wanted)
  }

  /** Put a part back before all others, for so many sources more: somebody has been waiting for it. */
  addFirst(wanted: WantedPart, sources = 1): void {
    if (wanted.done) return
    if (wanted.wanting === 0) this.#waiting.unshift(wanted)
    wanted.wanting = Math.min(wanted.wanting + sources, MAX_WANTING)
  }

  /** The part that is needed first, or undefined when none waits. */
  first(): WantedPart | undefined {
    while (this.#waiting[0]?.done === true) this.#waiting.shift()
    return this.#waiting[0]
  }

  /** Needs parts in another order from now on: those from this offset first. */
  preferFrom(offset: number): void {
    const ahead = this.#waiting.filter(({ part }) => part.offset >= offset)
    const behind = this.#waiting.filter(({ part }) => part.offset < offset)
    this.#waiting = [...ahead, ...behind]
  }

  /**
   * Take what a source may be asked for next: adjacent parts, at most as many as it gives in one request.
   *
   * @param mayHedge whether it may be asked for what others were asked for, too
   */
  take(source: PartSource, mayHedge: boolean): WantedPart[] {
    const isFor = (wanted: WantedPart): boolean =>
      (mayHedge || wanted.flights.size === 0) && isOpenTo(wanted, source)
    const start = this.#waiting.findIndex(isFor)
    if (start < 0) return []
    const run: WantedPart[] = []
    for (let at = start; at < this.#waiting.length && run.length < source.maxRun; at += 1) {
      const wanted = this.#waiting[at]
      const before = run.at(-1)
      if (wanted === undefined || !isFor(wanted)) break
      if (before !== undefined && wanted.part.offset !== before.part.offset + before.part.length)
        break
      run.push(wanted)
    }
    for (const wanted of run) wanted.wanting -= 1
    this.#waiting = this.#waiting.filter(({ wanting }) => wanting > 0)
    return run
  }
}

function isOpenTo(wanted: WantedPart, source: PartSource): boolean {
  if (wanted.done || wanted.refusedBy.has(source)) return false
  for (const flight of wanted.flights) if (flight.source === source) return false
  return true
}
