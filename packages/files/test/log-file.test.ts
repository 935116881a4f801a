import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { isSoundLog, readLog, tearOf } from '../src/level/log-file.ts'
import { CrashedDatabase } from './_crashed-database.ts'
import type { CrashedHistory } from './_crashed-database.ts'

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const PAGE_BYTES = 4_096
const SECTOR_BYTES = 512
const SMALL: CrashedHistory = [1, 300, 0, 40]
/** Records that begin and end in all parts of blocks, and span several. */
const LARGE: CrashedHistory = [100, 20_000, 50_000, 300, 90_000, 10, 31_000, 400]

/** Where the fragments of a sound log begin, by their lengths alone. */
function fragmentsOf(log: Buffer): readonly number[] {
  const found: number[] = []
  for (let at = 0; at + HEADER_BYTES <= log.length;) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES)
    if (left >= HEADER_BYTES) found.push(at)
    at += left < HEADER_BYTES ? left : HEADER_BYTES + log.readUInt16LE(at + 4)
  }
  return found
}

function turned(log: Buffer, at: number, bit: number): Buffer {
  const bytes = Buffer.from(log)
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
  return bytes
}

async function journalOf(
  test: Pick<TestContext, 'after'>,
  history: CrashedHistory,
): Promise<Buffer> {
  const database = await CrashedDatabase.create(test, history)
  return database.read(await database.nameOf(/\.log$/))
}

describe('isSoundLog', () => {
  it('takes what LevelDB wrote, and all that a crash can leave of it', async (t) => {
    const small = await journalOf(t, SMALL)
    const large = await journalOf(t, LARGE)
    assert.ok(fragmentsOf(large).length > LARGE.length)
    for (let length = 0; length <= small.length; length += 1) {
      assert.ok(isSoundLog(small.subarray(0, length)), `length ${String(length)}`)
    }
    for (const at of fragmentsOf(large)) {
      for (const length of [at, at + 1, at + HEADER_BYTES, at + HEADER_BYTES + 1]) {
        assert.ok(isSoundLog(large.subarray(0, length)), `length ${String(length)}`)
      }
    }
    assert.equal([...readLog(small)].length, SMALL.length)
    assert.equal([...readLog(large)].length, LARGE.length)
  })

  it('takes zeros at the end, as some file systems leave them', async (t) => {
    const small = await journalOf(t, SMALL)
    const large = await journalOf(t, LARGE)
    for (const count of [1, 6, 7, 8, 100, BLOCK_BYTES, 3 * BLOCK_BYTES]) {
      assert.ok(isSoundLog(Buffer.concat([small, Buffer.alloc(count)])))
    }
    for (const at of fragmentsOf(large)) assert.ok(isSoundLog(Buffer.from(large).fill(0, at)))
  })

  it('refuses each turned bit, those of lengths that then reach beyond the end among them', async (t) => {
    const small = await journalOf(t, SMALL)
    const large = await journalOf(t, LARGE)
    for (let at = 0; at < small.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        assert.ok(!isSoundLog(turned(small, at, bit)), `bit ${String(bit)} at ${String(at)}`)
      }
    }
    for (const begin of fragmentsOf(large)) {
      for (let at = begin; at < begin + HEADER_BYTES; at += 1) {
        assert.ok(!isSoundLog(turned(large, at, at % 8)), `at ${String(at)}`)
      }
    }
  })

  it('refuses zeros before the end, which LevelDB would leave out without a word, and what is behind them', async (t) => {
    const small = await journalOf(t, SMALL)
    const large = await journalOf(t, LARGE)
    for (const log of [small, large]) {
      for (const at of fragmentsOf(log).slice(0, -1)) {
        for (const length of [1, HEADER_BYTES, 10]) {
          const bytes = Buffer.from(log).fill(0, at, at + length)
          assert.ok(!isSoundLog(bytes), `${String(length)} at ${String(at)}`)
        }
      }
    }
    for (let at = 0; at + BLOCK_BYTES < large.length; at += BLOCK_BYTES) {
      assert.ok(!isSoundLog(Buffer.from(large).fill(0, at, at + BLOCK_BYTES)))
    }
  })

  it('refuses a record that begins and does not go on, and one that goes on and did not begin', async (t) => {
    const small = await journalOf(t, SMALL)
    const large = await journalOf(t, LARGE)
    const [, second = 0] = fragmentsOf(small)
    const cut = BLOCK_BYTES * (Math.floor(large.length / BLOCK_BYTES) - 1)
    assert.ok(isSoundLog(large.subarray(0, cut)))
    assert.ok(!isSoundLog(Buffer.concat([large.subarray(0, cut), small])))
    assert.ok(!isSoundLog(large.subarray(cut)))
    assert.ok(isSoundLog(small.subarray(second)))
  })
})

