import type { LimitLine, LimitReport } from '@jarswarm/node'
import { formatSize } from './size.ts'

/** Wide enough for `1023.9 MB of 1023.9 MB`. */
const AMOUNT_WIDTH = 22

/** How the values of a unit are written, by the word that begins it; that word is then left out. */
const WRITINGS: readonly { readonly word: string; readonly write: (value: number) => string }[] = [
  { word: 'bytes ', write: formatSize },
  { word: 'ms ', write: (ms) => `${String(ms / 1_000)} s` },
  { word: 'share ', write: (share) => `${String(100 * share)} %` },
]

/** The bounds of a node, for people: what is used of how much, of what, and why not more. */
export function describeLimits(reports: readonly LimitReport[]): string {
  return reports
    .map(({ title, fixed, limits }) =>
      [`${title}${fixed ? ' (the same in every node)' : ''}`, ...limits.map(describeLimit)].join(
        '\n',
      ),
    )
    .join('\n\n')
}

function describeLimit({ value, now, unit, why, change }: LimitLine): string {
  const writing = WRITINGS.find(({ word }) => unit.startsWith(word))
  const write = writing?.write ?? String
  const amount = now === undefined ? write(value) : `${write(now)} of ${write(value)}`
  const what = unit.slice(writing?.word.length ?? 0)
  const cure = change === undefined ? '' : `; change it with ${change}`
  return `${amount.padStart(AMOUNT_WIDTH)}  ${what}: ${why}${cure}`
}
