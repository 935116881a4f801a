import type { ExchangeRequest, Swarm } from '@jarswarm/ports'
import { ManualClock, MemoryHistoryStore, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LogSource } from '../src/history/log-source.ts'
import { LackingPeers } from '../src/transfer/lacking-peers.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'

const TILE = { level: 'entries', index: 0 } as const
const WHOLE = 'a line, and another'

/** What comes of a tile of width 2 when this is here of it with width 1, and which bytes were asked of the peer. */
async function fetchAfter(kept: string) {
  const asked: number[] = []
  const swarm = {
    followers: () => ['peer'],
    request: (_: string, request: ExchangeRequest) => {
      const from = request.kind === 'log' ? (request.from ?? 0) : Number.NaN
      asked.push(from)
      return Promise.resolve(Buffer.from(WHOLE).subarray(from))
    },
  } as unknown as Swarm
  const clock = new ManualClock()
  const store = new MemoryHistoryStore()
  const standings = new PeerStandings({ clock })
  await store.writeTile({ ...TILE, width: 1 }, Buffer.from(kept))
  const source = new LogSource(
    {
      store,
      swarm,
      upstreams: { rankedPublishers: () => [] } as unknown as UpstreamSet,
      clock,
      logger: new RecordingLogger(),
      standings,
      lacking: new LackingPeers({ clock, standings }),
    },
    { repository: 'a'.repeat(64), offline: false },
  )
  const fetch = source.fetcher({ signal: new AbortController().signal, keep: true })
  await fetch([{ ...TILE, width: 2 }], ([bytes]) => {
    assert.equal(Buffer.from(bytes ?? []).toString(), WHOLE)
  })
  const stored = await store.readTile(TILE)
  return { asked, stored: Buffer.from(stored?.bytes ?? []).toString() }
}

describe('LogSource', () => {
  it('asks a peer for the end of a tile whose beginning is here', async () => {
    assert.deepEqual(await fetchAfter('a line'), { asked: [6], stored: WHOLE })
  })

  it('asks for all of it when the beginning is of another history', async () => {
    assert.deepEqual(await fetchAfter('a fork'), { asked: [6, 0], stored: WHOLE })
  })
})
