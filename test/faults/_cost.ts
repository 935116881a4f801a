import assert from 'node:assert/strict'

/** What one thing that a stranger hands in may cost, in milliseconds of processor time. */
export const WANTED_MS = 50
/** A run fails beyond so many times that: what collects garbage, or the kernel's counting, makes no failure. */
const MARGIN = 2

/** Throws when something cost clearly more than is wanted. */
export function assertQuick(what: string, cpuMs: number): void {
  assert.ok(
    cpuMs <= MARGIN * WANTED_MS,
    `${what} cost ${String(cpuMs)} ms, wanted ${String(WANTED_MS)}`,
  )
}

/** Most resident memory of this process so far, in MiB. Throws when that is more than its bound. */
export function peakMemoryMiB(maxMiB: number): number {
  const peak = process.resourceUsage().maxRSS / 1024
  assert.ok(peak <= maxMiB, `${String(Math.round(peak))} MiB, wanted at most ${String(maxMiB)}`)
  return peak
}
