// The root chain: the ideas are those of the key rotation and key cases of TUF client conformance.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import {
  InvalidRootError,
  MAX_ROOT_BYTES,
  RepositoryIdMismatchError,
  TrustedRepository,
} from '../src/index.ts'
import { CraftedRepository, makeSigners, signDocument, signedPart } from './_crafting.ts'
import type { Patch } from './_crafting.ts'

const repository = new CraftedRepository()

function refusesFirst(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => TrustedRepository.create(sha256(bytes), bytes),
    (error) => {
      assert.ok(error instanceof InvalidRootError, String(error))
      assert.match(error.message, message)
      return true
    },
  )
}

/** The first root with some members overridden, signed properly. */
function patched(patch: Patch): Uint8Array {
  const signed = signedPart(repository.firstRoot)
  const changes = typeof patch === 'function' ? (patch(signed) as object) : patch
  return signDocument({ ...signed, ...changes }, repository.rootSigners)
}

function withRole(role: string, changes: object): Uint8Array {
  return patched((signed) => {
    const roles = signed['roles'] as Record<string, object>
    return { roles: { ...roles, [role]: { ...roles[role], ...changes } } }
  })
}

/** The first root, one of whose keys also stands under another id; the timestamp role wants both. */
function withSecondName(keyId: string, changes: object): Uint8Array {
  return patched((signed) => {
    const keys = signed['keys'] as Record<string, object>
    const online = repository.onlineSigners[0]?.keyId ?? ''
    const roles = signed['roles'] as object
    return {
      keys: { ...keys, [keyId]: { ...keys[online], ...changes } },
      roles: { ...roles, timestamp: { keyids: [online, keyId], threshold: 2 } },
    }
  })
}

describe('first root', () => {
  it('is trusted when it hashes to the id and vouches for itself', () => {
    const trusted = repository.trust()
    assert.equal(trusted.rootNumber, 1)
    assert.equal(trusted.name, 'sample')
    assert.equal(trusted.origin, 'https://repo.example/')
    assert.deepEqual(trusted.root(1), repository.firstRoot)
    assert.equal(trusted.root(2), undefined)
    assert.equal(trusted.root(0), undefined)
  })

  it('is refused when it hashes to another id', () => {
    assert.throws(
      () => TrustedRepository.create(sha256(Buffer.from('another')), repository.firstRoot),
      RepositoryIdMismatchError,
    )
  })

  it('is refused unsigned, below its threshold, and signed by others', () => {
    const signed = signedPart(repository.firstRoot)
    refusesFirst(signDocument(signed, []), /signed by 0\/1/)
    refusesFirst(signDocument(signed, makeSigners(2)), /signed by 0\/1/)
  })

  it('is refused when its number is not 1', () => {
    refusesFirst(repository.makeRoot(2), /found number 2, wanted 1/)
  })

  it('is refused beyond MAX_ROOT_BYTES, before it is read', () => {
    const padded = new Uint8Array(MAX_ROOT_BYTES + 1).fill(0x20)
    padded.set(repository.firstRoot)
    refusesFirst(padded, /found 512001 bytes, wanted at most 512000/)
    const allowed = padded.subarray(0, MAX_ROOT_BYTES)
    assert.equal(TrustedRepository.create(sha256(allowed), allowed).rootNumber, 1)
  })

  it('is refused when an expiry or version cannot be read', () => {
    refusesFirst(patched({ expires: 'never' }), /expires/)
    refusesFirst(patched({ expires: '2027-11-22T20:00:00+01:00' }), /YYYY-MM-DDTHH:MM:SSZ/)
    refusesFirst(patched({ version: 0 }), /found version 0/)
  })

  it('is refused as another type', () => {
    refusesFirst(patched({ _type: 'targets' }), /expected 'root', got targets/)
  })
})

describe('keys of a root', () => {
  it('are refused when one public key has two ids', () => {
    refusesFirst(withSecondName('0'.repeat(64), {}), /found key id 0{64}/)
  })

  it('are refused when a key has a second name by an additional member', () => {
    const changed = { keyid_hash_algorithms: ['sha256'] }
    refusesFirst(withSecondName('1'.repeat(64), changed), /found key id 1{64}/)
  })

  it('are refused in another writing of the same key', () => {
    const upper = repository.onlineSigners[0]?.publicKey.toUpperCase()
    refusesFirst(withSecondName('2'.repeat(64), { keyval: { public: upper } }), /lower-case hex/)
    refusesFirst(withSecondName('2'.repeat(64), { keyval: {} }), /lower-case hex/)
  })

  it('are refused when they are not ed25519', () => {
    refusesFirst(withSecondName('3'.repeat(64), { keytype: 'rsa' }), /of type rsa/)
    refusesFirst(withSecondName('3'.repeat(64), { scheme: 'rsassa-pss-sha256' }), /wanted ed25519/)
  })

  it('are refused when a role names one that is not listed', () => {
    const keyids = [repository.onlineSigners[0]?.keyId, '4'.repeat(64)]
    refusesFirst(withRole('snapshot', { keyids }), /found snapshot key 4{64}/)
  })

  it('are refused when a role names one twice', () => {
    const keyId = repository.onlineSigners[0]?.keyId
    refusesFirst(
      withRole('timestamp', { keyids: [keyId, keyId], threshold: 2 }),
      /duplicate key IDs/,
    )
  })
})

