import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fingerprintOf } from '../src/index.ts'

describe('fingerprintOf', () => {
  it('shows 96 bits, in groups of four digits', () => {
    assert.equal(fingerprintOf('0123456789abcdef'.repeat(4)), '0123 4567 89ab cdef 0123 4567')
  })
})
