import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openValue, sealValue } from '../src/sealed-value.ts'

const NAME = '!index!!ab!!path!org/example'

describe('openValue', () => {
  it('gives back what was sealed', () => {
    for (const value of ['', 'text', 'a'.repeat(70_000)]) {
      const opened = openValue(NAME, sealValue(NAME, value))
      assert.equal(opened && Buffer.from(opened).toString(), value)
    }
  })

  it('refuses every turned bit, every cut, and the value of another place', () => {
    const sealed = sealValue(NAME, 'a value')
    for (let at = 0; at < sealed.length; at += 1) {
      assert.equal(openValue(NAME, sealed.subarray(0, at)), undefined)
      const turned = Uint8Array.from(sealed)
      turned[at] = (turned[at] ?? 0) ^ 4
      assert.equal(openValue(NAME, turned), undefined)
    }
    assert.equal(openValue('!index!!ab!!path!org/examplf', sealed), undefined)
    assert.equal(openValue('!index!!ab!!project!org/example', sealed), undefined)
  })
})
