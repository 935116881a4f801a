import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  formatEntryBundle,
  formatTile,
  HistoryTree,
  InvalidHistoryError,
  parseEntryBundle,
  parseTile,
  tilePath,
  VerifiedHistory,
  verifyInclusion,
  leafHash,
} from '../src/index.ts'
import type { Digest, HistoryState, Tile } from '../src/index.ts'
import { MAX_KEPT_TILES } from '../src/limits.ts'

const line = (index: number): Buffer => Buffer.from(`line ${String(index)}`)
const pathOf = ({ level, index, width }: Tile): string => tilePath(level, index, width)

/** A published history, from a server that a test may make lie. */
class Published {
  readonly files = new Map<string, Uint8Array>()
  readonly asked: string[] = []
  readonly roots = new Map<number, Digest>()
  readonly state: HistoryState
  isAway = false

  constructor(size: number, remember: readonly number[] = []) {
    const tree = new HistoryTree()
    for (let index = 0; index < size; index += 1) {
      if (remember.includes(index)) this.roots.set(index, tree.root)
      tree.append(line(index))
    }
    for (const { path, bytes } of tree.takeFiles()) this.files.set(path, bytes)
    this.state = { size, root: tree.root }
  }

  read(): VerifiedHistory {
    return new VerifiedHistory(this.state, async (tiles, check) => {
      await Promise.resolve()
      if (this.isAway) throw new Error('away')
      this.asked.push(...tiles.map(pathOf))
      check(tiles.map((tile) => this.files.get(pathOf(tile)) ?? assert.fail(pathOf(tile))))
    })
  }

  /** Put another hash, or another line, in the midst of a file. */
  spoil(path: string): void {
    const bytes = this.files.get(path) ?? assert.fail(path)
    if (path.startsWith('tile/entries/')) {
      const lines = parseEntryBundle(bytes)
      this.files.set(path, formatEntryBundle(lines.with(5, Buffer.from('another'))))
    } else {
      const hashes = parseTile(bytes, bytes.length / 32)
      this.files.set(path, formatTile(hashes.with(0, leafHash(Buffer.from('another')))))
    }
  }
}

const SIZE = 2 * 256 + 17

describe('VerifiedHistory', () => {
  it('reads each line, whether its tile is full or not', async () => {
    const published = new Published(SIZE)
    const history = published.read()
    assert.equal(history.bundles, 3)
    for (let bundle = 0; bundle < history.bundles; bundle += 1) {
      for (const [place, found] of (await history.lines(bundle)).entries()) {
        assert.deepEqual(Buffer.from(found), line(bundle * 256 + place))
      }
    }
    for (const index of [0, 255, 256, SIZE - 1]) {
      assert.deepEqual(Buffer.from(await history.line(index)), line(index))
      const entry = { index, hash: leafHash(line(index)) }
      verifyInclusion(published.state, entry, await history.proveInclusion(index))
    }
    await assert.rejects(history.line(SIZE), RangeError)
  })

  it('knows which root it had', async () => {
    const sizes = [1, 255, 256, 257, 512, SIZE - 1]
    const published = new Published(SIZE, sizes)
    for (const size of sizes) {
      assert.equal(await published.read().rootAt(size), published.roots.get(size))
    }
  })

  for (const path of [
    'tile/0/000',
    'tile/0/002.p/17',
    'tile/1/000.p/2',
    'tile/entries/001',
    'tile/entries/002.p/17',
  ]) {
    it(`refuses ${path} with something else in it`, async () => {
      const published = new Published(SIZE)
      published.spoil(path)
      const history = published.read()
      const readAll = async (): Promise<void> => {
        for (const bundle of [0, 1, 2]) await history.lines(bundle)
      }
      await assert.rejects(readAll, InvalidHistoryError)
    })
  }

  it('asks again for what was not to be had', async () => {
    const published = new Published(SIZE)
    const history = published.read()
    published.isAway = true
    await assert.rejects(history.line(0), /away/)
    published.isAway = false
    assert.deepEqual(Buffer.from(await history.line(0)), line(0))
  })

  it('keeps MAX_KEPT_TILES of a walk, and no more', async () => {
    const published = new Published((MAX_KEPT_TILES + 6) * 256)
    const history = published.read()
    const asked = (): number => published.asked.filter((path) => path === 'tile/0/000').length
    await history.lines(0)
    await history.lines(0)
    assert.equal(asked(), 1)
    for (let bundle = 1; bundle < MAX_KEPT_TILES; bundle += 1) await history.lines(bundle)
    await history.lines(0)
    assert.equal(asked(), 1)
    await history.lines(MAX_KEPT_TILES)
    await history.lines(0)
    assert.equal(asked(), 2)
  })

  it('reads lines below two levels of full tiles', async () => {
    const published = new Published(65_536 + 300)
    const history = published.read()
    for (const index of [0, 65_535, 65_536, 65_835]) {
      assert.deepEqual(Buffer.from(await history.line(index)), line(index))
    }
    published.spoil('tile/1/000')
    await assert.rejects(published.read().line(0), InvalidHistoryError)
  })
})
