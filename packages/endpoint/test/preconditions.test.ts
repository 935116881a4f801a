import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allowsRange, evaluatePreconditions } from '../src/preconditions.ts'

const held = { etag: '"{SHA1{aa}}"', lastModifiedSeconds: 1_700_000_000 }
const AT = 'Tue, 14 Nov 2023 22:13:20 GMT'
const BEFORE = 'Tue, 14 Nov 2023 22:13:19 GMT'

describe('evaluatePreconditions', () => {
  it('follows the order of RFC 9110, 13.2.2', () => {
    const cases: readonly (readonly [Record<string, string>, string])[] = [
      [{}, 'send'],
      [{ 'if-match': '*' }, 'send'],
      [{ 'if-match': '"x", "{SHA1{aa}}"' }, 'send'],
      [{ 'if-match': 'W/"{SHA1{aa}}"' }, 'failed'],
      // If-Match wins over If-Unmodified-Since.
      [{ 'if-match': held.etag, 'if-unmodified-since': BEFORE }, 'send'],
      [{ 'if-unmodified-since': 'yesterday' }, 'send'],
      [{ 'if-unmodified-since': BEFORE, 'if-none-match': '*' }, 'failed'],
      [{ 'if-none-match': '*' }, 'unmodified'],
      [{ 'if-none-match': '"x", W/"{SHA1{aa}}"' }, 'unmodified'],
      // If-None-Match wins over If-Modified-Since.
      [{ 'if-none-match': '"x"', 'if-modified-since': AT }, 'send'],
      [{ 'if-modified-since': AT, 'cache-control': 'no-cache' }, 'unmodified'],
      [{ 'if-modified-since': 'yesterday' }, 'send'],
    ]
    for (const [headers, outcome] of cases)
      assert.equal(evaluatePreconditions(headers, held), outcome, JSON.stringify(headers))
  })
})

describe('allowsRange', () => {
  it('wants the very same file', () => {
    assert.ok(allowsRange({}, held))
    assert.ok(allowsRange({ 'if-range': held.etag }, held))
    assert.ok(allowsRange({ 'if-range': AT }, held))
    for (const other of [`W/${held.etag}`, BEFORE, 'Wed, 15 Nov 2023 22:13:20 GMT', 'x'])
      assert.ok(!allowsRange({ 'if-range': other }, held), other)
  })
})
