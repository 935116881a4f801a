// The ideas are those of the expiration cases of TUF client conformance.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ExpiredManifestError } from '../src/index.ts'
import type { RoleName } from '../src/index.ts'
import { DAY_MS, NOW_MS } from './_crafting.ts'
import type { Craft } from './_crafting.ts'
import { repository, SECOND, Trial } from './_trial.ts'

let trial: Trial

beforeEach(() => {
  trial = new Trial()
})

describe('expiry', () => {
  const expired = (role: RoleName): Craft => ({
    patch: { [role]: { expires: '2026-11-22T20:00:00Z' } },
  })

  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    it(`of the ${role} does not stop a newer manifest`, () => {
      assert.equal(trial.accept(expired(role)), 'newer')
      assert.equal(trial.trusted.freshness(NOW_MS).state, 'stale')
      assert.equal(trial.trusted.freshness(NOW_MS - 1000).state, 'fresh')
    })

    it(`of the ${role} stops it when that is asked for`, () => {
      const bytes = repository.manifest(expired(role))
      const enforceExpiry = true
      assert.throws(
        () => trial.trusted.accept(bytes, NOW_MS, { enforceExpiry }),
        ExpiredManifestError,
      )
      assert.equal(trial.trusted.head, undefined)
      assert.equal(trial.trusted.accept(bytes, NOW_MS - 1, { enforceExpiry }), 'newer')
    })
  }

  it('of the root counts as well', () => {
    trial.trusted.acceptRoot(repository.makeRoot(2, { lifeMs: 0 }))
    assert.equal(trial.accept({}), 'newer')
    assert.equal(trial.trusted.freshness(NOW_MS).state, 'stale')
  })

  it('of what is trusted does not stop its successor when expiry is enforced', () => {
    trial.accept(expired('timestamp'))
    const newer = repository.manifest({ versions: SECOND })
    assert.equal(trial.trusted.accept(newer, NOW_MS, { enforceExpiry: true }), 'newer')
  })

  it('is unknown without a head', () => {
    assert.equal(trial.trusted.freshness(NOW_MS).state, 'unknown')
  })

  it('takes the limit that it is given', () => {
    trial.accept({})
    const nowMs = NOW_MS + 8 * DAY_MS
    assert.equal(trial.trusted.freshness(nowMs).state, 'stale')
    assert.equal(trial.trusted.freshness(nowMs, { maxStaleMs: DAY_MS }).state, 'suspect')
  })
})
