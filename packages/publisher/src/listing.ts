import type { MessagePort } from 'node:worker_threads'
import type { DirectoryEntry } from './read-directory.ts'

/** What listing one directory gave, in a form that costs little to hand from thread to thread. */
export interface Listing {
  readonly path: string
  /** A letter for the kind and the name of each entry, joined by `/`, which no name has. */
  readonly found: string
}

/** Some listings in the order in which they are wanted, in one message. */
export interface ListingBatch {
  readonly listings: readonly Listing[]
  /** Directories and entries; more than 0. */
  readonly weight: number
  /** When the first of them was begun, on the clock of the whole process. */
  readonly sinceNs: bigint
}

/** What a listing thread begins with. Its port is told once which directories there are, the next one last. */
export interface ListingThreadData {
  readonly port: MessagePort
  /** Shared by both threads. */
  readonly control: Int32Array<SharedArrayBuffer>
}

/** Where in `control` stands whether the thread has come up: 0 or 1. */
export const READY = 0
/** Where stands the weight of what was sent and not taken yet. */
export const UNTAKEN = 1

const LETTERS = { file: 'f', directory: 'd', link: 'l', other: 'o' } as const
const KINDS: Readonly<Record<string, DirectoryEntry['kind']>> = {
  f: 'file',
  d: 'directory',
  l: 'link',
  o: 'other',
}

/** Write what a directory has. */
export function formatListing(path: string, entries: readonly DirectoryEntry[]): Listing {
  return { path, found: entries.map(({ name, kind }) => LETTERS[kind] + name).join('/') }
}

/** Read what `formatListing` wrote. */
export function parseListing({ found }: Listing): readonly DirectoryEntry[] {
  if (found === '') return []
  return found.split('/').map((text) => {
    const kind = KINDS[text.charAt(0)]
    if (kind === undefined) throw new TypeError(`Cannot read a listing: found ${text}`)
    return { name: text.slice(1), kind }
  })
}
