import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import { parseManifest } from '../../src/index.ts'
import type { RoleName } from '../../src/index.ts'
import { Client, start } from './_client.ts'
import { edited, Simulator } from './_simulator.ts'

const ONLINE = ['timestamp', 'snapshot', 'targets'] as const

describe('TUF conformance: basic', () => {
  it('test_basic_refresh_trusted_data', () => {
    const { repo, client } = start()
    repo.publish('root')
    assert.ok(client.refresh(repo))
    assert.deepEqual(client.root(2), repo.roots[1])
    assert.deepEqual(client.manifest, repo.manifest())
  })

  it('test_invalid_initial_root', () => {
    assert.throws(() => new Client(Buffer.from('{"not": "a root"}')))
  })

  it('test_unsigned_initial_root', () => {
    const unsigned = edited(({ signatures }) => signatures.splice(0))
    assert.throws(() => new Client(unsigned(new Simulator().roots[0] ?? new Uint8Array())))
  })

  for (const role of ['root', ...ONLINE] as const) {
    it(`test_unsigned_metadata[${role}]`, () => {
      const { repo, client } = start()
      assert.ok(client.refresh(repo))
      const before = client.manifest
      repo.roles[role].signers = []
      repo.publish(role, 'snapshot', 'timestamp')
      assert.ok(!client.refresh(repo))
      assert.equal(client.version(role), 1)
      assert.deepEqual(client.manifest, before)
    })
  }

  for (const role of ['root', 'snapshot', 'targets'] as const) {
    it(`test_url_and_metadata_version_mismatch[${role}]`, () => {
      const { repo, client } = start()
      assert.ok(client.refresh(repo))
      repo.roles[role].patch = { version: 3 }
      repo.publish(role, 'targets', 'snapshot', 'timestamp')
      assert.ok(!client.refresh(repo))
      assert.equal(client.version(role), 1)
    })
  }

  it('test_timestamp_content_changes', () => {
    const { repo, client } = start()
    assert.ok(client.refresh(repo))
    const before = client.manifest
    repo.roles.timestamp.version = 0
    repo.publish('snapshot', 'timestamp')
    // The suite ignores it; here it is evidence against whoever holds the key, and nothing changes either.
    assert.ok(!client.refresh(repo))
    assert.deepEqual(client.manifest, before)
  })

  it('test_basic_metadata_hash_support', () => {
    const { repo, client } = start()
    repo.publish('targets', 'snapshot', 'timestamp')
    assert.ok(client.refresh(repo))
    assert.equal(client.version('targets'), 2)
  })

  for (const role of ['targets', 'snapshot'] as const) {
    it(`test_${role}_hash_mismatch`, () => {
      const { repo, client } = start()
      assert.ok(client.refresh(repo))
      repo.publish('targets', 'snapshot', 'timestamp')
      // Still signed: only the digest above it tells.
      repo.substitute = (one, bytes) =>
        one === role ? Buffer.concat([bytes, Buffer.from(' ')]) : bytes
      assert.ok(!client.refresh(repo))
      assert.equal(client.version(role), 1)
    })
  }

  it('test_metadata_bytes_match', () => {
    const { repo, client } = start()
    for (const role of ONLINE) {
      repo.roles[role].tamper = (bytes) =>
        Buffer.from(JSON.stringify(JSON.parse(Buffer.from(bytes).toString()), null, 3))
    }
    repo.publish(...ONLINE)
    assert.ok(client.refresh(repo))
    assert.deepEqual(client.manifest, repo.manifest())
  })

  it('test_custom_fields', () => {
    const { repo, client } = start()
    for (const role of ['root', 'snapshot', 'targets'] as const) {
      const { patch } = repo.roles[role]
      repo.roles[role].patch = { ...patch, 'a-field-of-others': { deep: [1, 'two'] } }
    }
    repo.publish('root', ...ONLINE)
    assert.ok(client.refresh(repo))
    assert.match(Buffer.from(client.manifest ?? []).toString(), /a-field-of-others/)
    // They are signed like all else.
    repo.roles.snapshot.tamper = edited(({ signed }) => {
      signed['a-field-of-others'] = 'changed'
    })
    repo.publish('snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
  })

  for (const role of ONLINE) {
    it(`test_${role}_404`, () => {
      const { repo, client } = start()
      assert.ok(client.refresh(repo))
      repo.publish(...ONLINE)
      repo.substitute = (one, bytes) => (one === role ? new Uint8Array() : bytes)
      assert.ok(!client.refresh(repo))
      assert.equal(client.version(role), 1)
    })
  }

  const wrong: Record<RoleName, RoleName> = {
    root: 'targets',
    timestamp: 'snapshot',
    snapshot: 'timestamp',
    targets: 'snapshot',
  }
  for (const role of ['root', ...ONLINE] as const) {
    it(`test_incorrect_metadata_type[${role}]`, () => {
      const { repo, client } = start()
      assert.ok(client.refresh(repo))
      repo.roles[role].patch = { _type: wrong[role] }
      repo.publish(role, ...ONLINE)
      assert.ok(!client.refresh(repo))
      assert.equal(client.version(role), 1)
    })
  }
})

describe('TUF conformance: file download', () => {
  it('test_client_downloads_expected_file', () => {
    const { repo, client } = start()
    assert.ok(client.refresh(repo))
    assert.deepEqual(client.head, repo.head)
  })

  it('test_repository_substitutes_target_file', () => {
    const { repo, client } = start()
    assert.ok(client.refresh(repo))
    repo.publish('timestamp')
    const other = Buffer.from(parseManifest(repo.manifest()).head)
    other[other.length - 3] = (other[other.length - 3] ?? 0) ^ 1
    repo.substitute = (part, bytes) => (part === 'head' ? other : bytes)
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('timestamp'), 1)
  })

  it('test_multiple_changes_to_target', () => {
    const { repo, client } = start()
    assert.ok(client.refresh(repo))
    for (let round = 2; round <= 12; round += 1) {
      const history = { ...repo.head.history, size: round }
      const previous = sha256(parseManifest(repo.manifest()).head)
      repo.head = { ...repo.head, seq: round, previous, history }
      repo.publish('targets', 'snapshot', 'timestamp')
      assert.ok(client.refresh(repo))
      assert.equal(client.head?.seq, round)
      // The bytes of the round after under the signature of this one.
      const next = JSON.stringify({ ...repo.head, seq: round + 1 })
      repo.publish('timestamp')
      repo.substitute = (part, bytes) => (part === 'head' ? Buffer.from(next) : bytes)
      assert.ok(!client.refresh(repo))
      repo.substitute = (_part, bytes) => bytes
    }
  })

  for (const [name, hashes] of Object.entries({
    sha512: { sha512: 'ab'.repeat(64) },
    'sha256 and sha512': { sha256: 'ab'.repeat(32), sha512: 'ab'.repeat(64) },
    unknown: { sha999: 'ab'.repeat(32) },
  })) {
    it(`test_download_with_hash_algorithms[${name}]: one algorithm only, so all others are refused`, () => {
      const { repo, client } = start()
      assert.ok(client.refresh(repo))
      const { length } = parseManifest(repo.manifest()).head
      repo.roles.targets.patch = { targets: { 'head.json': { length, hashes } } }
      repo.publish('targets', 'snapshot', 'timestamp')
      assert.ok(!client.refresh(repo))
      assert.equal(client.version('targets'), 1)
    })
  }
})

describe('TUF conformance: delegations and role names', () => {
  it('refuses delegations as a whole', () => {
    const { repo, client } = start()
    assert.ok(client.refresh(repo))
    repo.roles.targets.patch = { delegations: { keys: {}, roles: [] } }
    repo.publish('targets', 'snapshot', 'timestamp')
    assert.ok(!client.refresh(repo))
    assert.equal(client.version('targets'), 1)
  })

  for (const name of ['?', '#', '/delegatedrole', '../delegatedrole']) {
    it(`test_unusual_role_name[${name}]: no further role is listed`, () => {
      const { repo, client } = start()
      const bytes = parseManifest(repo.manifest()).targets
      const meta = { version: 1, length: bytes.length }
      repo.roles.snapshot.patch = { meta: { 'targets.json': meta, [`${name}.json`]: meta } }
      repo.publish('snapshot', 'timestamp')
      assert.ok(!client.refresh(repo))
    })
  }
})
