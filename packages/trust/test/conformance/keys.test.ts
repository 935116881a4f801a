import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSigners } from '../_crafting.ts'
import { start } from './_client.ts'
import { edited } from './_simulator.ts'

describe('TUF conformance: keys', () => {
  it('test_snapshot_does_not_meet_threshold', () => {
    const { repo, client } = start()
    const keys = makeSigners(3)
    Object.assign(repo.roles.snapshot, { keys, signers: keys, threshold: 3 })
    repo.publish('root', 'targets', 'snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    repo.roles.snapshot.signers = keys.slice(1)
    repo.publish('targets', 'snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('snapshot'), 2)
  })

  it('test_snapshot_has_too_few_keys', () => {
    const { repo, client } = start()
    const keys = makeSigners(5)
    Object.assign(repo.roles.snapshot, { keys, signers: keys, threshold: 6 })
    repo.publish('root', 'snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    // The suite takes the root and refuses the snapshot; here such a root is refused already.
    assert.equal(client.version('root'), 1)
    assert.equal(client.version('snapshot'), undefined)
  })

  it('test_duplicate_keys', () => {
    const { repo, client } = start()
    const [signer] = makeSigners(1)
    assert.ok(signer)
    const keys = Array.from({ length: 9 }, () => signer)
    Object.assign(repo.roles.snapshot, { keys, signers: keys, threshold: 6 })
    repo.publish('root', 'snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('snapshot'), undefined)
  })

  it('test_duplicate_sig_keyids', () => {
    const { repo, client } = start()
    repo.roles.snapshot.tamper = edited(({ signatures }) => {
      signatures.push(...signatures.slice(0, 1))
    })
    repo.publish('snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('snapshot'), undefined)
  })

  it('test_keytype_and_scheme[ed25519/ed25519]', () => {
    const { repo, client } = start()
    const keys = [...repo.roles.root.keys, ...makeSigners(1)]
    Object.assign(repo.roles.root, { keys, signers: keys, threshold: 2 })
    repo.publish('root')
    assert.ok(client.refresh(repo))
    repo.roles.root.tamper = edited(({ signatures: [, last] }) => {
      // Its last byte is 0 for one signature in 16, for S is below 2^252: the first one is changed.
      if (last !== undefined) last.sig = (last.sig.startsWith('0') ? '1' : '0') + last.sig.slice(1)
    })
    repo.publish('root')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('root'), 2)
  })

  for (const [keytype, scheme] of [
    ['rsa', 'rsassa-pss-sha256'],
    ['ecdsa', 'ecdsa-sha2-nistp256'],
  ] as const) {
    it(`test_keytype_and_scheme[${keytype}/${scheme}]: refused, for there is one kind of key`, () => {
      const { repo, client } = start()
      const content = { keys: { ab: { keytype, scheme, keyval: { public: 'x' } } } }
      repo.roles.root.patch = content
      repo.publish('root')
      assert.ok(!client.refresh(repo))
      assert.equal(client.version('root'), 1)
    })
  }

  for (const sig of ['ab'.repeat(64), '']) {
    it(`test_invalid_sig_in_valid_metadata[${sig === '' ? 'empty' : 'plausible'}]`, () => {
      const { repo, client } = start()
      const keys = [...repo.roles.timestamp.keys, ...makeSigners(1)]
      Object.assign(repo.roles.timestamp, { keys, signers: keys })
      repo.roles.timestamp.tamper = edited(({ signatures: [first] }) => {
        if (first !== undefined) first.sig = sig
      })
      repo.publish('root', 'timestamp')
      assert.ok(client.refresh(repo))
      assert.equal(client.version('timestamp'), 2)
    })
  }
})
