// Small damage to bytes, as data: what a seeded run draws and what a property test shrinks are the same.
import type { SeededRandom } from './_random.ts'

/** Longest result, so that repeats of repeats end: above every bound that a parser has but those of evidence and proposals. */
const MAX_MUTANT_BYTES = 1_200_000
/** Levels of an array in an array. */
const NESTING = 20_000

const NUMBERS = ['0', '-1', '1', '255', '65536', '4294967295', '9007199254740993', '1e308', '0.5']
const TEXTS = [
  '\ufeff',
  '\u0000',
  '\u202e',
  '\u00e9',
  '\ud83d\ude00',
  '%2e%2e/',
  '../',
  '\r\n',
  '<!DOCTYPE x>',
  '&lol;',
]
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  9_007_199_254_740_993,
  '',
  '__proto__',
  'e\u0301',
  [],
  {},
  [[]],
  'A'.repeat(5_000),
]

/** One change. Where it is made and what is put there follow from two numbers of 32 bits. */
export interface Mutation {
  readonly kind: MutationKind
  readonly at: number
  readonly value: number
}

export type MutationKind = keyof typeof CHANGES

interface Place {
  readonly at: number
  readonly value: number
  /** Other valid inputs of the same kind. */
  readonly others: readonly Uint8Array[]
}

const CHANGES = {
  flipBit: (bytes: Buffer, { at, value }: Place) =>
    edit(bytes, at, (byte) => byte ^ (1 << (value % 8))),
  setByte: (bytes: Buffer, { at, value }: Place) => edit(bytes, at, () => value % 256),
  cutEnd: (bytes: Buffer, { at }: Place) => bytes.subarray(0, at % (bytes.length + 1)),
  cutBegin: (bytes: Buffer, { at }: Place) => bytes.subarray(at % (bytes.length + 1)),
  remove: (bytes: Buffer, place: Place) => {
    const [start, end] = rangeOf(bytes, place)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])
  },
  repeat: (bytes: Buffer, place: Place) => {
    const [start, end] = rangeOf(bytes, place)
    const times = 1 + (place.value % 50)
    const part = bytes.subarray(start, end)
    return Buffer.concat([
      bytes.subarray(0, end),
      ...Array<Buffer>(times).fill(part),
      bytes.subarray(end),
    ])
  },
  splice: (bytes: Buffer, { at, value, others }: Place) => {
    const other = others[value % others.length] ?? bytes
    return Buffer.concat([
      bytes.subarray(0, at % (bytes.length + 1)),
      other.subarray(value % (other.length + 1)),
    ])
  },
  hugeLength: (bytes: Buffer, { at, value }: Place) => {
    const width = [1, 2, 4, 8][value % 4] ?? 1
    const copy = Buffer.from(bytes)
    const start = at % Math.max(1, copy.length)
    copy.fill(value % 3 === 0 ? 0x7f : 0xff, start, Math.min(copy.length, start + width))
    return copy
  },
  number: (bytes: Buffer, { at, value }: Place) =>
    replaceMatch(bytes, /[0-9]+/g, { at, by: NUMBERS[value % NUMBERS.length] ?? '' }),
  hexDigit: (bytes: Buffer, { at, value }: Place) =>
    replaceMatch(bytes, /[0-9a-f]/g, { at, by: (value % 16).toString(16) }),
  unicode: (bytes: Buffer, { at, value }: Place) => {
    const text = Buffer.from(TEXTS[value % TEXTS.length] ?? '')
    const start = at % (bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, start), text, bytes.subarray(start)])
  },
  swapLines: (bytes: Buffer, { at, value }: Place) => {
    const lines = bytes.toString('latin1').split('\n')
    const [one, other] = [at % lines.length, value % lines.length]
    const swapped = lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '')
    return Buffer.from(swapped.join('\n'), 'latin1')
  },
  field: (bytes: Buffer, place: Place) => editJson(bytes, place),
  nest: (bytes: Buffer, { at }: Place) => {
    const start = at % (bytes.length + 1)
    const deep = Buffer.from('['.repeat(NESTING))
    return Buffer.concat([bytes.subarray(0, start), deep, bytes.subarray(start)])
  },
} as const satisfies Record<string, (bytes: Buffer, place: Place) => Uint8Array>

export const MUTATION_KINDS = Object.keys(CHANGES) as readonly MutationKind[]

/** Make the changes one after the other. `others` are valid inputs of the same kind, at least one. */
export function mutate(
  bytes: Uint8Array,
  mutations: readonly Mutation[],
  others: readonly Uint8Array[],
): Uint8Array {
  let mutant = Buffer.from(bytes)
  for (const { kind, at, value } of mutations) {
    mutant = Buffer.from(CHANGES[kind](mutant, { at, value, others })).subarray(0, MAX_MUTANT_BYTES)
  }
  return mutant
}

/** One to four changes. */
export function drawMutations(random: SeededRandom): readonly Mutation[] {
  return Array.from({ length: 1 + random.below(4) }, () => ({
    kind: MUTATION_KINDS[random.below(MUTATION_KINDS.length)] ?? 'flipBit',
    at: random.next(),
    value: random.next(),
  }))
}

function edit(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes)
  const place = at % Math.max(1, copy.length)
  copy[place] = change(copy[place] ?? 0)
  return copy
}

function rangeOf(bytes: Buffer, { at, value }: Place): [number, number] {
  const start = at % (bytes.length + 1)
  return [start, Math.min(bytes.length, start + 1 + (value % 128))]
}

function replaceMatch(bytes: Buffer, form: RegExp, { at, by }: { at: number; by: string }): Buffer {
  const text = bytes.toString('latin1')
  const matches = [...text.matchAll(form)]
  const match = matches[at % Math.max(1, matches.length)]
  if (match === undefined) return bytes
  const end = match.index + match[0].length
  return Buffer.from(text.slice(0, match.index) + by + text.slice(end), 'latin1')
}

/** Replace, remove or double one member of a JSON document; what is no JSON stays. */
function editJson(bytes: Buffer, { at, value }: Place): Buffer {
  let document: unknown
  try {
    document = JSON.parse(bytes.toString('utf8'))
  } catch {
    // The other kinds of change are for such bytes.
    return bytes
  }
  const members: { readonly holder: Record<string, unknown>; readonly key: string }[] = []
  collectMembers(document, members)
  const member = members[at % Math.max(1, members.length)]
  if (member === undefined) return bytes
  const { holder, key } = member
  const choice = value % (VALUES.length + 3)
  if (choice === 0) Reflect.deleteProperty(holder, key)
  else if (choice === 1) holder[`${key}2`] = holder[key]
  // A copy: of a circle that holds long texts, JSON.stringify fills the memory before it finds out.
  else if (choice === 2) holder[key] = structuredClone(members[value % members.length]?.holder)
  else holder[key] = VALUES[choice - 3]
  return Buffer.from(JSON.stringify(document))
}

function collectMembers(
  value: unknown,
  members: { readonly holder: Record<string, unknown>; readonly key: string }[],
): void {
  if (typeof value !== 'object' || value === null) return
  const holder = value as Record<string, unknown>
  for (const key of Object.keys(holder)) {
    members.push({ holder, key })
    collectMembers(holder[key], members)
  }
}
