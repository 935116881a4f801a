import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { start } from './_client.ts'

describe('TUF conformance: rollback', () => {
  it('test_new_timestamp_version_rollback', () => {
    const { repo, client } = start()
    repo.publish('timestamp')
    assert.ok(client.refresh(repo))
    repo.roles.timestamp.version = 0
    repo.publish('timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('timestamp'), 2)
  })

  it('test_snapshot_rollback', () => {
    const { repo, client } = start()
    repo.publish('snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    repo.roles.snapshot.version = 0
    repo.publish('snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('timestamp'), 2)
    assert.equal(client.version('snapshot'), 2)
  })

  it('test_targets_rollback', () => {
    const { repo, client } = start()
    repo.publish('targets', 'snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    repo.roles.targets.version = 0
    repo.publish('targets', 'snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('snapshot'), 2)
    assert.equal(client.version('targets'), 2)
  })

  it('test_targets_role_removal', () => {
    const { repo, client } = start()
    assert.ok(client.refresh(repo))
    repo.roles.snapshot.patch = { meta: {} }
    repo.publish('snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('snapshot'), 1)
  })

  it('test_targets_fast_forward_recovery', () => {
    const { repo, client } = start()
    repo.roles.targets.version = 99
    repo.publish('targets', 'snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    assert.equal(client.version('targets'), 100)
    repo.rotate('snapshot')
    repo.roles.targets.version = 0
    repo.publish('root', 'targets', 'snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    assert.equal(client.version('targets'), 1)
  })

  it('test_new_snapshot_fast_forward_recovery', () => {
    const { repo, client } = start()
    repo.roles.snapshot.version = 99
    repo.publish('snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    assert.equal(client.version('snapshot'), 100)
    repo.rotate('snapshot')
    repo.rotate('timestamp')
    repo.roles.snapshot.version = 0
    repo.publish('root', 'targets', 'snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    assert.equal(client.version('snapshot'), 1)
  })

  it('test_new_timestamp_fast_forward_recovery', () => {
    const { repo, client } = start()
    repo.roles.timestamp.version = 99
    repo.publish('timestamp')
    assert.ok(client.refresh(repo))
    assert.equal(client.version('timestamp'), 100)
    repo.rotate('timestamp')
    repo.roles.timestamp.version = 0
    repo.publish('root', 'timestamp')
    assert.ok(client.refresh(repo))
    assert.equal(client.version('timestamp'), 1)
  })
})
