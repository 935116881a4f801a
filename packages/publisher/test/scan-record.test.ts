import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { CorruptStateError } from '../src/index.ts'
import { RecordDraft } from '../src/record-draft.ts'
import { RecordFinder } from '../src/record-finder.ts'
import { checkRecordLine, formatRecordLine, parseRecordLine } from '../src/scan-record.ts'
import { recordedFile } from './_record.ts'

const PATH = parsePath('a/b/1/b-1.jar')
const LINES = [
  formatRecordLine({ path: PATH, file: recordedFile(PATH, '1.1+2.2') }).trimEnd(),
  formatRecordLine({ path: PATH, file: undefined }).trimEnd(),
]
/** More than are read at once, so that lines are found by halving. */
const MANY = Array.from({ length: 600 }, (_, at) => parsePath(`a/b/${String(1_000 + at)}/b.jar`))

function turned(bytes: Uint8Array, at: number, bit: number): Buffer {
  const other = Buffer.from(bytes)
  other.writeUInt8(other.readUInt8(at) ^ (1 << bit), at)
  return other
}

describe('parseRecordLine', () => {
  it('refuses each turned bit of a line', () => {
    for (const line of LINES) {
      for (let at = 0; at < line.length; at += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const other = turned(Buffer.from(line), at, bit).toString('latin1')
          assert.throws(() => parseRecordLine(other, 'record'), CorruptStateError, other)
          assert.throws(() => {
            checkRecordLine(other, 'record')
          }, CorruptStateError)
        }
      }
    }
  })

  it('reads a line of an older record, which has no checksum', () => {
    for (const line of LINES) {
      const older = line.replace(/ [0-9a-f]{8}$/, '')
      assert.deepEqual(parseRecordLine(older, 'record'), parseRecordLine(line, 'record'))
      checkRecordLine(older, 'record')
      assert.throws(() => {
        checkRecordLine(older.slice(0, -1), 'record')
      }, CorruptStateError)
    }
  })
})

describe('RecordFinder', () => {
  function recordOf(t: TestContext): string {
    const directory = mkdtempSync(join(tmpdir(), 'jarswarm-record-'))
    t.after(() => {
      rmSync(directory, { recursive: true })
    })
    const draft = new RecordDraft(join(directory, 'record.1'))
    for (const path of MANY) draft.append({ path, file: recordedFile(path) })
    draft.close()
    return directory
  }

  it('does not take a path for unknown because a line that leads to it is damaged', (t) => {
    const directory = recordOf(t)
    const file = join(directory, 'record.1')
    const sound = readFileSync(file)
    const files = [{ name: 'record.1', sizeBytes: statSync(file).size }]
    let refused = 0
    for (let at = 0; at < MANY.length; at += 3) {
      const path = MANY[at] ?? ''
      // A name that comes far before or behind what it was.
      const place = sound.indexOf(`${String(MANY[(at * 7) % MANY.length])} `)
      writeFileSync(file, turned(sound, place, at % 2 === 0 ? 3 : 1))
      using finder = new RecordFinder({ directory, files })
      try {
        assert.deepEqual(finder.find(path)?.entry.path, path)
      } catch (error) {
        assert.ok(error instanceof CorruptStateError, String(error))
        refused += 1
      }
    }
    assert.ok(refused > 0)
  })
})
