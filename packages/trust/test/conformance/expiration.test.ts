import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TrustedRepository } from '../../src/index.ts'
import { sha256 } from '@jarswarm/manifest'
import { DAY_MS, NOW_MS } from '../_crafting.ts'
import { start } from './_client.ts'
import type { Simulator } from './_simulator.ts'

describe('TUF conformance: expiration', () => {
  it('test_root_expired', () => {
    const { repo, client } = start()
    assert.ok(client.refresh(repo))
    repo.publish('root')
    assert.ok(client.refresh(repo))
    repo.roles.root.expiresMs = NOW_MS - DAY_MS
    repo.publish('root', 'targets', 'snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('root'), 3)
    assert.equal(client.version('timestamp'), 1)
    assert.equal(client.version('snapshot'), 1)
  })

  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    it(`test_${role}_expired`, () => {
      const { repo, client } = start()
      assert.ok(client.refresh(repo))
      repo.roles[role].expiresMs = NOW_MS - 5 * DAY_MS
      repo.publish('targets', 'snapshot', 'timestamp')
      assert.ok(!client.refresh(repo))
      // The suite takes the documents above the expired one; here they come together, or not at all.
      for (const one of ['timestamp', 'snapshot', 'targets'] as const) {
        assert.equal(client.version(one), 1)
      }
    })
  }

  for (const role of ['root', 'timestamp'] as const) {
    it(`test_expired_local_${role}`, () => {
      const { repo, client } = start()
      repo.roles[role].expiresMs = NOW_MS + 7 * DAY_MS
      repo.publish(role)
      assert.ok(client.refresh(repo))
      repo.roles[role].expiresMs = NOW_MS + 21 * DAY_MS
      repo.publish(role, 'targets', 'snapshot', 'timestamp')
      assert.ok(client.refresh(repo, NOW_MS + 18 * DAY_MS))
      assert.equal(client.version(role), 3)
      assert.equal(client.version('snapshot'), 2)
    })
  }

  it('test_faketime', () => {
    const { repo, client } = start()
    repo.roles.timestamp.expiresMs = NOW_MS + 7 * DAY_MS
    repo.publish('timestamp')
    assert.ok(!client.refresh(repo, NOW_MS + 7 * DAY_MS))
    assert.ok(client.refresh(repo, NOW_MS + 7 * DAY_MS - 1))
  })
})

/** What a node does unless it is told to be strict. */
describe('the default mode departs from TUF', () => {
  const trust = (repo: Simulator): TrustedRepository => {
    const [first = new Uint8Array()] = repo.roots
    return TrustedRepository.create(sha256(first), first)
  }

  for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    it(`5.3.10, 5.4.4, 5.5.6, 5.6.6: takes a newer state whose ${role} has expired, for the one it has is older still`, () => {
      const { repo } = start()
      const trusted = trust(repo)
      trusted.accept(repo.manifest(), NOW_MS)
      repo.roles[role].expiresMs = NOW_MS - DAY_MS
      repo.publish(role, 'targets', 'snapshot', 'timestamp')
      assert.equal(trusted.accept(repo.manifest(), NOW_MS), 'newer')
      assert.equal(trusted.freshness(NOW_MS).state, 'stale')
    })
  }

  it('5.4.4: keeps what it verified after it expired, and says that it is stale', () => {
    const { repo } = start()
    const trusted = trust(repo)
    trusted.accept(repo.manifest(), NOW_MS)
    const later = NOW_MS + 31 * DAY_MS
    assert.equal(trusted.accept(repo.manifest(), later), 'same')
    assert.equal(trusted.freshness(later).state, 'suspect')
    assert.equal(trusted.head?.seq, 1)
  })
})
