// Runs in the thread of a `ListingThread`: lists directories in the order in which a walk comes by them, ahead of it.
import { sep } from 'node:path'
import { workerData } from 'node:worker_threads'
import { formatListing, READY, UNTAKEN } from './listing.ts'
import type { Listing, ListingBatch, ListingThreadData } from './listing.ts'
import { isHidden, readDirectory } from './read-directory.ts'
import type { DirectoryEntry } from './read-directory.ts'

/** Directories and entries from which on a message is worth its cost: about a millisecond of listing. */
const BATCH_WEIGHT = 256
/** How many of them may wait for the walk before nothing more is listed. A directory that has more is left to the walk. */
const WEIGHT_AHEAD = 4_096

const { port, control } = workerData as ListingThreadData

// Once, so that nothing holds the thread when it is done.
port.once('message', listAll)
Atomics.store(control, READY, 1)

/** @param waiting the next one last; those in them are listed, too */
function listAll(waiting: string[]): void {
  let listings: Listing[] = []
  let weight = 0
  let sinceNs = process.hrtime.bigint()
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const entries = read(path)
    if (entries === undefined) continue
    for (const name of directoriesOf(entries)) waiting.push(path + sep + name)
    if (entries.length > WEIGHT_AHEAD) continue
    listings.push(formatListing(path, entries))
    weight += 1 + entries.length
    if (weight < BATCH_WEIGHT) continue
    post({ listings, weight, sinceNs })
    waitForRoom()
    listings = []
    weight = 0
    sinceNs = process.hrtime.bigint()
  }
  if (weight > 0) post({ listings, weight, sinceNs })
}

/** @returns undefined for what cannot be listed now: the walk tries it again when it comes there, and says why */
function read(path: string): readonly DirectoryEntry[] | undefined {
  try {
    return readDirectory(path)
  } catch {
    return undefined
  }
}

/** Those that a walk goes into, descending as it sorts them: by whole paths, in which a `/` follows. */
function directoriesOf(entries: readonly DirectoryEntry[]): readonly string[] {
  const names = entries.filter(({ name, kind }) => kind === 'directory' && !isHidden(name))
  const sorted = names.map(({ name }) => `${name}/`).sort()
  return sorted.map((name) => name.slice(0, -1)).reverse()
}

function post(batch: ListingBatch): void {
  Atomics.add(control, UNTAKEN, batch.weight)
  port.postMessage(batch)
}

function waitForRoom(): void {
  for (;;) {
    const untaken = Atomics.load(control, UNTAKEN)
    if (untaken < WEIGHT_AHEAD) return
    Atomics.wait(control, UNTAKEN, untaken)
  }
}
