import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toReasonPhrase } from '../src/reason-phrase.ts'

describe('toReasonPhrase', () => {
  it('is printable ASCII of at most 200 characters, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        assert.match(toReasonPhrase(text), /^[\x20-\x7e]{0,200}$/)
      }),
    )
  })

  it('keeps a sentence as it is', () => {
    assert.equal(
      toReasonPhrase('No source has a/b-1.0+x~y.jar now'),
      'No source has a/b-1.0+x~y.jar now',
    )
  })
})
