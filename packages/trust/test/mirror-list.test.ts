import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_MIRRORS, mirrorListFault } from '../src/mirror-list.ts'

describe('mirrorListFault', () => {
  it('finds none in a list of MAX_MIRRORS, and one in a longer list', () => {
    const list = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `https://m${String(at + 100)}.example/`)
    assert.equal(mirrorListFault(list(MAX_MIRRORS)), undefined)
    assert.equal(mirrorListFault(list(MAX_MIRRORS + 1)), `${String(MAX_MIRRORS + 1)} mirrors`)
  })
})
