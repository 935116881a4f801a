import { median } from '../_percentile.ts'

/** Part of the samples at either end that is compared. */
const WINDOW = 1 / 6

/** How much a figure rose from the first samples to the last ones: medians of both, so that no single sample decides. */
export function riseOf(samples: readonly number[]): number {
  const window = Math.ceil(samples.length * WINDOW)
  return median(samples.slice(-window)) - median(samples.slice(0, window))
}
