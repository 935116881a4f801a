/** A part of a version: a number, or the rank of a word. */
interface Item {
  readonly kind: 'number' | 'known' | 'word'
  readonly value: bigint | number | string
}

/** Words with a meaning, by their place before (negative) or after the release itself. */
const QUALIFIERS: ReadonlyMap<string, number> = new Map([
  ['alpha', -5],
  ['beta', -4],
  ['milestone', -3],
  ['rc', -2],
  ['cr', -2],
  ['snapshot', -1],
  ['', 0],
  ['ga', 0],
  ['final', 0],
  ['release', 0],
  ['sp', 1],
])

/** Short forms, which count only with a number after them: `1.0-b2`. */
const SHORT_QUALIFIERS: Readonly<Record<string, string>> = {
  a: 'alpha',
  b: 'beta',
  m: 'milestone',
}

const RANKS = { known: 0, word: 1, number: 2 } as const

/**
 * Compare two versions as Maven does: numbers by value, `alpha` < `beta` < `milestone` < `rc` < `snapshot` < the
 * release < `sp` < other words < more numbers; zeros and `final` at the end of a part mean nothing.
 *
 * @returns negative, zero or positive, for `Array.prototype.sort`
 * @see https://maven.apache.org/pom.html#version-order-specification
 */
export function compareVersions(a: string, b: string): number {
  const [these, those] = [itemsOf(a), itemsOf(b)]
  for (let index = 0; index < Math.max(these.length, those.length); index += 1) {
    const [one, other] = [these[index], those[index]]
    const order = compareItems(one, other)
    if (order !== 0) return order
  }
  return 0
}

function itemsOf(version: string): readonly Item[] {
  const tokens = version.toLowerCase().match(/\d+|[^\d._-]+/g) ?? []
  const items = tokens.map((token, index) => toItem(token, /^\d/.test(tokens[index + 1] ?? '')))
  return items.filter((item, index) => !isPadding(item) || !endsPart(items, index))
}

function toItem(token: string, beforeNumber: boolean): Item {
  if (/^\d/.test(token)) return { kind: 'number', value: BigInt(token) }
  const word = beforeNumber ? (SHORT_QUALIFIERS[token] ?? token) : token
  const rank = QUALIFIERS.get(word)
  return rank === undefined ? { kind: 'word', value: word } : { kind: 'known', value: rank }
}

/** Whether only paddings lie between an item and the end, or the next word: 1.0 is 1, and 1.0-rc is 1-rc. */
function endsPart(items: readonly Item[], index: number): boolean {
  const next = items.slice(index + 1).find((item) => !isPadding(item))
  return next === undefined || next.kind !== 'number'
}

function isPadding({ value }: Item): boolean {
  return value === 0n || value === 0
}

function compareItems(one: Item | undefined, other: Item | undefined): number {
  if (one === undefined) return other === undefined ? 0 : -compareWithNothing(other)
  if (other === undefined) return compareWithNothing(one)
  if (one.kind !== other.kind) return RANKS[one.kind] - RANKS[other.kind]
  if (one.value === other.value) return 0
  return one.value < other.value ? -1 : 1
}

/** An item where the other version has ended: words such as `rc` are before that, all else is after it. */
function compareWithNothing({ kind, value }: Item): number {
  return kind === 'known' && Number(value) < 0 ? -1 : 1
}
