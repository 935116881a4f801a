import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_KNOWN_PEERS } from '../src/limits.ts'
import { PeerBook } from '../src/peer-book.ts'
import { REPOSITORY } from './_nodes.ts'

const DIGEST = '00000005'.padEnd(64, '0')
const CLAIM = {
  reset: true,
  completeToSeq: undefined,
  added: new Uint32Array([5]),
  removed: new Uint32Array(0),
}

function follower(
  book: PeerBook,
  peer: string,
  { local = true, roundTripMs }: { readonly local?: boolean; readonly roundTripMs?: number } = {},
): void {
  const entry = book.connected(peer, '/ip4/127.0.0.1/tcp/1', local)
  entry.greeted = true
  entry.repositories = new Set([REPOSITORY])
  if (roundTripMs !== undefined) book.measured(peer, roundTripMs)
}

describe('PeerBook', () => {
  it('names claimants nearest first, local ones before all others', () => {
    const book = new PeerBook()
    follower(book, 'far', { local: false, roundTripMs: 80 })
    follower(book, 'unmeasured', { local: false })
    follower(book, 'near', { local: false, roundTripMs: 5 })
    follower(book, 'lan', { local: true, roundTripMs: 90 })
    follower(book, 'without', { local: true, roundTripMs: 1 })
    for (const peer of ['far', 'unmeasured', 'near', 'lan']) {
      book.summarize(peer, REPOSITORY, CLAIM)
    }
    const names = book.claimants(REPOSITORY, DIGEST).map(({ peer }) => peer)
    assert.deepEqual(names, ['lan', 'near', 'far', 'unmeasured'])
  })

  it('forgets the claims of who left, and takes none from strangers', () => {
    const book = new PeerBook()
    follower(book, 'peer')
    book.summarize('peer', REPOSITORY, CLAIM)
    book.summarize('stranger', REPOSITORY, CLAIM)
    book.disconnected('peer')
    follower(book, 'peer')
    assert.deepEqual(book.claimants(REPOSITORY, DIGEST), [])
    assert.equal(book.get('stranger'), undefined)
  })

  it('remembers MAX_KNOWN_PEERS, and those connected before all', () => {
    const book = new PeerBook()
    follower(book, 'lasting')
    for (let number = 0; number < MAX_KNOWN_PEERS + 10; number += 1) {
      book.connected(String(number), '/ip4/127.0.0.1/tcp/1', true)
      book.disconnected(String(number))
    }
    const statuses = book.statuses([REPOSITORY], () => false)
    assert.equal(statuses.length, MAX_KNOWN_PEERS)
    assert.equal(statuses[0]?.peer, 'lasting')
    assert.equal(book.get('0'), undefined)
  })
})
