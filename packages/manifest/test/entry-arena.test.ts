import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EntryArena } from '../src/entry-arena.ts'
import { directoryKey } from '../src/index-key.ts'
import type { IndexEntry } from '../src/index.ts'
import { entryOf } from './_entries.ts'

/** Directories with keys that are equal in their first four bytes, in the order of the keys. */
const NEAR = ['g19493', 'g48715']

function contentsOf(
  entries: readonly IndexEntry[],
): [path: string, entries: readonly IndexEntry[]][] {
  const arena = new EntryArena()
  for (const entry of entries) arena.add(entry)
  return Array.from(arena.sortDirectories(), (at) => [arena.pathOf(at), arena.entriesOf(at)])
}

describe('EntryArena', () => {
  it('gives back what needs several chunks', () => {
    const longPath = Array.from({ length: 7 }, () => 'x'.repeat(100)).join('/')
    const entries = Array.from({ length: 10_000 }, (_, index) =>
      entryOf(`${longPath}/${String(index)}/jar`, index),
    )
    const contents = new Map(contentsOf(entries))
    for (const entry of entries) {
      assert.deepEqual(contents.get(entry.path.slice(0, -'/jar'.length)), [entry])
    }
  })

  it('has the entries of a directory together, wherever others came between them', () => {
    const [a1, a2, a3, b1, b2] = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2'].map((path) => entryOf(path))
    assert.ok(a1 && a2 && a3 && b1 && b2)
    const contents = new Map(contentsOf([a3, b2, a1, b1, a2]))
    assert.deepEqual([...contents.keys()].sort(), ['a', 'b'])
    assert.deepEqual(contents.get('a'), [a1, a2, a3])
    assert.deepEqual(contents.get('b'), [b1, b2])
  })

  it('orders directories by all of their keys', () => {
    const [first = '', second = ''] = NEAR.map(directoryKey)
    assert.ok(first.slice(0, 8) === second.slice(0, 8) && first < second)
    for (const paths of [NEAR, NEAR.toReversed()]) {
      const contents = contentsOf(paths.map((path) => entryOf(`${path}/file`)))
      assert.deepEqual(
        contents.map(([path]) => path),
        NEAR,
      )
    }
  })
})
