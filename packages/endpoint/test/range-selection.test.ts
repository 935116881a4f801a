import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { selectRange } from '../src/range-selection.ts'

describe('selectRange', () => {
  it('reads single ranges', () => {
    const cases: readonly (readonly [string, number, number])[] = [
      ['bytes=0-0', 0, 1],
      ['bytes=2-', 2, 8],
      ['bytes=2-99', 2, 8],
      ['bytes=-3', 7, 3],
      ['bytes=-99', 0, 10],
      ['bytes=-0099', 0, 10],
    ]
    for (const [header, offset, length] of cases)
      assert.deepEqual(selectRange(header, 10), { kind: 'part', offset, length }, header)
  })

  it('finds nothing outside of the file', () => {
    for (const header of ['bytes=10-', 'bytes=10-12', 'bytes=-0', 'bytes=99999999999999999999-'])
      assert.equal(selectRange(header, 10).kind, 'unsatisfiable', header)
    assert.equal(selectRange('bytes=-5', 0).kind, 'unsatisfiable')
  })

  it('gives the whole for what it does not read', () => {
    for (const header of [
      undefined,
      '',
      'bytes',
      'bytes=',
      'bytes=x-y',
      'bytes=0-1,3-4',
      'lines=0-1',
      'lines=99-',
    ])
      assert.equal(selectRange(header, 10).kind, 'whole', header)
  })

  it('never leaves the file', () => {
    const headers = fc.oneof(
      fc.string(),
      fc.stringMatching(/^bytes=\d{0,4}-\d{0,4}(,\d{0,3}-\d{0,3})?$/),
    )
    fc.assert(
      fc.property(headers, fc.nat(3_000), (header, size) => {
        const selection = selectRange(header, size)
        if (selection.kind !== 'part') return
        assert.ok(selection.offset >= 0 && selection.length > 0)
        assert.ok(selection.offset + selection.length <= size)
      }),
      { numRuns: 1_000 },
    )
  })
})
