import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100
/** Between two notes about the same count. */
const NOTE_MS = 10_000
/** A count that has not moved for so long will not. */
const STILL_MS = 180_000

/** Say on stderr how far a bench is, with the seconds since it began, so that one sees it live. */
export function note(text: string): void {
  process.stderr.write(`${process.uptime().toFixed(0).padStart(5)} s  ${text}\n`)
}

/**
 * Wait until a count is at least what is wanted. That may take as long as it likes while the count moves.
 *
 * @param what which things are counted, for people
 * @throws when it has stood still for three minutes
 */
export async function reach(
  what: string,
  wanted: number,
  count: () => Promise<number>,
): Promise<void> {
  let [seen, movedMs, notedMs] = [Number.NaN, performance.now(), performance.now()]
  for (;;) {
    const found = await count()
    if (found >= wanted) return
    const nowMs = performance.now()
    if (found !== seen) movedMs = nowMs
    seen = found
    const state = `${what}: ${String(found)} of ${String(wanted)}`
    if (nowMs - movedMs > STILL_MS) throw new Error(`Cannot go on: ${state}, and no more came`)
    if (nowMs - notedMs > NOTE_MS) {
      note(state)
      notedMs = nowMs
    }
    await delay(POLL_MS)
  }
}