/** Where records begin in a log of whole ones. */
function recordsOf(log: Buffer): readonly number[] {
  return fragmentsOf(log).filter((at) => [1, 2].includes(log.readUInt8(at + 6)))
}

/** A log as a power cut leaves it that loses pieces of what was not synced; of a piece that was written before, the rewrite. */
function losing(
  log: Buffer,
  {
    syncedBytes,
    pieceBytes,
    lost,
  }: {
    readonly syncedBytes: number
    readonly pieceBytes: number
    readonly lost: (piece: number) => boolean
  },
): Buffer {
  const left = Buffer.from(log)
  for (let piece = 0; piece * pieceBytes < log.length; piece += 1) {
    const [begin, end] = [Math.max(syncedBytes, piece * pieceBytes), (piece + 1) * pieceBytes]
    if (begin < end && lost(piece)) left.fill(0, begin, Math.min(end, log.length))
  }
  return left
}

/** Expects that nothing but an end is left out, and nothing that was synced. @returns whether it was torn */
function assertTorn(left: Buffer, log: Buffer, syncedBytes: number): boolean {
  const tear = tearOf(left)
  assert.ok(tear !== undefined || isSoundLog(left), `synced ${String(syncedBytes)}`)
  const whole = left.subarray(0, tear)
  assert.ok(isSoundLog(whole))
  const [found, written] = [[...readLog(whole)], [...readLog(log)]]
  const synced = [...readLog(log.subarray(0, syncedBytes))]
  assert.ok(found.length >= synced.length)
  assert.deepEqual(found, written.slice(0, found.length))
  return tear !== undefined
}

describe('tearOf', () => {
  it('finds the first fragment of which something is missing, whatever stands behind it', async (t) => {
    const log = await journalOf(t, [300, 20_000, 400])
    const [, second = 0, third = 0] = recordsOf(log)
    const last = PAGE_BYTES * Math.floor(third / PAGE_BYTES)
    // The first page of a record is there, and zeros instead of the rest, to the end or not.
    assert.equal(tearOf(Buffer.from(log.subarray(0, third)).fill(0, PAGE_BYTES)), second)
    assert.equal(tearOf(Buffer.from(log).fill(0, PAGE_BYTES, last)), second)
    // One page in the midst of it is not.
    assert.equal(tearOf(Buffer.from(log).fill(0, PAGE_BYTES, 2 * PAGE_BYTES)), second)
    // What was added to the page of the record before it is not, and all that follows is.
    assert.equal(tearOf(Buffer.from(log).fill(0, second, PAGE_BYTES)), second)
  })

  it('finds what was synced whole, and nothing but an end left out, whichever pages a power cut took', async (t) => {
    const log = await journalOf(t, LARGE)
    let torn = 0
    for (const syncedBytes of recordsOf(log)) {
      const first = Math.floor(syncedBytes / PAGE_BYTES)
      for (let page = first; page * PAGE_BYTES < log.length; page += 1) {
        const left = losing(log, {
          ...{ syncedBytes, pieceBytes: PAGE_BYTES },
          lost: (piece) => piece === page || (page % 3 === 0 && piece > page + 2),
        })
        torn += Number(assertTorn(left, log, syncedBytes))
      }
      const left = losing(log, {
        ...{ syncedBytes, pieceBytes: SECTOR_BYTES },
        lost: (piece) => piece % 7 === 3,
      })
      torn += Number(assertTorn(left, log, syncedBytes))
    }
    assert.ok(torn > 100)
  })

  it('finds none in a sound log, nor in a beginning of it, which is all that a kill leaves', async (t) => {
    const log = await journalOf(t, SMALL)
    for (let length = 0; length <= log.length; length += 1) {
      assert.equal(tearOf(log.subarray(0, length)), undefined)
    }
  })

  it('finds none in what no power cut leaves: a turned bit, a header of zeros before its record, a part alone', async (t) => {
    const log = await journalOf(t, LARGE)
    for (const begin of fragmentsOf(log).slice(0, -1)) {
      const bytes = Buffer.from(log).fill(0, begin, begin + HEADER_BYTES)
      assert.ok(!isSoundLog(bytes))
      assert.equal(tearOf(bytes), undefined, `header at ${String(begin)}`)
      const bit = turned(log, begin + HEADER_BYTES, 0)
      assert.ok(!isSoundLog(bit))
      assert.equal(tearOf(bit), undefined, `bit at ${String(begin)}`)
    }
    assert.equal(tearOf(log.subarray(2 * BLOCK_BYTES)), undefined)
  })
})
