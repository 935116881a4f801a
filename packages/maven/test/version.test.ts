import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareVersions, highestInRange, parseVersionRange } from '../src/index.ts'
import { MAX_INTERVALS } from '../src/limits.ts'

describe('compareVersions', () => {
  const ascending = [
    '0.9',
    '1.0-alpha-1',
    '1.0-a2',
    '1.0-beta',
    '1.0-M1',
    '1.0-rc1',
    '1.0-SNAPSHOT',
    '1.0',
    '1.0-sp1',
    '1.0-jre',
    '1.0.1',
    '1.2',
    '1.10',
    '2',
    '9.4.57.v20241219',
    '20040616',
  ]
  for (const [index, version] of ascending.entries()) {
    for (const later of ascending.slice(index + 1)) {
      it(`puts ${version} before ${later}`, () => {
        assert.ok(compareVersions(version, later) < 0)
        assert.ok(compareVersions(later, version) > 0)
      })
    }
  }
  for (const [one, other] of [
    ['1', '1.0.0'],
    ['1.0-final', '1'],
    ['1.0-GA', '1.0.0'],
    ['1.0-rc1', '1-cr1'],
    ['1.0-ALPHA-1', '1-alpha1'],
  ] as const) {
    it(`takes ${one} and ${other} for the same`, () => {
      assert.equal(compareVersions(one, other), 0)
    })
  }
  it('is an order on anything', () => {
    const version = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-c.-]{0,8}$/))
    fc.assert(
      fc.property(version, version, (a, b) => {
        assert.equal(Math.sign(compareVersions(a, b)), 0 - Math.sign(compareVersions(b, a)))
        assert.equal(compareVersions(a, a), 0)
      }),
    )
  })
})

describe('parseVersionRange', () => {
  const versions = ['0.9', '1.0', '1.5', '2.0', '2.1', '3.0-SNAPSHOT']
  for (const [text, wanted] of [
    ['[1.0,2.0)', '1.5'],
    ['[1.0,2.0]', '2.0'],
    ['(,1.0]', '1.0'],
    ['(,1.0)', '0.9'],
    ['[1.5]', '1.5'],
    ['[1.0,)', '2.1'],
    ['[2.2,)', '3.0-SNAPSHOT'],
    ['[0.1, 1.0) , [1.5,1.7]', '1.5'],
    ['[4,5]', undefined],
  ] as const) {
    it(`finds ${String(wanted)} in ${text}`, () => {
      const range = parseVersionRange(text)
      assert.ok(range !== undefined)
      assert.equal(highestInRange(range, versions), wanted)
    })
  }
  it('knows what is no range', () => {
    for (const text of ['1.0', '', '[1.0', '[1,2', '[1]x', '[1,2,3]']) {
      assert.equal(parseVersionRange(text), undefined, text)
    }
  })
  it('reads a range of MAX_INTERVALS, and none of more', () => {
    const range = (count: number) => parseVersionRange(Array(count).fill('[1]').join(','))
    assert.equal(range(MAX_INTERVALS)?.length, MAX_INTERVALS)
    assert.equal(range(MAX_INTERVALS + 1), undefined)
  })
  it('reads or leaves anything', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[[(][0-9.,[\]() ]*$/), (text) => {
        parseVersionRange(text)
      }),
    )
  })
})
