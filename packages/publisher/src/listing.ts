import type { MessagePort } from 'node:worker_threads'
import type { DirectoryEntry } from './read-directory.ts'

/** What listing one directory gave, in a form that costs little to hand from thread to thread. */
export interface Listing {
  readonly path: string
  /** A letter for the kind and the name of each entry, joined by `/`, which no name has; or what the system said. */
  readonly found: string | ListingFailure
}

/** An error, of which only the message would come along by itself. */
export interface ListingFailure {
  readonly code: string | undefined
  readonly message: string
}

/** Some listings in the order in which they are wanted, in one message. */
export interface ListingBatch {
  readonly listings: readonly Listing[]
  /** Directories and entries; more than 0. */
  readonly weight: number
  readonly isLast: boolean
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
}

/** Write what a directory has. */
export function formatListing(path: string, entries: readonly DirectoryEntry[]): Listing {
  return { path, found: entries.map(({ name, kind }) => LETTERS[kind] + name).join('/') }
}

/** Write why a directory cannot be listed. */
export function formatFailure(path: string, error: unknown): Listing {
  const { code, message } = error as NodeJS.ErrnoException
  return { path, found: { code, message } }
}

/**
 * Read what `formatListing` or `formatFailure` wrote.
 *
 * @throws what the system said, with its code and the path
 */
export function parseListing({ path, found }: Listing): readonly DirectoryEntry[] {
  if (typeof found !== 'string') {
    throw Object.assign(new Error(found.message), { code: found.code, path })
  }
  if (found === '') return []
  return found
    .split('/')
    .map((text) => ({ name: text.slice(1), kind: KINDS[text.charAt(0)] ?? 'other' }))
}
