import type { SeededRandom } from './_random.ts'
import type { Site } from './_request-targets.ts'

/** Which bytes a Range header asks for: the bounds of one range, both included, all, or such that there are none. */
export type AskedRange = (
  sizeBytes: number,
) => readonly [first: number, last: number] | 'whole' | 'unsatisfiable'

/** A request in the making, and what may come of it whatever its target names. */
export interface Draft {
  method: string
  target: string
  version: string
  /** Values of Host headers. */
  hosts: string[]
  /** Whole lines, without what ends them. */
  lines: string[]
  body: string
  /** Changes the head once it is written. */
  mangle: (head: string) => string
  /** Statuses with which it must be refused, if any: then nothing else may come of it. */
  readonly refusals: Set<number>
  /** The same where it is for the node itself, and not for its public URL. */
  readonly refusalsHere: Set<number>
  /** Statuses that may come instead of 200. */
  readonly may: Set<number>
  range: AskedRange | undefined
  /** Whether its end is in doubt, so that nothing behind it may be answered. */
  closes: boolean
}

/** Something hostile, odd or rare that is done to a request. */
export type Trait = (draft: Draft, surroundings: Surroundings) => void

export interface Surroundings {
  readonly random: SeededRandom
  readonly site: Site
  /** A whole request that may never be answered when it stands inside of another. */
  readonly inner: string
}

/** A plain GET. */
export function plainDraft(target: string, host: string): Draft {
  return {
    method: 'GET',
    target,
    version: 'HTTP/1.1',
    hosts: [host],
    lines: [],
    body: '',
    mangle: (head) => head,
    refusals: new Set(),
    refusalsHere: new Set(),
    may: new Set(),
    range: undefined,
    closes: false,
  }
}

/** The bytes of a draft, one character each. */
export function writeDraft(draft: Draft): string {
  const hosts = draft.hosts.map((host) => `Host: ${host}`)
  const head = [`${draft.method} ${draft.target} ${draft.version}`, ...hosts, ...draft.lines]
  return draft.mangle(`${head.join('\r\n')}\r\n\r\n`) + draft.body
}

/** Have a draft refused with one of these. */
export function refuse(draft: Draft, ...statuses: readonly number[]): void {
  for (const status of statuses) draft.refusals.add(status)
}

/** Change the head further. */
export function mangle(draft: Draft, change: (head: string) => string): void {
  const before = draft.mangle
  draft.mangle = (head) => change(before(head))
}

/** One of a list. */
export function pick<T>(list: readonly T[], { random }: Surroundings): T {
  return list[random.below(list.length)] as T
}
