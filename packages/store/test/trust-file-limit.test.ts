import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_TRUST_FILE_BYTES } from '../src/limits.ts'
import { formatTrustFile } from '../src/trust-file.ts'

describe('formatTrustFile', () => {
  it('makes a file of MAX_TRUST_FILE_BYTES, and none larger', () => {
    const file = (rootBytes: number): Uint8Array =>
      formatTrustFile({
        serial: 1,
        record: { roots: [new Uint8Array(rootBytes)], manifest: undefined },
      })
    const room = MAX_TRUST_FILE_BYTES - file(0).length
    assert.equal(file(room).length, MAX_TRUST_FILE_BYTES)
    assert.throws(() => file(room + 1), RangeError)
  })
})
