import { ManualClock } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_STANDINGS } from '../src/limits.ts'
import { PeerStandings, STANDING_LIFE_MS } from '../src/transfer/peer-standings.ts'

describe('PeerStandings', () => {
  it('puts those that gave first and those that let us down last, and keeps the order else', () => {
    const standings = new PeerStandings({ clock: new ManualClock() })
    standings.letDown('bad')
    standings.gave('good')
    assert.deepEqual(standings.ranked(['bad', 'near', 'far', 'good']), [
      'good',
      'near',
      'far',
      'bad',
    ])
  })

  it('forgives who mostly gives, and not who mostly does not', () => {
    const standings = new PeerStandings({ clock: new ManualClock() })
    for (let round = 0; round < 8; round += 1) standings.gave('busy')
    standings.letDown('busy')
    standings.letDown('bait')
    standings.letDown('bait')
    standings.gave('bait')
    assert.deepEqual(standings.ranked(['bait', 'stranger', 'busy']), ['busy', 'stranger', 'bait'])
  })

  it('prefers the least bad of those that let us down', () => {
    const standings = new PeerStandings({ clock: new ManualClock() })
    standings.letDown('worse')
    standings.letDown('worse')
    standings.letDown('bad')
    assert.deepEqual(standings.ranked(['worse', 'bad', 'stranger']), ['stranger', 'bad', 'worse'])
  })

  it('forgets what is long ago', () => {
    const clock = new ManualClock()
    const standings = new PeerStandings({ clock })
    standings.letDown('bad')
    clock.advance(STANDING_LIFE_MS - 1)
    assert.deepEqual(standings.ranked(['bad', 'other']), ['other', 'bad'])
    clock.advance(1)
    assert.deepEqual(standings.ranked(['bad', 'other']), ['bad', 'other'])
  })

  it('keeps account of MAX_STANDINGS peers', () => {
    const standings = new PeerStandings({ clock: new ManualClock() })
    standings.letDown('first')
    for (let made = 1; made < MAX_STANDINGS; made += 1) standings.gave(`peer ${String(made)}`)
    assert.deepEqual(standings.ranked(['first', 'stranger']), ['stranger', 'first'])
    standings.gave('one more')
    assert.deepEqual(standings.ranked(['first', 'stranger']), ['first', 'stranger'])
  })
})
