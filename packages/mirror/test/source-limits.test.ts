import { formatCoordinates, parsePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { IndexEntry } from '@jarswarm/manifest'
import { NotHeldError } from '@jarswarm/ports'
import type { Swarm } from '@jarswarm/ports'
import { ManualClock, MemoryBlobStore, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SourcePlan } from '../src/fetch/source-plan.ts'
import type { SourcePlanInit } from '../src/fetch/source-plan.ts'
import { Prefetcher } from '../src/index.ts'
import type { PrefetchSource } from '../src/index.ts'
import {
  MAX_CLAIMANTS_PER_BLOB,
  MAX_FOLLOWERS_PER_BLOB,
  MAX_FURTHER_CLAIMANTS,
  MAX_PEERS_AT_ONCE,
  MAX_PEERS_PER_BLOB,
} from '../src/limits.ts'
import { PREFETCH_PARALLEL } from '../src/prefetch/limits.ts'
import { MIN_UNHURRIED_PATIENCE_MS, PeerSource } from '../src/transfer/peer-source.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'

const DIGEST = 'a'.repeat(64)
const SIGNAL = new AbortController().signal
const CROWD = Array.from({ length: 100 }, (_, at) => `peer ${String(at)}`)

function swarmOf(claimants: readonly string[], followers: readonly string[]): Swarm {
  const swarm = {
    claimants: () => claimants,
    followers: () => followers,
    roundTripMs: () => undefined,
  }
  return swarm as unknown as Swarm
}

describe('SourcePlan', () => {
  const entry = {
    path: parsePath('g/a/1/a-1.jar'),
    digest: DIGEST,
    sizeBytes: 1_000_000,
  } as IndexEntry

  function planFor(claimants: readonly string[], followers: readonly string[]): SourcePlan {
    return planOf(swarmOf(claimants, followers), [])
  }

  function planOf(
    swarm: Swarm,
    upstreams: readonly unknown[],
    options: Pick<SourcePlanInit, 'sparesUpstreams' | 'claimedOnly'> & {
      readonly standings?: PeerStandings
    } = {},
  ): SourcePlan {
    const clock = new ManualClock()
    const { standings = new PeerStandings({ clock }), ...purpose } = options
    const set = { ranked: () => upstreams, rankedPublishers: () => upstreams }
    const init = {
      repository: DIGEST,
      entry: { ...entry, sizeBytes: 1 },
      lookUp: false,
      headSeq: 7,
    }
    return new SourcePlan(
      {
        swarm,
        upstreams: set as unknown as UpstreamSet,
        clock,
        logger: new RecordingLogger(),
        standings,
      },
      { ...init, ...purpose },
    )
  }

  /** Every peer that is asked in the end. */
  async function askedBy(plan: SourcePlan): Promise<number> {
    let asked = plan.first(1).length
    for (;;) {
      const next = await plan.next(SIGNAL)
      if (next.length === 0) return asked
      assert.ok(next.every((source) => source instanceof PeerSource))
      asked += next.length
    }
  }

  it('gives peers time where nobody waits', () => {
    const patienceMs = (sparesUpstreams: boolean): number | undefined =>
      planOf(swarmOf(['peer'], []), [], { sparesUpstreams })
        .first(1)[0]
        ?.patienceMs({ digest: DIGEST, offset: 0, length: 0 })
    const unmeasuredMs = 450
    assert.equal(patienceMs(false), unmeasuredMs)
    assert.equal(patienceMs(true), MIN_UNHURRIED_PATIENCE_MS)
  })

  it('asks nobody but those that claim it, and donors, until it is widened', async () => {
    const upstream = {
      promising: true,
      costMs: 1,
      upstream: { kind: 'origin', url: 'http://origin/' },
    }
    const plan = planOf(swarmOf(['peer'], ['follower']), [upstream], { claimedOnly: true })
    assert.equal(plan.first(1).length, 1)
    assert.deepEqual(await plan.next(SIGNAL), [])
    plan.widen()
    const [source] = await plan.next(SIGNAL)
    assert.equal(source?.kind, 'origin')
  })

  describe('beside peers that have all of an older head', () => {
    const clock = new ManualClock()
    const swarmWith = (older: readonly string[], sure: readonly string[]): Swarm => {
      const swarm = {
        claimants: (_repository: string, _digest: string, leastSeq = 0) =>
          leastSeq <= 6 ? [...older, ...sure] : sure,
        followers: () => [],
        roundTripMs: () => undefined,
        request: () => Promise.reject(new NotHeldError('not here')),
      }
      return swarm as unknown as Swarm
    }

    it('asks them after who claims it, and holds nothing against them', async () => {
      const standings = new PeerStandings({ clock })
      const plan = planOf(swarmWith(['older'], ['sure']), [], { standings })
      const [sure] = plan.first(1)
      const [older] = await plan.next(SIGNAL)
      assert.deepEqual([sure?.name, older?.name], ['peer sure', 'peer older'])
      for (const source of [sure, older]) {
        const options = { signal: SIGNAL, progress: () => undefined }
        const part = { digest: DIGEST, offset: 0, length: 1 }
        const parts = source?.fetch([part], options)[Symbol.asyncIterator]()
        await assert.rejects(async () => parts?.next(), NotHeldError)
      }
      assert.equal(standings.isDoubtful('sure'), true)
      assert.equal(standings.isDoubtful('older'), false)
    })

    it('asks them before who claims it and mostly let us down', () => {
      const standings = new PeerStandings({ clock })
      standings.letDown('liar')
      const plan = planOf(swarmWith(['older'], ['liar']), [], { standings })
      assert.equal(plan.first(1)[0]?.name, 'peer older')
    })

    it('asks two of them before an upstream, and the others last of all', async () => {
      const upstream = { health: () => ({ healthy: true }), kind: 'origin' }
      const plan = planOf(swarmWith(CROWD, []), [{ promising: true, upstream }])
      assert.equal(plan.first(4).length, 2)
      const [next] = await plan.next(SIGNAL)
      assert.equal(next?.kind, 'origin')
      assert.equal(await askedBy(planOf(swarmWith(CROWD, []), [])), MAX_PEERS_PER_BLOB)
    })
  })

  it('begins with as many as there are parts, and with MAX_PEERS_AT_ONCE at most', () => {
    assert.equal(planFor(CROWD, []).first(1).length, 1)
    assert.equal(planFor(CROWD, []).first(MAX_PEERS_AT_ONCE + 1).length, MAX_PEERS_AT_ONCE)
  })

  it('asks MAX_FOLLOWERS_PER_BLOB that claim nothing', async () => {
    assert.equal(await askedBy(planFor([], CROWD)), MAX_FOLLOWERS_PER_BLOB)
  })

  it('asks MAX_PEERS_PER_BLOB in all', async () => {
    assert.equal(await askedBy(planFor(CROWD, CROWD)), MAX_PEERS_PER_BLOB)
  })

  it('asks MAX_CLAIMANTS_PER_BLOB before it asks somebody else', async () => {
    const looks: string[] = []
    const upstream = { health: () => ({ healthy: true }), kind: 'origin' }
    const standing = {
      get promising() {
        looks.push('upstream')
        return true
      },
      upstream,
    }
    const plan = planOf(swarmOf(CROWD, []), [standing])
    let asked = plan.first(1).length
    while (looks.length === 0) asked += (await plan.next(SIGNAL)).length
    assert.equal(asked - 1, MAX_CLAIMANTS_PER_BLOB)
  })

  it('asks MAX_FURTHER_CLAIMANTS before an upstream that does not work', async () => {
    const upstream = { health: () => ({ healthy: false }), kind: 'origin' }
    const plan = planOf(swarmOf(CROWD, CROWD), [{ promising: false, upstream }])
    let asked = plan.first(1).length
    for (;;) {
      const next = await plan.next(SIGNAL)
      if (!next.every((source) => source instanceof PeerSource)) break
      asked += next.length
    }
    assert.equal(asked, MAX_CLAIMANTS_PER_BLOB + MAX_FURTHER_CLAIMANTS)
  })

  it('keeps the places of claimants while there are none', async () => {
    const claimants: string[] = []
    const upstream = { health: () => ({ healthy: true }), kind: 'mirror' }
    const upstreams = CROWD.map(() => ({ promising: true, upstream }))
    const plan = planOf(swarmOf(claimants, []), upstreams)
    assert.deepEqual(plan.first(1), [])
    for (let look = 0; look < MAX_CLAIMANTS_PER_BLOB; look += 1) await plan.next(SIGNAL)
    claimants.push('late')
    const [source] = await plan.next(SIGNAL)
    assert.ok(source instanceof PeerSource)
  })
})

describe('Prefetcher', () => {
  it('brings PREFETCH_PARALLEL files at a time', async () => {
    const asked: RepositoryPath[] = []
    const gate = Promise.withResolvers<undefined>()
    const source = {
      id: 'demo',
      bring: async (path: RepositoryPath) => {
        asked.push(path)
        await gate.promise
        return undefined
      },
    } as unknown as PrefetchSource
    const prefetcher = new Prefetcher({
      sources: () => [source],
      blobs: new MemoryBlobStore(),
      clock: new ManualClock(),
      logger: new RecordingLogger(),
    })
    for (let number = 0; number < 2 * PREFETCH_PARALLEL; number += 1) {
      const coordinates = {
        group: 'g',
        artifact: `a${String(number)}`,
        version: '1',
        baseVersion: '1',
        timestamp: undefined,
        classifier: undefined,
        extension: 'pom',
      }
      prefetcher.served({
        repository: 'demo',
        path: formatCoordinates(coordinates),
        source: 'origin',
      })
    }
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(asked.length, PREFETCH_PARALLEL)
    gate.resolve(undefined)
    await prefetcher.stop()
  })
})
