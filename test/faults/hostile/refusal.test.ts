import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StreamCloseEvent } from '@libp2p/interface'
import { refusalOf } from './refusal.ts'

const named = (name: string): Error => Object.assign(new Error('of libp2p'), { name })

describe('refusalOf', () => {
  it('knows what a node under attack does', () => {
    assert.equal(refusalOf(named('StreamResetError')), 'StreamResetError')
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    assert.equal(refusalOf(new AggregateError([refused])), 'ECONNREFUSED')
    assert.equal(refusalOf(new StreamCloseEvent()), 'StreamCloseEvent')
  })

  it('throws what is a fault of the attack', () => {
    for (const fault of [new TypeError('no function'), new AggregateError([named('Other')]), 'no'])
      assert.throws(
        () => refusalOf(fault),
        (thrown) => thrown === fault || thrown === (fault as AggregateError).errors[0],
      )
  })
})
