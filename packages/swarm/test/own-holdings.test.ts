import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { SwarmContent } from '@jarswarm/ports'
import { claimOf } from '../src/holdings/claims.ts'
import { OwnHoldings } from '../src/holdings/own-holdings.ts'
import { MAX_CLAIMS } from '../src/limits.ts'

const REPOSITORY = sha256(Buffer.from('repository'))
const [OLD, NEW, NEWER] = ['old', 'new', 'newer'].map((text) => sha256(Buffer.from(text))) as [
  Digest,
  Digest,
  Digest,
]

/** Holdings of a node that holds these, or all of a head. */
function holdingsOf(blobs: () => AsyncIterable<Digest>, completeToSeq?: number) {
  const now = { completeToSeq, since: [] as readonly Digest[] }
  const content = { holdings: () => ({ ...now, blobs }) } as unknown as SwarmContent
  const own = new OwnHoldings(content, REPOSITORY)
  const apply = (seq: number | undefined, added: readonly Digest[], since = now.since): void => {
    Object.assign(now, { completeToSeq: seq, since })
    own.apply({ repository: REPOSITORY, added, removed: [], completeToSeq: seq })
  }
  return { own, apply }
}

async function* old(): AsyncGenerator<Digest> {
  yield await Promise.resolve(OLD)
}

async function* unread(): AsyncGenerator<Digest> {
  yield await Promise.reject(new Error('what is complete is not read'))
}

const claimsOf = (...digests: readonly Digest[]): Uint32Array =>
  new Uint32Array(digests.map(claimOf)).sort()

describe('OwnHoldings', () => {
  it('reads again what could not be read for the peer before', async () => {
    let reads = 0
    const { own } = holdingsOf(async function* () {
      reads += 1
      if (reads === 1) throw new Error('the disk is gone')
      yield* old()
    })
    await assert.rejects(own.full(), /the disk is gone/)
    assert.deepEqual((await own.full()).added, claimsOf(OLD))
  })

  it('tells of what came since all of a head was here', async () => {
    const { own, apply } = holdingsOf(unread, 7)
    const nothing = { reset: true, completeToSeq: 7, added: claimsOf(), removed: claimsOf() }
    assert.deepEqual(await own.full(), nothing)
    apply(7, [NEW])
    apply(7, [NEWER])
    assert.deepEqual(await own.full(), { ...nothing, added: claimsOf(NEW, NEWER) })
    const changes = { ...nothing, reset: false, added: claimsOf(NEW, NEWER) }
    assert.deepEqual(await own.takeChanges(), changes)
    apply(8, [NEWER])
    assert.deepEqual(await own.takeChanges(), { ...nothing, completeToSeq: 8 })
    assert.deepEqual(await own.full(), { ...nothing, completeToSeq: 8 })
  })

  it('tells again what came since, to who begins to listen and after a newer head', async () => {
    const { own, apply } = holdingsOf(unread, 7)
    apply(8, [], [NEWER])
    const told = { reset: true, completeToSeq: 8, added: claimsOf(NEWER), removed: claimsOf() }
    assert.deepEqual(await own.full(), told)
    assert.deepEqual(await own.takeChanges(), told)
  })

  it('forgets single claims when everything is here, and reads all when it is not any more', async () => {
    const held = [OLD]
    const { own, apply } = holdingsOf(async function* () {
      yield* await Promise.resolve(held)
    })
    assert.deepEqual((await own.full()).added, claimsOf(OLD))
    apply(undefined, [NEW])
    apply(1, [])
    const told = { reset: true, completeToSeq: 1, added: claimsOf(), removed: claimsOf() }
    assert.deepEqual(await own.takeChanges(), told)
    held.push(NEWER)
    apply(undefined, [NEWER])
    const read = { ...told, completeToSeq: undefined, added: claimsOf(OLD, NEWER) }
    assert.deepEqual(await own.takeChanges(), read)
    assert.deepEqual(await own.takeChanges(), { ...read, reset: false, added: claimsOf() })
  })

  it('tells of MAX_CLAIMS that came since, and of no more', async () => {
    const since = Array.from({ length: MAX_CLAIMS + 1 }, (_, at) =>
      at.toString(16).padStart(8, '0').padEnd(64, '0'),
    )
    const { own, apply } = holdingsOf(unread, 7)
    apply(8, [], since)
    assert.equal((await own.takeChanges()).added.length, MAX_CLAIMS)
  })

  it('tells of a newer head that was complete while it read', async () => {
    const reading = Promise.withResolvers<undefined>()
    const { own, apply } = holdingsOf(async function* () {
      await reading.promise
      yield* old()
    })
    apply(1, [])
    apply(undefined, [])
    const taking = own.takeChanges()
    apply(2, [], [NEWER])
    reading.resolve(undefined)
    const { completeToSeq, added } = await taking
    assert.deepEqual({ completeToSeq, added }, { completeToSeq: 2, added: claimsOf(NEWER) })
  })

  it('tells everything after it could not be read', async () => {
    let isBroken = true
    const { own, apply } = holdingsOf(async function* () {
      if (isBroken) throw new Error('the disk is gone')
      yield* old()
    })
    apply(1, [])
    apply(undefined, [])
    await assert.rejects(own.takeChanges(), /the disk is gone/)
    isBroken = false
    assert.deepEqual((await own.takeChanges()).added, claimsOf(OLD))
  })
})
