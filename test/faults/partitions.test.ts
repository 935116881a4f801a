import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { namespacesMissing } from '../_namespaces.ts'
import { liveThroughPartitions } from './partitions.ts'

/** Draws a split in which what is sent is lost, and one in which connections are reset. */
const SEED = 41

describe('a network that splits', { skip: namespacesMissing() }, () => {
  it('heals: all nodes have the newest head within a minute, and no head ever falls', async (t) => {
    t.diagnostic(`seed ${String(SEED)}`)
    const healings = await liveThroughPartitions(t, {
      seed: SEED,
      nodes: 2,
      splits: 2,
      longestMs: 500,
    })
    assert.ok(
      healings.some(({ beside, away }) => beside > 0 && away > 0),
      'no split parted nodes from one another',
    )
  })
})
