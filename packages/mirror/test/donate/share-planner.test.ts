import { SLICES, sliceSet, slicesIn } from '@jarswarm/manifest'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DONATION_PACE } from '../../src/donate/donation-pace.ts'
import { copiesGoal, MAX_COPIES } from '../../src/donate/copies-goal.ts'
import { SharePlanner } from '../../src/donate/share-planner.ts'
import { donorsOf, ShareWorld, sliceSizes } from './_share-world.ts'

const least = (world: ShareWorld): number => Math.min(...world.copies())

const PATIENCE_MS = DONATION_PACE.patienceMs

describe('SharePlanner', () => {
  it('gives every slice its copies while there is room, and passes nobody’s room', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 0, max: 1_000 }),
        (count, times, seed) => {
          fc.pre(times <= count)
          const totals = sliceSizes(seed)
          const world = new ShareWorld({ totals, perTurn: 400 })
          const donors = donorsOf(totals, count, { times })
          world.join(...donors)
          world.settle()
          const { goal } = world.planOf(donors[0]?.peer ?? '')
          assert.equal(goal.copies, Math.max(1, Math.floor(0.9 * times)))
          assert.ok(least(world) >= goal.copies, `${least(world)} copies of ${goal.copies}`)
          for (const member of world.honest) {
            assert.ok(world.usedBytes(member) <= member.donatedBytes)
          }
        },
      ),
      { numRuns: 5 },
    )
  })

  it('moves no more at the first filling than there are copies', () => {
    const totals = sliceSizes(1)
    const world = new ShareWorld({ totals })
    world.join(...donorsOf(totals, 20, { times: 5 }))
    const lacking = world.lackingBytes(4)
    world.settle()
    assert.ok(world.movedBytes <= lacking * 1.05, `${world.movedBytes / lacking}`)
  })

  it('moves what was lost when donors leave, and nothing else', () => {
    const totals = sliceSizes(2)
    const world = new ShareWorld({ totals })
    // Room for eight copies and more, so that the goal stays.
    const donors = donorsOf(totals, 16, { times: 12 })
    world.join(...donors)
    world.settle()
    assert.equal(least(world), MAX_COPIES)
    world.leave(...donors.slice(0, 3).map(({ peer }) => peer))
    const lacking = world.lackingBytes(MAX_COPIES)
    world.movedBytes = 0
    world.settle()
    assert.equal(least(world), MAX_COPIES)
    assert.ok(world.movedBytes <= lacking * 1.01, `${world.movedBytes / lacking}`)
  })

  it('moves only what is wanted in the end when those that left together are missed one after the other', () => {
    const totals = sliceSizes(11)
    const world = new ShareWorld({ totals, perTurn: 400 })
    const donors = donorsOf(totals, 16, { times: 6.8 })
    world.join(...donors)
    world.settle()
    assert.equal(least(world), 6)
    const gone = donors.slice(0, 4).map(({ peer }) => peer)
    world.vanish(...gone)
    const lacking = world.lackingBytes(4)
    world.movedBytes = 0
    for (const peer of gone) {
      world.leave(peer)
      world.turn()
    }
    world.settle()
    assert.equal(least(world), 4)
    assert.ok(world.movedBytes <= lacking * 1.05, `${world.movedBytes / lacking}`)
  })

  it('moves one slice to who joins while nothing is short, for it to be proven by', () => {
    const totals = sliceSizes(3)
    const world = new ShareWorld({ totals })
    world.join(...donorsOf(totals, 20, { times: 10 }))
    world.settle()
    world.join(...donorsOf(totals, 2, { times: 1, prefix: 'new' }))
    world.settle()
    assert.deepEqual(
      world.honest.filter(({ peer }) => peer.startsWith('new')).map(({ kept }) => kept.size),
      [1, 1],
    )
  })

  it('uses the room of who joins when that makes for one more copy', () => {
    const totals = sliceSizes(4)
    const world = new ShareWorld({ totals })
    world.join(...donorsOf(totals, 10, { times: 2.5 }))
    world.settle()
    assert.equal(least(world), 2)
    const lacking = world.lackingBytes(4)
    world.movedBytes = 0
    world.join(...donorsOf(totals, 10, { times: 2.5, prefix: 'new' }))
    world.settle()
    assert.equal(least(world), 4)
    assert.ok(world.movedBytes <= lacking * 1.05, `${world.movedBytes / lacking}`)
  })

  it('does not count liars for long, however many', () => {
    const totals = sliceSizes(5)
    const world = new ShareWorld({ totals })
    const donors = donorsOf(totals, 12, { times: 5 })
    world.join(...donors)
    world.settle()
    const liars = donorsOf(totals, 20, { times: 400, prefix: 'liar' })
    world.join(...liars.map((liar) => ({ ...liar, manner: 'liar' as const })))
    assert.equal(world.planOf('donor-7').goal.copies, 4, 'liars raise no goal')
    world.leave('donor-0', 'donor-1')
    const endMs = world.nowMs + PATIENCE_MS
    while (world.nowMs < endMs) world.turn()
    world.settle()
    assert.ok(least(world) >= world.planOf('donor-7').goal.copies)
  })

  it('does not wait for ever for a donor that brings nothing, nor for one that lies about its room', () => {
    const totals = sliceSizes(6)
    const world = new ShareWorld({ totals })
    const [first, second, ...others] = donorsOf(totals, 12, { times: 6 })
    if (first === undefined || second === undefined) throw new Error('too few donors')
    world.join({ ...first, manner: 'idle' }, ...others)
    world.join({ ...second, realBytes: 0, donatedBytes: second.donatedBytes * 1_000 })
    const endMs = PATIENCE_MS * 2
    while (world.nowMs < endMs) world.turn()
    world.settle()
    assert.ok(least(world) >= world.planOf('donor-7').goal.copies)
  })

  it('waits for those that are at work', () => {
    const totals = sliceSizes(7)
    const world = new ShareWorld({ totals, perTurn: 1 })
    const donors = donorsOf(totals, 8, { times: 3 })
    world.join(...donors)
    const lacking = world.lackingBytes(2)
    const turns = world.settle()
    assert.ok(turns * 60_000 > 3 * PATIENCE_MS, 'the filling takes long')
    assert.equal(least(world), 2)
    assert.ok(world.movedBytes <= lacking * 1.1, `${world.movedBytes / lacking}`)
  })

  it('counts the copies of one public range once, when there are enough ranges', () => {
    const totals = sliceSizes(8)
    const world = new ShareWorld({ totals })
    const crowd = donorsOf(totals, 10, { times: 10, prefix: 'crowd' })
    world.join(...crowd.map((donor) => ({ ...donor, range: '192.0.2.0/24' })))
    world.settle()
    const donors = donorsOf(totals, 10, { times: 10 })
    world.join(...donors)
    world.settle()
    const { goal } = world.planOf('donor-0')
    assert.deepEqual(goal, { copies: 8, ranges: 8 })
    const crowded = world.honest.filter(({ range }) => range !== undefined)
    const others = world.honest.filter(({ range }) => range === undefined)
    for (const slice of Array(SLICES).keys()) {
      if (totals.files[slice] === 0) continue
      const ranges =
        others.filter(({ kept }) => kept.has(slice)).length +
        (crowded.some(({ kept }) => kept.has(slice)) ? 1 : 0)
      assert.ok(ranges >= 8, `slice ${slice} in ${ranges} ranges`)
    }
  })

  it('gives up what nobody needs when it has less room than it keeps, and the rest only then', () => {
    const totals = sliceSizes(9)
    const planner = new SharePlanner(DONATION_PACE)
    const kept = sliceSet(Array(SLICES).keys())
    const bytes = totals.bytes.reduce((sum, one) => sum + one, 0)
    const own = { peer: 'own', kept, begun: new Set<number>() }
    const plan = (donatedBytes: number): ReturnType<SharePlanner['plan']> =>
      planner.plan({ own: { ...own, donatedBytes }, donors: [], totals, nowMs: 0 })
    assert.deepEqual(plan(bytes).release, [])
    const left = bytes - sizeOf(plan(bytes / 2).release)
    assert.ok(left <= bytes / 2 && left > bytes * 0.49)

    function sizeOf(slices: readonly number[]): number {
      return slices.reduce((sum, slice) => sum + (totals.bytes[slice] ?? 0), 0)
    }
  })

  it('drops what was begun when others have it by then', () => {
    const totals = sliceSizes(10)
    const donor = {
      peer: 'other',
      donatedBytes: 1e9,
      slices: sliceSet(Array(SLICES).keys()),
      range: undefined,
      grewMs: 0,
    }
    const begun = totals.files.findIndex((files) => files > 0)
    const own = { peer: 'own', donatedBytes: 1e9, kept: sliceSet([0]), begun: new Set([begun]) }
    const state = { own, totals, nowMs: 0 }
    const plan = (proven: boolean): ReturnType<SharePlanner['plan']> =>
      new SharePlanner(DONATION_PACE).plan({ ...state, donors: [{ ...donor, proven }] })
    assert.equal(plan(true).goal.copies, 1)
    assert.deepEqual(plan(true).abandon, [begun])
    assert.deepEqual(plan(false).abandon, [begun], 'it is waited for until it is proven')
    const alone = new SharePlanner(DONATION_PACE).plan({ ...state, donors: [] })
    assert.deepEqual(alone.abandon, [])
    assert.ok(alone.fetch.includes(begun))
  })

  it('has nothing to do in an empty index', () => {
    const empty = { files: new Float64Array(SLICES), bytes: new Float64Array(SLICES) }
    const own = { peer: 'own', donatedBytes: 1, kept: sliceSet([]), begun: new Set<number>() }
    const plan = new SharePlanner(DONATION_PACE).plan({ own, donors: [], totals: empty, nowMs: 0 })
    assert.deepEqual([plan.fetch, plan.release, plan.leastCopies], [[], [], 0])
    assert.equal([...slicesIn(own.kept)].length, 0)
  })
})

describe('copiesGoal', () => {
  const of = (donatedBytes: number, range?: string): Parameters<typeof copiesGoal>[0][number] => ({
    donatedBytes,
    range,
  })

  it('counts nobody for more than one copy of everything', () => {
    assert.equal(copiesGoal([of(1e12), of(1e12), of(50)], 100).copies, 2)
  })

  it('counts on nine tenths of what is donated', () => {
    assert.equal(copiesGoal(Array(11).fill(of(50)), 100).copies, 4)
    assert.equal(copiesGoal([of(10)], 100).copies, 1)
    assert.equal(copiesGoal(Array(99).fill(of(100)), 100).copies, MAX_COPIES)
  })

  it('counts a public range for one copy of everything', () => {
    const crowd = Array(9).fill(of(100, '192.0.2.0/24')) as ReturnType<typeof of>[]
    assert.deepEqual(copiesGoal([...crowd, of(100), of(100)], 100), { copies: 8, ranges: 2 })
  })
})
