import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Bans } from '../src/bans.ts'
import { MISMATCHES_TO_BAN } from '../src/limits.ts'
import { joined, REPOSITORY, startNode, waitFor } from './_nodes.ts'

const HOUR_MS = 3_600_000

function movableClock(): {
  readonly clock: ConstructorParameters<typeof Bans>[0]
  add(ms: number): void
} {
  let now = 1_000_000
  return {
    clock: {
      now: () => now,
      monotonicMs: () => now,
      setTimer: () => ({ cancel: () => undefined }),
    },
    add: (ms) => (now += ms),
  }
}

describe('Bans', () => {
  it('avoids a peer for an hour after one mismatch', () => {
    const time = movableClock()
    const bans = new Bans(time.clock)
    bans.report('p')
    assert.deepEqual([bans.isAvoided('p'), bans.isBanned('p')], [true, false])
    time.add(HOUR_MS)
    assert.equal(bans.isAvoided('p'), false)
    assert.equal(bans.isAvoided('q'), false)
  })

  it('bans for a week after MISMATCHES_TO_BAN within a day', () => {
    const time = movableClock()
    const bans = new Bans(time.clock)
    for (let count = 1; count < MISMATCHES_TO_BAN; count += 1) bans.report('p')
    assert.equal(bans.isBanned('p'), false)
    bans.report('p')
    assert.equal(bans.isBanned('p'), true)
    time.add(7 * 24 * HOUR_MS)
    assert.equal(bans.isBanned('p'), false)
  })

  it('forgets mismatches after a day', () => {
    const time = movableClock()
    const bans = new Bans(time.clock)
    for (let count = 0; count < 5; count += 1) {
      bans.report('p')
      time.add(12 * HOUR_MS)
    }
    assert.equal(bans.isBanned('p'), false)
  })
})

describe('reportWrongBytes', () => {
  it('disconnects and refuses a banned peer, also after a restart', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const liar = await startNode(t)
    const digest = liar.content.addBlob(REPOSITORY, Buffer.from('lies'))
    const knownPeers = liar.swarm.listenAddresses()
    const first = await startNode(t, { directory, knownPeers })
    await joined(first, liar)
    await waitFor('claim', () => first.swarm.claimants(REPOSITORY, digest).length === 1)
    const { peerId } = liar.swarm
    first.swarm.reportWrongBytes(peerId)
    assert.deepEqual(first.swarm.claimants(REPOSITORY, digest), [])
    assert.equal(first.swarm.followers(REPOSITORY).length, 1)
    first.swarm.reportWrongBytes(peerId)
    first.swarm.reportWrongBytes(peerId)
    await waitFor('hang up', () => !first.swarm.peers().some(({ connected }) => connected))
    assert.equal(first.swarm.peers()[0]?.banned, true)
    await first.swarm.stop()

    const second = await startNode(t, { directory, knownPeers })
    assert.equal(second.swarm.peerId, first.swarm.peerId)
    const request = { kind: 'manifest', repository: REPOSITORY } as const
    await assert.rejects(second.swarm.request(peerId, request, {}), {
      code: 'ERR_SOURCE_UNAVAILABLE',
    })
    const dialler = await startNode(t, { knownPeers: second.swarm.listenAddresses() })
    await joined(dialler, second)
    assert.deepEqual(second.swarm.followers(REPOSITORY), [dialler.swarm.peerId])
  })
})
