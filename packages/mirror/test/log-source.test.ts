import { NotHeldError } from '@jarswarm/ports'
import type { ExchangeRequest, Swarm } from '@jarswarm/ports'
import { ManualClock, MemoryHistoryStore, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HistoryUnavailableError } from '../src/history/errors.ts'
import { LogSource } from '../src/history/log-source.ts'
import { LackingPeers } from '../src/transfer/lacking-peers.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'

const TILE = { level: 'entries', index: 0 } as const
const WHOLE = 'a line, and another'

type Answer = (peer: string, from: number) => Promise<Uint8Array>

const honest: Answer = (_peer, from) => Promise.resolve(Buffer.from(WHOLE).subarray(from))

/** A source of two peers that has this of a tile with width 1, and which bytes were asked of whom. */
async function sourceWith(kept: string, answer = honest) {
  const asked: string[] = []
  const swarm = {
    followers: () => ['one', 'two'],
    request: (peer: string, request: ExchangeRequest) => {
      const from = request.kind === 'log' ? (request.from ?? 0) : Number.NaN
      asked.push(`${peer} ${String(from)}`)
      return answer(peer, from)
    },
  } as unknown as Swarm
  const clock = new ManualClock()
  const store = new MemoryHistoryStore()
  await store.writeTile({ ...TILE, width: 1 }, Buffer.from(kept))
  const standings = new PeerStandings({ clock })
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
  const fetch = async (): Promise<void> => {
    const fetcher = source.fetcher({ signal: new AbortController().signal, keep: true })
    await fetcher([{ ...TILE, width: 2 }], ([bytes]) => {
      assert.equal(Buffer.from(bytes ?? []).toString(), WHOLE)
    })
  }
  const stored = async (): Promise<string> =>
    Buffer.from((await store.readTile(TILE))?.bytes ?? []).toString()
  return { asked, store, standings, fetch, stored }
}

describe('LogSource', () => {
  it('asks a peer for the end of a tile whose beginning is here', async () => {
    const { asked, fetch, stored } = await sourceWith('a line')
    await fetch()
    assert.deepEqual(asked, ['one 6'])
    assert.equal(await stored(), WHOLE)
  })

  it('asks for all of it, and blames nobody, when the beginning is of another history', async () => {
    const { asked, standings, fetch, stored } = await sourceWith('a fork', (peer, from) =>
      peer === 'one' && from === 0 ? Promise.reject(new NotHeldError('gone')) : honest(peer, from),
    )
    await fetch()
    assert.deepEqual(asked, ['one 6', 'one 0', 'two 0'])
    assert.equal(standings.isDoubtful('one'), false)
    assert.equal(await stored(), WHOLE)
  })

  it('asks each once when nobody has it', async () => {
    const { asked, fetch } = await sourceWith('a line', () =>
      Promise.reject(new NotHeldError('not yet')),
    )
    await assert.rejects(fetch(), HistoryUnavailableError)
    assert.deepEqual(asked, ['one 6', 'two 6'])
  })

  it('asks for all of it when the beginning cannot be read', async () => {
    const { asked, store, fetch } = await sourceWith('a line')
    store.readTile = () => Promise.reject(new Error('the disk is gone'))
    await fetch()
    assert.deepEqual(asked, ['one 0'])
  })
})
