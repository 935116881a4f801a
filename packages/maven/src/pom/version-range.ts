import { compareVersions } from './version.ts'
import { MAX_INTERVALS } from '../limits.ts'

interface Interval {
  readonly lower: string | undefined
  readonly lowerInclusive: boolean
  readonly upper: string | undefined
  readonly upperInclusive: boolean
}

/** `[1.0,2.0)`, `(,1.5]`, `[1.2]`, and several of them joined by commas. */
export type VersionRange = readonly Interval[]

const INTERVAL = /([[(])([^,[\]()]*)(?:(,)([^,[\]()]*))?([\])]),?/y

/**
 * Read a version as a range.
 *
 * @returns undefined when it is one plain version, or no range that can be read
 */
export function parseVersionRange(written: string): VersionRange | undefined {
  const text = written.replaceAll(/\s/g, '')
  if (!/^[[(]/.test(text)) return undefined
  const intervals: Interval[] = []
  for (let at = 0; at < text.length; at = INTERVAL.lastIndex) {
    INTERVAL.lastIndex = at
    const match = INTERVAL.exec(text)
    if (match === null || intervals.length >= MAX_INTERVALS) return undefined
    intervals.push(toInterval(match))
  }
  return intervals
}

/** The highest of some versions that lies in a range; undefined when none does. Snapshots come only when nothing else does. */
export function highestInRange(
  range: VersionRange,
  versions: readonly string[],
): string | undefined {
  return versions
    .filter((version) => range.some((interval) => contains(interval, version)))
    .reduce<string | undefined>(
      (best, version) => (best === undefined || isBetter(version, best) ? version : best),
      undefined,
    )
}

function isBetter(version: string, best: string): boolean {
  const snapshots = Number(isSnapshot(best)) - Number(isSnapshot(version))
  return snapshots === 0 ? compareVersions(version, best) > 0 : snapshots > 0
}

const isSnapshot = (version: string): boolean => version.endsWith('-SNAPSHOT')

function toInterval(match: RegExpExecArray): Interval {
  const [, open, from, comma, to, close] = match
  const lower = from === '' ? undefined : from
  const upper = comma === undefined ? lower : to === '' ? undefined : to
  return { lower, lowerInclusive: open === '[', upper, upperInclusive: close === ']' }
}

function contains(interval: Interval, version: string): boolean {
  const { lower, lowerInclusive, upper, upperInclusive } = interval
  const above = lower === undefined ? 1 : compareVersions(version, lower)
  const below = upper === undefined ? -1 : compareVersions(version, upper)
  return (
    (above > 0 || (above === 0 && lowerInclusive)) && (below < 0 || (below === 0 && upperInclusive))
  )
}
