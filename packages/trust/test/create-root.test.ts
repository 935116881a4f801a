import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import { CraftedRepository, signedPart } from './_crafting.ts'

const repository = new CraftedRepository()

describe('createRoot', () => {
  it('says that no document is fetched by a versioned name', () => {
    assert.equal(signedPart(repository.makeRoot(1))['consistent_snapshot'], false)
  })

  it('names allowed withdrawals, and has no such member when there are none', () => {
    const terms = (withdrawals?: readonly string[]): object =>
      signedPart(repository.makeRoot(1, withdrawals && { withdrawals }))['x-jarswarm'] as object
    const batch = sha256(Buffer.from('a batch'))
    assert.deepEqual(terms([batch]), { ...terms(), withdrawals: [batch] })
    assert.equal('withdrawals' in terms(), false)
    assert.equal('withdrawals' in terms([]), false)
  })
})
