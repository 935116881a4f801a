// Runs in the thread of a `ListingThread`: lists directories in the order in which a walk comes by them, ahead of it.
import { sep } from 'node:path'
import { workerData } from 'node:worker_threads'
import { formatFailure, formatListing, READY, UNTAKEN } from './listing.ts'
import type { Listing, ListingBatch, ListingThreadData } from './listing.ts'
import { isHidden, readDirectory } from './read-directory.ts'
import type { DirectoryEntry } from './read-directory.ts'

/** Directories and entries from which on a message is worth its cost: about a millisecond of listing. */
const BATCH_WEIGHT = 256
/** How many of them may wait for the walk before nothing more is listed. */
const WEIGHT_AHEAD = 4_096

const { port, control } = workerData as ListingThreadData

// Once, so that nothing holds the thread when it is done.
port.once('message', listAll)
Atomics.store(control, READY, 1)
Atomics.notify(control, READY)

/** @param waiting the next one last; those in them are listed, too */
function listAll(waiting: string[]): void {
  let listings: Listing[] = []
  let weight = 0
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const entries = read(path, listings)
    for (const name of directoriesOf(entries)) waiting.push(path + sep + name)
    weight += 1 + entries.length
    if (weight < BATCH_WEIGHT) continue
    post(listings, weight)
    listings = []
    weight = 0
    waitForRoom()
  }
  // The walk may go on to what only it knows, such as what links lead to.
  post(listings, weight + 1, true)
}

function read(path: string, listings: Listing[]): readonly DirectoryEntry[] {
  try {
    const entries = readDirectory(path)
    listings.push(formatListing(path, entries))
    return entries
  } catch (error) {
    listings.push(formatFailure(path, error))
    return []
  }
}

/** Those that a walk goes into, descending as it sorts them: by whole paths, in which a `/` follows. */
function directoriesOf(entries: readonly DirectoryEntry[]): readonly string[] {
  const names = entries.filter(({ name, kind }) => kind === 'directory' && !isHidden(name))
  const sorted = names.map(({ name }) => `${name}/`).sort()
  return sorted.map((name) => name.slice(0, -1)).reverse()
}

function post(listings: readonly Listing[], weight: number, isLast = false): void {
  port.postMessage({ listings, weight, isLast } satisfies ListingBatch)
  // After the message: whoever sees the weight finds it.
  Atomics.add(control, UNTAKEN, weight)
  Atomics.notify(control, UNTAKEN)
}

function waitForRoom(): void {
  for (;;) {
    const untaken = Atomics.load(control, UNTAKEN)
    if (untaken < WEIGHT_AHEAD) return
    Atomics.wait(control, UNTAKEN, untaken)
  }
}
