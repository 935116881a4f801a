import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDocument, sealDocument } from '@jarswarm/files'

const MEMBERS = { format: 'jarswarm test 1', links: ['one', 'two'] }

describe('openDocument', () => {
  it('reads what was sealed, however it is spaced', () => {
    const text = sealDocument(MEMBERS)
    assert.deepEqual(openDocument(text), MEMBERS)
    assert.deepEqual(openDocument(JSON.stringify(JSON.parse(text))), MEMBERS)
  })

  it('refuses any other text, and each turned bit that changes what is said', () => {
    for (const text of ['', '{', 'null', '[]', '1', JSON.stringify(MEMBERS)]) {
      assert.equal(openDocument(text), undefined)
    }
    const whole = Buffer.from(sealDocument(MEMBERS))
    for (let at = 0; at < whole.length; at += 1) {
      const turned = Buffer.from(whole)
      turned[at] = (turned[at] ?? 0) ^ 1
      assert.ok(
        [undefined, JSON.stringify(MEMBERS)].includes(jsonOf(openDocument(turned.toString()))),
      )
    }
  })
})

const jsonOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value)
