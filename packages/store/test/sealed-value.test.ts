import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openValue, sealValue } from '../src/sealed-value.ts'

const PLACE = { table: 'index/ab/path', key: 'org/example' }

describe('openValue', () => {
  it('gives back what was sealed', () => {
    for (const value of ['', 'text', 'a'.repeat(70_000)]) {
      const opened = openValue(PLACE, sealValue(PLACE, value))
      assert.equal(opened && Buffer.from(opened).toString(), value)
    }
  })

  it('refuses every turned bit, every cut, and the value of another place', () => {
    const sealed = sealValue(PLACE, 'a value')
    for (let at = 0; at < sealed.length; at += 1) {
      assert.equal(openValue(PLACE, sealed.subarray(0, at)), undefined)
      const turned = Uint8Array.from(sealed)
      turned[at] = (turned[at] ?? 0) ^ 4
      assert.equal(openValue(PLACE, turned), undefined)
    }
    assert.equal(openValue({ ...PLACE, key: 'org/examplf' }, sealed), undefined)
    assert.equal(openValue({ ...PLACE, table: 'index/ab/project' }, sealed), undefined)
  })
})
