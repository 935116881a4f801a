import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refusalOf } from './_kill-refusal.ts'

describe('refusalOf', () => {
  it('lets a node refuse what it has no head or index for only before it ever had one', () => {
    const texts = ['the repository has not been verified yet', 'the index is not complete here yet']
    for (const text of texts) {
      assert.ok(refusalOf(`${text}\n`, { isInFirstSync: true, hasServer: true }))
      assert.equal(refusalOf(text, { isInFirstSync: false, hasServer: false }), undefined)
    }
  })

  it('lets a node refuse what it cannot fetch only while the server is away', () => {
    for (const text of [
      'Cannot get lib-1.jar: origin http://127.0.0.1:1 ECONNREFUSED',
      'lib-1.jar waits for its pom, without which it is no use: Cannot get lib-1.pom: nobody',
      'the index cannot be read: the index cannot be had: nobody',
      'the newest index cannot be had now',
      'head 32 is newer, and its history cannot be checked now',
    ]) {
      assert.ok(refusalOf(text, { isInFirstSync: false, hasServer: false }))
      assert.equal(refusalOf(text, { isInFirstSync: true, hasServer: true }), undefined)
    }
  })

  it('lets it refuse for no other reason', () => {
    const scene = { isInFirstSync: true, hasServer: false }
    assert.equal(refusalOf('The node failed to answer; its log says more', scene), undefined)
  })
})
