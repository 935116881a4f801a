import assert from 'node:assert/strict'

/**
 * What one thing that a stranger hands in may cost, in milliseconds of processor time; of a slow one the quickest of several tries
 * counts, so that neither the collecting of garbage nor the steps of 4 ms in which kernels count decide.
 */
export const MAX_COST_MS = 50

/** Throws when something cost more than it may. */
export function assertQuick(what: string, cpuMs: number): void {
  const found = `${what} cost ${String(cpuMs)} ms, wanted at most ${String(MAX_COST_MS)}`
  assert.ok(cpuMs <= MAX_COST_MS, found)
}

/** Most resident memory of this process so far, in MiB. Throws when that is more than its bound. */
export function peakMemoryMiB(maxMiB: number): number {
  const peak = process.resourceUsage().maxRSS / 1024
  assert.ok(peak <= maxMiB, `${String(Math.round(peak))} MiB, wanted at most ${String(maxMiB)}`)
  return peak
}
