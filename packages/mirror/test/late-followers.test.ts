import { NotHeldError } from '@jarswarm/ports'
import type { Swarm } from '@jarswarm/ports'
import { ManualClock, MemoryHistoryStore, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LogSource } from '../src/history/log-source.ts'
import { ObjectFetcher } from '../src/index-tree/object-fetcher.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'

const REPOSITORY = 'a'.repeat(64)
const INIT = { repository: REPOSITORY, offline: false }

/** A neighbourhood of one, who answers everything with this error. */
function among(error: Error) {
  const clock = new ManualClock()
  const swarm = {
    followers: () => ['peer'],
    roundTripMs: () => undefined,
    request: () => Promise.reject(error),
  } as unknown as Swarm
  const upstreams = { rankedPublishers: () => [] } as unknown as UpstreamSet
  const standings = new PeerStandings({ clock })
  const logger = new RecordingLogger()
  return { swarm, upstreams, clock, logger, standings, store: new MemoryHistoryStore() }
}

for (const [what, error, isDoubted] of [
  ['lacks what is new', new NotHeldError('not yet'), false],
  ['breaks off', new Error('cut'), true],
] as const) {
  describe(`a follower that ${what}`, () => {
    it(`is ${isDoubted ? '' : 'not '}doubted when it is asked for the index`, async () => {
      const components = among(error)
      await assert.rejects(new ObjectFetcher(components, INIT).get('b'.repeat(64), {}))
      assert.equal(components.standings.isDoubtful('peer'), isDoubted)
    })

    it(`is ${isDoubted ? '' : 'not '}doubted when it is asked for the history`, async () => {
      const components = among(error)
      const { signal } = new AbortController()
      const fetch = new LogSource(components, INIT).fetcher({ signal, keep: false })
      const tile = { level: 0, index: 0, width: 1 }
      await assert.rejects(async () => {
        await fetch([tile], () => undefined)
      })
      assert.equal(components.standings.isDoubtful('peer'), isDoubted)
    })
  })
}
