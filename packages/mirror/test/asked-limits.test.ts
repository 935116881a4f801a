import type { Clock, ProxyOrigin, Swarm } from '@jarswarm/ports'
import { parsePath } from '@jarswarm/maven'
import { ManualClock, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ObjectFetcher } from '../src/index-tree/object-fetcher.ts'
import {
  MAX_LAN_PEERS,
  MAX_OBJECT_PEERS,
  MAX_RESTING_PEERS,
  MAX_ROOT_PEERS,
  OBJECT_PEERS_AT_ONCE,
} from '../src/limits.ts'
import { MAX_DOWNLOAD_MS } from '../src/proxy/limits.ts'
import { LAN_FIND_MS, LanPeers } from '../src/lan/lan-peers.ts'
import { OriginDownload } from '../src/proxy/origin-download.ts'
import type { OriginDownloadComponents } from '../src/proxy/origin-download.ts'
import { LackingPeers } from '../src/transfer/lacking-peers.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'
import { HeadSources } from '../src/trust/head-sources.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'

const REPOSITORY = 'a'.repeat(64)
const CROWD = Array.from({ length: 20 }, (_, at) => `peer ${String(at)}`)
const NO_UPSTREAMS = { rankedPublishers: () => [] } as unknown as UpstreamSet

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A swarm whose peers hold every request until they are told to fail. */
class HoldingSwarm {
  readonly asked: string[] = []
  #open: PromiseWithResolvers<never>[] = []

  followers(): readonly string[] {
    return CROWD
  }

  roundTripMs(): undefined {
    return undefined
  }

  reportWrongBytes(): void {
    // Nobody sends anything.
  }

  request(peer: string): Promise<Uint8Array> {
    this.asked.push(peer)
    const answer = Promise.withResolvers<never>()
    this.#open.push(answer)
    return answer.promise
  }

  fail(): void {
    const open = this.#open
    this.#open = []
    for (const { reject } of open) reject(new Error('let down'))
  }
}

function componentsWith(swarm: HoldingSwarm) {
  const clock = new ManualClock()
  const standings = new PeerStandings({ clock })
  return {
    swarm: swarm as unknown as Swarm,
    upstreams: NO_UPSTREAMS,
    clock,
    logger: new RecordingLogger(),
    standings,
    lacking: new LackingPeers({ clock, standings }),
  }
}

describe('ObjectFetcher', () => {
  it('asks OBJECT_PEERS_AT_ONCE, and MAX_OBJECT_PEERS in all', async () => {
    const swarm = new HoldingSwarm()
    const init = { repository: REPOSITORY, offline: false }
    const fetcher = new ObjectFetcher(componentsWith(swarm), init)
    // More than one peer is asked for at a time.
    const wishes = Array.from({ length: 400 }, (_, at) =>
      fetcher.get(at.toString(16).padStart(64, '0'), {}),
    )
    const refused = Promise.all(
      wishes.map((wish) => assert.rejects(wish, { name: 'UnavailableError' })),
    )
    await turn()
    assert.equal(new Set(swarm.asked).size, OBJECT_PEERS_AT_ONCE)
    // Each that lets it down twice is left for the next one.
    for (let turns = 0; turns < 100; turns += 1) {
      swarm.fail()
      await turn()
    }
    await refused
    assert.equal(new Set(swarm.asked).size, MAX_OBJECT_PEERS)
  })
})

describe('HeadSources', () => {
  it('asks MAX_ROOT_PEERS for a root, and no more', async () => {
    const swarm = new HoldingSwarm()
    swarm.request = (peer) => {
      swarm.asked.push(peer)
      return Promise.reject(new Error('none'))
    }
    const sources = new HeadSources(componentsWith(swarm), { id: REPOSITORY, offline: false })
    const options = { signal: new AbortController().signal, first: undefined }
    for await (const root of sources.rootCandidates(2, options)) assert.fail(String(root.length))
    assert.equal(swarm.asked.length, MAX_ROOT_PEERS)
  })
})

describe('LanPeers', () => {
  it('remembers MAX_RESTING_PEERS that did not answer, and forgets who did not longest ago', async () => {
    const clock = new ManualClock()
    const asked: string[] = []
    let names: readonly string[] = []
    const swarm = {
      peers: () => names.map((peer) => ({ peer, connected: true, local: true, banned: false })),
      request: (peer: string) => {
        asked.push(peer)
        return new Promise(() => undefined)
      },
    } as unknown as Swarm
    const lan = new LanPeers({ swarm, clock, logger: new RecordingLogger() })
    /** How many of these peers are asked; they say nothing, and are left alone from then on. */
    const ask = async (peers: readonly string[]): Promise<number> => {
      names = peers
      asked.length = 0
      const file = {
        repository: REPOSITORY,
        path: parsePath('g/a'),
        sizeBytes: 1,
        checksum: { kind: 'sha256', hex: 'c'.repeat(64) },
        signal: new AbortController().signal,
      } as const
      const taken = lan.take(file, () => Promise.reject<string>(new Error('nobody has it')))
      clock.advance(LAN_FIND_MS)
      const nobody: string | undefined = await taken
      assert.equal(nobody, undefined)
      return asked.length
    }
    const named = (from: number): readonly string[] =>
      Array.from({ length: MAX_LAN_PEERS }, (_, at) => `peer ${String(from + at)}`)
    for (let from = 0; from < MAX_RESTING_PEERS; from += MAX_LAN_PEERS)
      assert.equal(await ask(named(from)), MAX_LAN_PEERS)
    assert.equal(await ask(['peer 0']), 0)
    await ask(named(MAX_RESTING_PEERS))
    assert.equal(await ask(['peer 0']), 0)
    assert.equal(await ask(['peer 1']), 1)
  })
})

describe('OriginDownload', () => {
  it('waits MAX_DOWNLOAD_MS for a whole file', async () => {
    const clock = new ManualClock()
    const dripping = {
      get: (_path: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error)
          })
        }),
    } as unknown as ProxyOrigin
    const components = { clock: clock as Clock, logger: new RecordingLogger(), origin: dripping }
    const download = new OriginDownload(components as unknown as OriginDownloadComponents, {
      repository: REPOSITORY,
      path: parsePath('g/a/1/a-1.jar'),
      previous: undefined,
      signal: new AbortController().signal,
    })
    let over = false
    const outcome = assert.rejects(download.ended, /too long/).finally(() => {
      over = true
    })
    clock.advance(MAX_DOWNLOAD_MS - 1)
    await turn()
    assert.equal(over, false)
    clock.advance(1)
    await outcome
  })
})
