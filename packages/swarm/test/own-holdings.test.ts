import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import type { SwarmContent } from '@jarswarm/ports'
import { OwnHoldings } from '../src/holdings/own-holdings.ts'

describe('OwnHoldings', () => {
  it('reads again what could not be read for the peer before', async () => {
    let reads = 0
    const holdings: Pick<SwarmContent, 'holdings'> = {
      holdings: () => ({
        completeToSeq: undefined,
        async *blobs() {
          reads += 1
          if (reads === 1) throw new Error('the disk is gone')
          yield await Promise.resolve(sha256(Buffer.from('blob')))
        },
      }),
    }
    const own = new OwnHoldings(holdings as SwarmContent, sha256(Buffer.from('repository')))
    await assert.rejects(own.full(), /the disk is gone/)
    assert.equal((await own.full()).added.length, 1)
  })
})