describe('roles of a root', () => {
  it('are refused with a threshold that is no integer from 1 to the number of keys', () => {
    refusesFirst(withRole('timestamp', { threshold: 0 }), /threshold/)
    refusesFirst(withRole('timestamp', { threshold: -1 }), /threshold/)
    refusesFirst(withRole('timestamp', { threshold: 2 }), /found timestamp threshold 2 of 1 keys/)
    refusesFirst(withRole('timestamp', { threshold: '1' }), /threshold must be a number/)
  })

  it('are refused with a threshold between two integers', () => {
    const root = withRole('timestamp', { threshold: 1 }).toString()
    refusesFirst(Buffer.from(root.replace(/("threshold":)1/g, '$11.5')), /cannot encode|1\.5/)
  })

  it('are refused without keys', () => {
    refusesFirst(withRole('targets', { keyids: [] }), /found targets threshold 1 of 0 keys/)
  })

  it('are refused when one is missing or unknown', () => {
    const keyids = [repository.onlineSigners[0]?.keyId]
    refusesFirst(withRole('mirrors', { keyids, threshold: 1 }), /found role "mirrors"/)
    refusesFirst(patched({ roles: {} }), /missing top-level role/)
  })
})

describe('description in a root', () => {
  const described = (changes: object): Uint8Array =>
    patched((signed) => ({ 'x-jarswarm': { ...(signed['x-jarswarm'] as object), ...changes } }))

  it('is refused when it is missing', () => {
    refusesFirst(patched({ 'x-jarswarm': undefined }), /found no x-jarswarm/)
    refusesFirst(patched({ 'x-jarswarm': null }), /found no x-jarswarm/)
  })

  it('is refused with a name that is none', () => {
    refusesFirst(described({ name: '-' }), /found name "-"/)
    refusesFirst(described({ name: '../up' }), /found name/)
    refusesFirst(described({ name: 7 }), /found name 7/)
  })

  it('is refused with an origin that is no http URL', () => {
    refusesFirst(described({ origin: 'file:///etc' }), /found origin "file/)
    refusesFirst(described({ origin: 7 }), /found origin 7/)
  })

  it('may name no origin', () => {
    const bytes = described({ origin: null })
    assert.equal(TrustedRepository.create(sha256(bytes), bytes).origin, undefined)
  })

  it('leaves bootstrap addresses out whose form it does not know', () => {
    const peer = `/ip4/192.0.2.1/tcp/4870/p2p/12D3KooW${'a'.repeat(44)}`
    const bytes = described({ bootstrap: ['/later/form', peer] })
    assert.deepEqual(TrustedRepository.create(sha256(bytes), bytes).bootstrap, [peer])
    refusesFirst(described({ bootstrap: 'none' }), /found bootstrap/)
    refusesFirst(described({ bootstrap: [7] }), /found bootstrap/)
  })

  it('is refused when the withdrawals that it allows are no list of SHA-256', () => {
    const batch = sha256(Buffer.from('a batch'))
    const allowed = (withdrawals: unknown): ReadonlySet<string> => {
      const bytes = described({ withdrawals })
      return TrustedRepository.create(sha256(bytes), bytes).allowedWithdrawals
    }
    assert.deepEqual(allowed([batch]), new Set([batch]))
    assert.deepEqual(allowed([]), new Set())
    assert.deepEqual(allowed(undefined), new Set())
    const [short, long, upper] = [batch.slice(1), `${batch}0`, batch.toUpperCase()]
    const notHex = `g${batch.slice(1)}`
    const members = [
      7,
      null,
      true,
      '',
      [batch],
      { batch },
      short,
      long,
      upper,
      notHex,
      `${batch}\n`,
    ]
    const lists = [null, 7, '', batch, true, {}, { 0: batch, length: 1 }]
    for (const withdrawals of [...lists, ...members.map((member) => [batch, member])])
      refusesFirst(described({ withdrawals }), /found withdrawals of another form/)
  })
})
