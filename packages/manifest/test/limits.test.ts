import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  isOrigin,
  isReason,
  MAX_HEAD_BYTES,
  MAX_OBJECT_BYTES,
  MAX_REASON_BYTES,
  parseHead,
  parseIndexNode,
} from '../src/index.ts'
import { MAX_ORIGIN_LENGTH } from '../src/limits.ts'

const TOO_LONG = /bytes, wanted at most/

describe('parsers of bounded documents', () => {
  it('look into a head of MAX_HEAD_BYTES, and into none longer', () => {
    const spaces = (count: number): Uint8Array => new Uint8Array(count).fill(0x20)
    assert.throws(
      () => parseHead(spaces(MAX_HEAD_BYTES)),
      (error: Error) => !TOO_LONG.test(error.message),
    )
    assert.throws(() => parseHead(spaces(MAX_HEAD_BYTES + 1)), TOO_LONG)
  })

  it('look into an index node of MAX_OBJECT_BYTES, and into none longer', () => {
    const letters = (count: number): Uint8Array => new Uint8Array(count).fill(0x61)
    assert.throws(
      () => parseIndexNode(letters(MAX_OBJECT_BYTES)),
      (error: Error) => !TOO_LONG.test(error.message),
    )
    assert.throws(() => parseIndexNode(letters(MAX_OBJECT_BYTES + 1)), TOO_LONG)
  })

  it('take a reason of MAX_REASON_BYTES, and none longer', () => {
    assert.ok(isReason('x'.repeat(MAX_REASON_BYTES)))
    assert.ok(!isReason('x'.repeat(MAX_REASON_BYTES + 1)))
  })

  it('take an origin of MAX_ORIGIN_LENGTH, and none longer', () => {
    const origin = 'https://repo.example/'
    assert.ok(isOrigin(origin.padEnd(MAX_ORIGIN_LENGTH, 'a')))
    assert.ok(!isOrigin(origin.padEnd(MAX_ORIGIN_LENGTH + 1, 'a')))
  })
})
