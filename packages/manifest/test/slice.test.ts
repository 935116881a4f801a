import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import fc from 'fast-check'
import {
  directoryKey,
  hasSlice,
  SLICE_SET_BYTES,
  sliceOf,
  slicePrefix,
  SLICES,
  sliceSet,
  slicesIn,
} from '../src/index.ts'

const anySlice = fc.integer({ min: 0, max: SLICES - 1 })

describe('sliceOf', () => {
  it('is what the key of the directory begins with', () => {
    // printf org/clojure/clojure/1.12.0 | sha256sum begins with 85d
    const slice = sliceOf(parsePath('org/clojure/clojure/1.12.0/clojure-1.12.0.jar'))
    assert.equal(slicePrefix(slice), directoryKey('org/clojure/clojure/1.12.0').slice(0, 3))
    assert.equal(slicePrefix(slice), '85d')
    assert.equal(slicePrefix(sliceOf(parsePath('at-the-top'))), 'e3b')
  })

  it('puts the files of one directory into one slice', () => {
    const files = ['a-1.jar', 'a-1.pom', 'a-1.jar.asc'].map((name) => parsePath(`g/a/1/${name}`))
    assert.equal(new Set(files.map(sliceOf)).size, 1)
  })
})

describe('sliceSet', () => {
  it('holds what was put in, and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anySlice), anySlice, (slices, other) => {
        const set = sliceSet(slices)
        assert.equal(set.length, SLICE_SET_BYTES)
        assert.deepEqual(
          [...slicesIn(set)],
          slices.toSorted((one, two) => one - two),
        )
        assert.equal(hasSlice(set, other), slices.includes(other))
      }),
    )
  })

  it('begins with the highest bit', () => {
    assert.equal(
      Buffer.from(sliceSet([0, 9]))
        .toString('hex')
        .slice(0, 4),
      '8040',
    )
  })

  it('refuses what is no slice', () => {
    for (const slice of [-1, SLICES, 0.5, Number.NaN]) {
      assert.throws(() => sliceSet([slice]), RangeError)
    }
  })
})
