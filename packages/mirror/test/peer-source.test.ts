import { NotHeldError, TruncatedError } from '@jarswarm/ports'
import { ManualClock, MemoryNetwork, MemorySwarmContent } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PartSource } from '../src/transfer/part.ts'
import { PeerSource } from '../src/transfer/peer-source.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'

const REPOSITORY = 'ab'.repeat(32)
const PART = { digest: 'cd'.repeat(32), offset: 0, length: 4 }

/** A source whose peer answers as it is told, and what is thought of the peer, beside a stranger, afterwards. */
function source(answer: (signal: AbortSignal | undefined) => Promise<Uint8Array>, claimed = true) {
  const clock = new ManualClock()
  const content = new MemorySwarmContent([REPOSITORY])
  const swarm = new MemoryNetwork({ clock }).createSwarm({ content })
  swarm.request = (_peer, _request, { signal }) => answer(signal)
  const standings = new PeerStandings({ clock })
  const init = { peer: 'peer', repository: REPOSITORY, blob: PART.digest, claimed }
  const made: PartSource = new PeerSource({ swarm, clock, standings }, init)
  const isBehind = (): boolean => standings.ranked(['peer', 'stranger'])[0] === 'stranger'
  const isAhead = (): boolean => standings.ranked(['stranger', 'peer'])[0] === 'peer'
  return { made, clock, isBehind, isAhead }
}

const silent = (signal: AbortSignal | undefined): Promise<Uint8Array> =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })

async function fetchOne(made: PartSource, signal = new AbortController().signal): Promise<void> {
  const parts = made.fetch([PART], { signal, progress: () => undefined })[Symbol.asyncIterator]()
  await parts.next()
}

describe('a peer that is asked', () => {
  it('stands better when its bytes matched', async () => {
    const { made, isAhead } = source(() => Promise.resolve(new Uint8Array(4)))
    await fetchOne(made)
    assert.equal(isAhead(), false)
    made.credit()
    assert.equal(isAhead(), true)
  })

  it('stands worse when they did not', () => {
    const { made, isBehind } = source(() => Promise.resolve(new Uint8Array(4)))
    made.blame()
    assert.equal(isBehind(), true)
  })

  it('stands worse when it breaks off', async () => {
    const { made, isBehind } = source(() => Promise.reject(new TruncatedError('ended')))
    await assert.rejects(fetchOne(made), TruncatedError)
    assert.equal(isBehind(), true)
  })

  it('stands worse when it lacks what it claimed, and only then', async () => {
    for (const claimed of [true, false]) {
      const { made, isBehind } = source(() => Promise.reject(new NotHeldError('no')), claimed)
      await assert.rejects(fetchOne(made), NotHeldError)
      assert.equal(isBehind(), claimed)
    }
  })

  it('stands worse when it is late, and not when nobody waited for long', async () => {
    for (const isLate of [true, false]) {
      const { made, clock, isBehind } = source(silent)
      const caller = new AbortController()
      const fetching = fetchOne(made, caller.signal)
      clock.advance(made.patienceMs(PART) - (isLate ? 0 : 1))
      caller.abort(new Error('another was quicker'))
      await assert.rejects(fetching, /another was quicker/)
      assert.equal(isBehind(), isLate)
    }
  })

  it('is not late because the clock of the machine was set', async () => {
    for (const isLate of [true, false]) {
      const { made, clock, isBehind } = source(silent)
      const caller = new AbortController()
      const fetching = fetchOne(made, caller.signal)
      clock.jumpTo(clock.now() + (isLate ? -86_400_000 : 86_400_000))
      if (isLate) clock.advance(made.patienceMs(PART))
      caller.abort(new Error('another was quicker'))
      await assert.rejects(fetching, /another was quicker/)
      assert.equal(isBehind(), isLate)
    }
  })
})
