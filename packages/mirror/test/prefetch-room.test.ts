import { parsePath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PREFETCH_SHARE } from '../src/prefetch/limits.ts'
import { ClientOrder } from '../src/prefetch/client-order.ts'
import { PREFETCH_RENEW_MS, PrefetchRoom } from '../src/prefetch/prefetch-room.ts'

const A = parsePath('a')
const B = parsePath('b')

function createRoom(bytes: number): { room: PrefetchRoom; clock: ManualClock } {
  const clock = new ManualClock()
  const blobs = { usage: () => ({ blobs: 1, bytes, quotaBytes: 800 }) }
  return { room: new PrefetchRoom({ blobs, clock }), clock }
}

describe('PrefetchRoom', () => {
  it('fills what is free', () => {
    const { room } = createRoom(0)
    room.take(A, 600)
    room.take(B, 150)
    room.settle(A, 600, 0)
    room.take(A, 600)
  })

  it('pushes PREFETCH_SHARE out of a full store, and no more before a day is over', () => {
    const { room, clock } = createRoom(800)
    const share = 800 * PREFETCH_SHARE - 1
    room.take(A, share)
    room.settle(A, share, share)
    assert.throws(() => {
      room.take(B, 1)
    }, NoSpaceError)
    clock.advance(PREFETCH_RENEW_MS - 1)
    assert.throws(() => {
      room.take(B, 1)
    }, NoSpaceError)
    clock.advance(1)
    room.take(B, share)
  })

  it('counts neither what is used nor what did not come', () => {
    const { room } = createRoom(800)
    for (let turn = 0; turn < 10; turn += 1) {
      room.take(A, 60)
      room.settle(A, 60, 60)
      room.used(A)
      room.take(B, 60)
      room.settle(B, 60, 0)
    }
  })

  it('counts a file whose size was not known before', () => {
    const { room } = createRoom(800)
    room.take(A, 0)
    room.settle(A, 0, 100)
    assert.throws(() => {
      room.take(B, 0)
    }, NoSpaceError)
    room.used(A)
    room.take(B, 0)
  })

  it('never gives room for what is larger than an eighth', () => {
    const { room } = createRoom(800)
    assert.throws(() => {
      room.take(A, 101)
    }, NoSpaceError)
  })
})

describe('ClientOrder', () => {
  const sources = [{ id: 'one' }, { id: 'two' }, { id: 'three' }]
  const sorted = (order: ClientOrder, first: string): readonly string[] =>
    order.sort(sources, first).map(({ id }) => id)

  it('begins with the repository where the pom was found', () => {
    assert.deepEqual(sorted(new ClientOrder(), 'two'), ['two', 'one', 'three'])
  })

  it('puts before it what the client was told to lack the pom', () => {
    const order = new ClientOrder()
    order.missed('three', A)
    order.found('two', A)
    assert.deepEqual(sorted(order, 'two'), ['three', 'two', 'one'])
    order.found('two', B)
    assert.deepEqual(sorted(order, 'two'), ['three', 'two', 'one'])
    order.missed('one', B)
    order.found('two', B)
    assert.deepEqual(sorted(order, 'two'), ['one', 'two', 'three'])
  })

  it('believes the last client when two differ', () => {
    const order = new ClientOrder()
    order.missed('one', A)
    order.found('two', A)
    order.missed('two', B)
    order.found('one', B)
    assert.deepEqual(sorted(order, 'one'), ['two', 'one', 'three'])
    assert.deepEqual(sorted(order, 'two'), ['two', 'one', 'three'])
  })
})
