import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_STANDINGS } from '../src/limits.ts'
import { LACKING_LIFE_MS, LackingPeers } from '../src/transfer/lacking-peers.ts'
import { PeerStandings } from '../src/transfer/peer-standings.ts'

function create() {
  const clock = new ManualClock()
  const standings = new PeerStandings({ clock })
  return { clock, standings, lacking: new LackingPeers({ clock, standings }) }
}

describe('LackingPeers', () => {
  it('puts those that lacked something last, the longest ago first', () => {
    const { lacking } = create()
    for (const peer of ['b', 'a', 'gone', 'c', 'b']) lacking.lacked(peer)
    assert.deepEqual(lacking.ranked(['a', 'b', 'c', 'd', 'e']), ['d', 'e', 'a', 'c', 'b'])
  })

  it('ranks the others by their standings', () => {
    const { lacking, standings } = create()
    standings.letDown('bad')
    standings.gave('good')
    assert.deepEqual(lacking.ranked(['bad', 'near', 'good']), ['good', 'near', 'bad'])
  })

  it('lets those that lacked something and those that let us down take turns', () => {
    const { lacking, standings } = create()
    for (const peer of ['bad 1', 'bad 2', 'both']) standings.letDown(peer)
    for (const peer of ['late 1', 'late 2', 'late 3', 'both']) lacking.lacked(peer)
    assert.deepEqual(
      lacking.ranked(['bad 1', 'bad 2', 'late 1', 'late 2', 'late 3', 'both', 'near']),
      ['near', 'late 1', 'bad 1', 'late 2', 'bad 2', 'late 3', 'both'],
    )
  })

  it('forgets what is long ago, whatever the clock of the machine says', () => {
    const { lacking, clock } = create()
    lacking.lacked('late')
    clock.advance(LACKING_LIFE_MS - 1)
    clock.jumpTo(clock.now() + LACKING_LIFE_MS)
    assert.equal(lacking.has('late'), true)
    assert.deepEqual(lacking.ranked(['late', 'other']), ['other', 'late'])
    clock.advance(1)
    assert.equal(lacking.has('late'), false)
    assert.deepEqual(lacking.ranked(['late', 'other']), ['late', 'other'])
  })

  it('keeps account of MAX_STANDINGS peers, and forgets who lacked something longest ago', () => {
    const { lacking } = create()
    for (const peer of ['second', 'first', 'second']) lacking.lacked(peer)
    for (let made = 2; made < MAX_STANDINGS; made += 1) lacking.lacked(`peer ${String(made)}`)
    assert.equal(lacking.has('first'), true)
    lacking.lacked('one more')
    assert.equal(lacking.has('first'), false)
    assert.equal(lacking.has('second'), true)
  })
})
