import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  formatManifest,
  InvalidManifestError,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from '../src/index.ts'
import type { SignedManifest } from '../src/index.ts'
import { MAX_HEADER_LENGTH } from '../src/limits.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const bytes = (content: string): Uint8Array => new Uint8Array(Buffer.from(content, 'latin1'))

const parts: SignedManifest = {
  rootNumber: 3,
  root: bytes('R'),
  timestamp: bytes('TT'),
  snapshot: bytes('S\nS'),
  targets: bytes('\n'),
  head: bytes('H'),
}
const FORMATTED =
  'jarswarm manifest 1\nroot 3 1\nR\ntimestamp 2\nTT\nsnapshot 3\nS\nS\ntargets 1\n\n\nhead 1\nH\n'

function refuses(content: string, message: RegExp): void {
  assert.throws(
    () => parseManifest(bytes(content)),
    (error) => error instanceof InvalidManifestError && message.test(error.message),
  )
}

describe('formatManifest', () => {
  it('writes each part after its length', () => {
    assert.equal(text(formatManifest(parts)), FORMATTED)
  })

  it('refuses what would be too large', () => {
    const large = { ...parts, root: new Uint8Array(MAX_MANIFEST_BYTES) }
    assert.throws(() => formatManifest(large), RangeError)
  })
})

describe('parseManifest', () => {
  it('gives back what was put in', () => {
    const part = fc.uint8Array({ minLength: 1, maxLength: 200 })
    const rootNumber = fc.integer({ min: 1, max: 999_999_999_999_999 })
    const manifests = fc.record(
      {
        rootNumber,
        root: part,
        timestamp: part,
        snapshot: part,
        targets: part,
        head: part,
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(manifests, (manifest) => {
        assert.deepEqual(parseManifest(formatManifest(manifest)), manifest)
      }),
    )
  })

  it('accepts a manifest of MAX_MANIFEST_BYTES, and none beyond', () => {
    const room = MAX_MANIFEST_BYTES - FORMATTED.length - 4 + 1
    const full = formatManifest({ ...parts, root: new Uint8Array(room) })
    assert.equal(full.length, MAX_MANIFEST_BYTES)
    assert.equal(parseManifest(full).root.length, room)
    refuses(`${text(full)}\n`, /65537 bytes, wanted at most 65536/)
  })

  it('looks for the end of a header line within MAX_HEADER_LENGTH, and no further', () => {
    const header = (length: number): string =>
      FORMATTED.replace('root 3 1', 'root 3'.padEnd(length - 1, 'x'))
    refuses(header(MAX_HEADER_LENGTH), /found line "root 3x+" at/)
    refuses(header(MAX_HEADER_LENGTH + 1), /found line "" at/)
  })

  it('refuses every truncation', () => {
    for (let length = 0; length < FORMATTED.length; length += 1) {
      refuses(FORMATTED.slice(0, length), /Cannot read the root manifest/)
    }
  })

  it('refuses what follows the head', () => {
    refuses(`${FORMATTED}x`, /found 1 bytes after the head/)
  })

  it('refuses another title', () => {
    refuses(FORMATTED.replace('manifest 1', 'manifest 2'), /found first bytes/)
  })

  it('refuses headers in any other form', () => {
    for (const [from, to] of [
      ['root 3 1', 'root 03 1'],
      ['root 3 1', 'root 0 1'],
      ['root 3 1', 'root 3 01'],
      ['root 3 1', 'root  3 1'],
      ['root 3 1', 'root 3 1 '],
      ['root 3 1', 'root -3 1'],
      ['root 3 1', 'root 3 1\r'],
      ['root 3 1', 'root 3'],
      ['root 3 1', 'root 9999999999999999 1'],
      ['head 1', 'head 0'],
      ['head 1', 'head 1234567'],
      ['head 1', `head ${'1'.repeat(60)}`],
      ['timestamp', 'snapshot'],
    ] as const) {
      refuses(FORMATTED.replace(from, to), /found line/)
    }
  })

  it('refuses a length that does not end at a line end', () => {
    refuses(FORMATTED.replace('timestamp 2', 'timestamp 1'), /no line end at byte/)
    refuses(FORMATTED.replace('head 1', 'head 2'), /no line end at byte/)
    refuses(FORMATTED.replace('head 1', 'head 999999'), /no line end at byte/)
  })

  it('either refuses arbitrary bytes or reads the one form of them', () => {
    const mutation = fc.record({
      offset: fc.nat(FORMATTED.length),
      insert: fc.uint8Array({ maxLength: 3 }),
      remove: fc.nat(3),
    })
    fc.assert(
      fc.property(mutation, ({ offset, insert, remove }) => {
        const content = bytes(FORMATTED)
        const mutated = new Uint8Array([
          ...content.subarray(0, offset),
          ...insert,
          ...content.subarray(offset + remove),
        ])
        try {
          assert.deepEqual(formatManifest(parseManifest(mutated)), mutated)
        } catch (error) {
          if (!(error instanceof InvalidManifestError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})
