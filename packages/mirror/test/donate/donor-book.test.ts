import { sliceSet } from '@jarswarm/manifest'
import type { Donor } from '@jarswarm/ports'
import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  DonorBook,
  MAX_LACKED,
  PROOF_LIFE_MS,
  PROVE_INTERVAL_MS,
  REFUTED_MS,
} from '../../src/donate/donor-book.ts'

const REPOSITORY = 'ab'.repeat(32)
const RETRY_MS = 60_000

function donor(peer: string, slices: readonly number[]): Donor {
  return { peer, donatedBytes: 1, slices: sliceSet(slices), range: undefined, issuedMs: 0 }
}

interface World {
  readonly clock: ManualClock
  readonly book: DonorBook
  readonly told: Map<string, boolean>
  live: readonly Donor[]
}

/** A book, and what the swarm tells it. */
function bookOf(...first: readonly Donor[]): World {
  const clock = new ManualClock()
  const told = new Map<string, boolean>()
  const live = { donors: first }
  const swarm = {
    donors: () => live.donors,
    proveDonor: (_: string, peer: string, proven: boolean) => {
      told.set(peer, proven)
    },
  }
  const book = new DonorBook(
    { swarm, clock, random: () => 0.5 },
    { repository: REPOSITORY, retryMs: RETRY_MS },
  )
  return {
    clock,
    told,
    book,
    get live() {
      return live.donors
    },
    set live(donors) {
      live.donors = donors
    },
  }
}

const names = (donors: readonly { readonly peer: string }[]): string[] =>
  donors.map(({ peer }) => peer)

describe('DonorBook', () => {
  it('asks who claims something, those first that never showed anything, and again after an interval', () => {
    const { book, clock, told } = bookOf(donor('empty', []), donor('one', [1]), donor('two', [2]))
    assert.deepEqual(names(book.due()), ['one', 'two'])
    book.gave('one')
    assert.deepEqual(names(book.due()), ['two'])
    assert.equal(told.get('one'), true)
    clock.advance(PROVE_INTERVAL_MS)
    assert.deepEqual(names(book.due()), ['two', 'one'])
    assert.deepEqual(
      book.donors().map(({ proven }) => proven),
      [false, true, false],
    )
  })

  it('counts a proof for a day while its donor cannot be reached', () => {
    const { book, clock } = bookOf(donor('one', [1]))
    book.due()
    book.gave('one')
    clock.advance(PROOF_LIFE_MS - 1)
    book.silent('one')
    assert.equal(book.donors()[0]?.proven, true)
    clock.advance(1)
    assert.equal(book.donors()[0]?.proven, false)
  })

  it('asks who is silent again, ever later', () => {
    const { book, clock } = bookOf(donor('one', [1]))
    book.due()
    for (const waitMs of [RETRY_MS, 2 * RETRY_MS]) {
      book.silent('one')
      clock.advance(waitMs - 1)
      assert.deepEqual(book.due(), [])
      clock.advance(1)
      assert.deepEqual(names(book.due()), ['one'])
    }
    assert.deepEqual(names(book.donors()), ['one'], 'it is no liar')
  })

  it('takes who lacks file after file for a liar, but not who lacks one now and then', () => {
    const { book, told } = bookOf(donor('one', [1]))
    book.due()
    for (let i = 1; i < MAX_LACKED; i += 1) book.lacked('one')
    book.gave('one')
    for (let i = 1; i < MAX_LACKED; i += 1) book.lacked('one')
    assert.deepEqual(names(book.donors()), ['one'])
    book.lacked('one')
    assert.deepEqual(book.donors(), [])
    assert.equal(told.get('one'), false)
  })

  it('remembers a liar for a day, also when it leaves and comes again', () => {
    const world = bookOf(donor('liar', [1]))
    const { book, clock } = world
    book.due()
    book.lied('liar')
    const { live } = world
    world.live = []
    assert.deepEqual(book.donors(), [])
    world.live = live
    assert.deepEqual(book.donors(), [])
    assert.deepEqual(book.due(), [])
    clock.advance(REFUTED_MS)
    assert.deepEqual(names(book.due()), ['liar'])
    assert.equal(book.donors()[0]?.proven, false)
  })

  it('notes when a donor brought something, and not when it let go of something', () => {
    const world = bookOf(donor('one', [1, 2]))
    const { book, clock } = world
    const grewMs = (): number | undefined => book.donors()[0]?.grewMs
    const start = grewMs()
    clock.advance(1_000)
    world.live = [donor('one', [1])]
    assert.equal(grewMs(), start)
    world.live = [donor('one', [1, 3])]
    assert.equal(grewMs(), clock.monotonicMs())
  })
})
