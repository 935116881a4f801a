import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildIndex, InvalidIndexEntryError } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { directoryOf, parsePath } from '@jarswarm/maven'
import { changesWithoutRoom } from '../src/directory-room.ts'
import type { TreeChange } from '../src/judge-file.ts'

const DIRECTORY = 'a/b-SNAPSHOT'

function entry(number: number, sizeBytes = 1): IndexEntry {
  return {
    path: parsePath(`${DIRECTORY}/${String(number).padStart(5, '0')}`),
    digest: 'a'.repeat(64),
    sha1: 'b'.repeat(40),
    sizeBytes,
    mtimeSeconds: 1,
    pieceList: undefined,
  }
}

async function* sequence<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}

/** @param published what the directories hold before the changes */
async function excessOf(changes: TreeChange[], published: IndexEntry[] = []): Promise<string[]> {
  const filesIn = (directory: string): Promise<IndexEntry[]> =>
    Promise.resolve(published.filter(({ path }) => directoryOf(path) === directory))
  const log = { [Symbol.asyncIterator]: () => sequence(changes) }
  return [...(await changesWithoutRoom(log, filesIn)).keys()]
}

const put = (after: IndexEntry): TreeChange => ({ kind: 'mut', before: undefined, after })

/** Most entries of the directory that an index takes. */
function capacity(): number {
  let count = 0
  for (let step = 8192; step >= 1; step /= 2) {
    const entries = Array.from({ length: count + step }, (_, number) => entry(number))
    try {
      buildIndex(entries, () => undefined)
      count += step
    } catch (error) {
      if (!(error instanceof InvalidIndexEntryError)) throw error
    }
  }
  return count
}

describe('changesWithoutRoom', () => {
  const most = capacity()
  const full = Array.from({ length: most }, (_, number) => entry(number))

  it('has room for exactly what an index takes', async () => {
    assert.deepEqual(await excessOf(full.map(put)), [])
    const one = [...full, entry(most)]
    assert.deepEqual(await excessOf(one.map(put)), [entry(most).path])
  })

  it('counts what stands published in the directory', async () => {
    const last = entry(most)
    assert.deepEqual(await excessOf([put(last)], full.slice(1)), [])
    assert.deepEqual(await excessOf([put(last)], full), [last.path])
  })

  it('withholds what makes a line longer when nothing was added', async () => {
    const later = Array.from(full, (each, number) =>
      number < 40 ? { ...each, sizeBytes: 250_000 } : each,
    )
    const changes = later
      .slice(0, 40)
      .map((after, number): TreeChange => ({ kind: 'mut', before: entry(number), after }))
    const excess = await excessOf(changes, full)
    assert.ok(excess.length > 0 && excess.length <= 40)
    const kept = later.map((each, number) => (excess.includes(each.path) ? entry(number) : each))
    buildIndex(kept, () => undefined)
  })

  it('tells directories apart whose names begin alike', async () => {
    const half = full.slice(0, Math.ceil(most / 2) + 1)
    const beside = half.map((each) => ({
      ...each,
      path: parsePath(each.path.replace(DIRECTORY, `${DIRECTORY}x`)),
    }))
    assert.deepEqual(await excessOf([...half, ...beside].map(put)), [])
  })
})
