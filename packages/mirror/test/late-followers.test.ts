import { sha256 } from '@jarswarm/manifest'
import { NotHeldError } from '@jarswarm/ports'
import type { Swarm } from '@jarswarm/ports'
import { ManualClock, MemoryHistoryStore, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LogSource } from '../src/history/log-source.ts'
import { ObjectFetcher } from '../src/index-tree/object-fetcher.ts'
import { MAX_OBJECT_PEERS, MAX_TILE_PEERS } from '../src/limits.ts'
import { LackingPeers } from '../src/transfer/lacking-peers.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'

const INIT = { repository: 'a'.repeat(64), offline: false }
const BYTES = Buffer.from('a node of the index, or a tile')
const LACKS = (): Promise<Uint8Array> => Promise.reject(new NotHeldError('not yet'))
const BREAKS_OFF = (): Promise<Uint8Array> => Promise.reject(new Error('cut'))
const GIVES = (): Promise<Uint8Array> => Promise.resolve(BYTES)

type Answers = Readonly<Record<string, () => Promise<Uint8Array>>>

/** Followers, the nearest first, and no upstream; with what asks them for the index and for the history. */
function among(answers: Answers) {
  const asked: string[] = []
  const clock = new ManualClock()
  const swarm = {
    followers: () => Object.keys(answers),
    roundTripMs: () => undefined,
    request: (peer: string) => {
      asked.push(peer)
      return answers[peer]?.()
    },
  } as unknown as Swarm
  const standings = new PeerStandings({ clock })
  const lacking = new LackingPeers({ clock, standings })
  const components = {
    swarm,
    upstreams: { rankedPublishers: () => [] } as unknown as UpstreamSet,
    clock,
    logger: new RecordingLogger(),
    standings,
    lacking,
    store: new MemoryHistoryStore(),
  }
  const objects = new ObjectFetcher(components, INIT)
  const { signal } = new AbortController()
  const fetchTiles = new LogSource(components, INIT).fetcher({ signal, keep: false })
  const fetch = {
    index: async () => {
      await objects.get(sha256(BYTES), {})
    },
    history: async () => {
      await fetchTiles([{ level: 0, index: 0, width: 1 }], () => undefined)
    },
  }
  return { fetch, objects, standings, lacking, asked }
}

/** Followers that all answer alike, the nearest first. */
function crowd(count: number, answer: () => Promise<Uint8Array>): Answers {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`peer ${String(at)}`, answer]),
  )
}

for (const [what, mostPeers] of [
  ['index', MAX_OBJECT_PEERS],
  ['history', MAX_TILE_PEERS],
] as const) {
  describe(`a follower that is asked for the ${what}`, () => {
    for (const [does, answer, isDoubted] of [
      ['lacks what is new', LACKS, false],
      ['breaks off', BREAKS_OFF, true],
    ] as const) {
      it(`is ${isDoubted ? '' : 'not '}doubted when it ${does}`, async () => {
        const { fetch, standings, lacking } = among({ peer: answer })
        await assert.rejects(fetch[what])
        assert.equal(standings.isDoubtful('peer'), isDoubted)
        assert.equal(lacking.has('peer'), !isDoubted)
      })
    }

    it('is reached in the end, though many that lack it are nearer', async () => {
      const { fetch } = among({ ...crowd(2 * mostPeers, LACKS), far: GIVES })
      await assert.rejects(fetch[what])
      await assert.rejects(fetch[what])
      await fetch[what]()
    })

    it('is asked again when it lacked it, though as many as are asked give nothing', async () => {
      const late = { answer: LACKS }
      const silent = crowd(mostPeers, BREAKS_OFF)
      const { fetch, standings } = among({ ...silent, late: () => late.answer() })
      for (const peer of Object.keys(silent)) standings.letDown(peer)
      await assert.rejects(fetch[what])
      late.answer = GIVES
      await fetch[what]()
    })

    it('is reached when it is doubted, though many that lack it are nearer', async () => {
      const { fetch, standings } = among({ ...crowd(mostPeers, LACKS), doubted: GIVES })
      standings.letDown('doubted')
      await assert.rejects(fetch[what])
      await fetch[what]()
    })
  })
}

describe('the follower that told of a head', () => {
  it('is asked for its index before all others, until it lacks something', async () => {
    const { fetch, objects, asked } = among({ ...crowd(MAX_OBJECT_PEERS, LACKS), teller: LACKS })
    objects.prefer('teller')
    await assert.rejects(fetch.index)
    assert.equal(asked[0], 'teller')
    asked.length = 0
    await assert.rejects(fetch.index)
    assert.equal(asked[0], `peer ${String(MAX_OBJECT_PEERS - 1)}`)
  })
})
