/** Builders of index entries and of sources that hold nodes in memory and count what is read. */
import { parsePath } from '@jarswarm/maven'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { buildIndex, sha256 } from '../src/index.ts'
import type { Digest, IndexEntry, IndexTotals } from '../src/index.ts'

/** A valid entry; the same for the same path and seed. */
export function entryOf(path: string, seed: number | string = 0): IndexEntry {
  const hash = createHash('sha1').update(`${path} ${seed}`).digest('hex')
  const sizeBytes = Number.parseInt(hash.slice(0, 5), 16)
  return {
    path: parsePath(path),
    digest: sha256(Buffer.from(`${path} ${seed}`)),
    sha1: hash,
    sizeBytes,
    mtimeSeconds: 1_700_000_000 + Number.parseInt(hash.slice(5, 9), 16),
    pieceList: sizeBytes > 262_144 ? sha256(Buffer.from(`pieces ${path} ${seed}`)) : undefined,
  }
}

/** `count` directories of `files` files each. */
export function manyEntries(count: number, files = 3): IndexEntry[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    Array.from({ length: files }, (_, file) =>
      entryOf(`g${index % 7}/a${index}/1.${index}/f${file}.jar`),
    ),
  )
}

/** Objects in memory. */
export class MemoryObjects {
  readonly objects = new Map<Digest, Uint8Array>()
  /** Digests that were read, in order. */
  readonly reads: Digest[] = []

  readonly source = (digest: Digest): Promise<Uint8Array | undefined> => {
    this.reads.push(digest)
    return Promise.resolve(this.objects.get(digest))
  }

  build(entries: Iterable<IndexEntry>): IndexTotals {
    return buildIndex(entries, ({ digest, bytes }) => this.objects.set(digest, bytes))
  }
}

/**
 * Sets of entries that share directories and, now and then, make leaves split by number or by length.
 * Small numbers of names make collisions of paths and digests likely.
 */
export const anyEntries: fc.Arbitrary<IndexEntry[]> = fc
  .uniqueArray(
    fc.record({
      directory: fc.oneof(
        fc.constant(''),
        fc.integer({ min: 0, max: 90 }).map((n) => `d${n}/`),
      ),
      name: fc.integer({ min: 0, max: 4 }).map((n) => `f${n}.jar`),
      seed: fc.integer({ min: 0, max: 1 }),
    }),
    { selector: ({ directory, name }) => directory + name, maxLength: 200, size: 'max' },
  )
  .map((specs) => specs.map(({ directory, name, seed }) => entryOf(directory + name, seed)))
