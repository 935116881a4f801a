import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { formatHead } from '@jarswarm/manifest'
import {
  createSigner,
  generateKeyPair,
  InvalidKeyError,
  InvalidManifestError,
  keyIdOf,
  manifestMirrors,
  manifestVersions,
  parseManifest,
  resignTimestamp,
  signManifest,
  toMirrorUrl,
  TrustedRepository,
} from '../src/index.ts'
import {
  CraftedRepository,
  DAY_MS,
  makeHead,
  makeSigners,
  NOW_MS,
  publicKeysOf,
} from './_crafting.ts'

const repository = new CraftedRepository()
const init = {
  root: repository.firstRoot,
  head: formatHead(makeHead()),
  previous: undefined,
  nowMs: NOW_MS,
  signers: repository.onlineSigners,
}

describe('signManifest', () => {
  it('makes what a node trusts', () => {
    const { manifest, versions } = signManifest(init)
    const trusted = repository.trust()
    assert.equal(trusted.accept(manifest, NOW_MS), 'newer')
    assert.deepEqual(trusted.head, makeHead())
    assert.equal(trusted.issuedMs, NOW_MS)
    assert.equal(trusted.expiresMs, NOW_MS + 7 * DAY_MS)
    assert.deepEqual(versions, { timestamp: 1, snapshot: 1, targets: 1 })
    assert.deepEqual(manifestVersions(manifest), versions)
  })

  it('goes on from the versions before', () => {
    const { versions } = signManifest({
      ...init,
      previous: { timestamp: 40, snapshot: 7, targets: 3 },
    })
    assert.deepEqual(versions, { timestamp: 41, snapshot: 8, targets: 4 })
  })

  it('refuses signers that do not reach the threshold', () => {
    assert.throws(() => signManifest({ ...init, signers: [] }), InvalidManifestError)
    assert.throws(() => signManifest({ ...init, signers: makeSigners(2) }), InvalidManifestError)
  })

  it('lets each signer sign only for its roles', () => {
    const [timestamp, snapshot, targets] = makeSigners(3).map((signer) => [signer] as const)
    assert.ok(timestamp && snapshot && targets)
    const role = (
      signers: typeof timestamp,
    ): { publicKeys: readonly string[]; threshold: number } => ({
      publicKeys: publicKeysOf(signers),
      threshold: 1,
    })
    const root = repository.makeRoot(2, {
      roles: {
        root: role([repository.rootSigners[0] ?? timestamp[0]]),
        timestamp: role(timestamp),
        snapshot: role(snapshot),
        targets: role(targets),
      },
    })
    const signers = [...timestamp, ...snapshot, ...targets]
    const parts = parseManifest(signManifest({ ...init, root, signers }).manifest)
    for (const [document, signer] of [
      [parts.timestamp, timestamp],
      [parts.snapshot, snapshot],
      [parts.targets, targets],
    ] as const) {
      const { signatures } = JSON.parse(Buffer.from(document).toString()) as {
        signatures: { keyid: string }[]
      }
      assert.deepEqual(
        signatures.map(({ keyid }) => keyid),
        signer.map(({ keyId }) => keyId),
      )
    }
  })

  it('signs the mirrors, and a new list over the same head', () => {
    const trusted = repository.trust()
    const first = signManifest({ ...init, mirrors: ['https://a.example/', 'https://b.example/'] })
    trusted.accept(first.manifest, NOW_MS)
    assert.deepEqual(trusted.mirrors, ['https://a.example/', 'https://b.example/'])
    assert.deepEqual(manifestMirrors(first.manifest), trusted.mirrors)
    const second = signManifest({ ...init, previous: first.versions, mirrors: [] })
    assert.equal(trusted.accept(second.manifest, NOW_MS), 'newer')
    assert.deepEqual(trusted.mirrors, [])
    assert.equal(trusted.head?.seq, 1)
    assert.throws(() => signManifest({ ...init, mirrors: ['https://a.example'] }), /mirrors/)
  })

  it('keeps the mirrors when only the timestamp is signed anew', () => {
    const { manifest } = signManifest({ ...init, mirrors: ['https://a.example/'] })
    const signers = repository.onlineSigners
    const resigned = resignTimestamp({ manifest, nowMs: NOW_MS + DAY_MS, signers })
    assert.deepEqual(manifestMirrors(resigned.manifest), ['https://a.example/'])
  })

  it('refuses a head that is none', () => {
    assert.throws(() => signManifest({ ...init, head: Buffer.from('{}') }), /head/)
  })
})

describe('toMirrorUrl', () => {
  it('brings a URL to its one form', () => {
    assert.equal(toMirrorUrl('HTTPS://Mirror.Example:443'), 'https://mirror.example/')
    assert.equal(toMirrorUrl('http://mirror.example/a/../b'), 'http://mirror.example/b/')
    for (const text of ['ftp://a/', 'https://u:p@a/', 'https://a/?b', 'https://a/#b', 'a', '']) {
      assert.equal(toMirrorUrl(text), undefined, text)
    }
  })
})

describe('resignTimestamp', () => {
  const { manifest } = signManifest(init)
  const resigned = resignTimestamp({
    manifest,
    nowMs: NOW_MS + DAY_MS,
    signers: repository.onlineSigners,
  })

  it('keeps the head and moves the expiry', () => {
    const trusted = repository.trust()
    trusted.accept(manifest, NOW_MS)
    assert.equal(trusted.accept(resigned.manifest, NOW_MS), 'newer')
    assert.equal(trusted.head?.seq, 1)
    assert.equal(trusted.issuedMs, NOW_MS + DAY_MS)
    assert.equal(trusted.expiresMs, NOW_MS + 8 * DAY_MS)
    assert.deepEqual(resigned.versions, { timestamp: 2, snapshot: 1, targets: 1 })
    assert.deepEqual(parseManifest(resigned.manifest).snapshot, parseManifest(manifest).snapshot)
  })

  it('takes up a newer root of the same online keys', () => {
    const root = repository.makeRoot(2)
    const state = resignTimestamp({
      manifest,
      root,
      nowMs: NOW_MS,
      signers: repository.onlineSigners,
    })
    const trusted = repository.trust()
    assert.equal(trusted.accept(state.manifest, NOW_MS), 'newer')
    assert.equal(trusted.rootNumber, 2)
  })

  it('refuses signers that do not reach the threshold', () => {
    assert.throws(
      () => resignTimestamp({ manifest, nowMs: NOW_MS, signers: makeSigners(1) }),
      InvalidManifestError,
    )
  })

  it('refuses to carry a manifest under a root of other keys', () => {
    const [signer] = makeSigners(1)
    assert.ok(signer)
    const other = new CraftedRepository()
    assert.throws(
      () =>
        resignTimestamp({
          manifest,
          root: other.firstRoot,
          nowMs: NOW_MS,
          signers: other.onlineSigners,
        }),
      InvalidManifestError,
    )
  })
})

describe('keys', () => {
  it('survive export and import', () => {
    const { publicKey, privateKey } = generateKeyPair()
    assert.match(publicKey, /^[0-9a-f]{64}$/)
    assert.match(privateKey, /^-----BEGIN PRIVATE KEY-----\n/)
    const signer = createSigner(privateKey)
    assert.equal(signer.publicKey, publicKey)
    assert.equal(signer.keyId, keyIdOf(publicKey))
    assert.equal(signer.sign(new Uint8Array(3)).length, 64)
  })

  it('have the id that TUF gives them', () => {
    // SHA-256 of {"keytype":"ed25519","keyval":{"public":"00…"},"scheme":"ed25519"}, by sha256sum.
    assert.equal(
      keyIdOf('0'.repeat(64)),
      '7f7373360bc914a5d4a7bd87711615178beb6cf52494fcc49082ec65ba62908c',
    )
  })

  it('are refused when they are no ed25519 private key', () => {
    assert.throws(() => createSigner('not a key'), InvalidKeyError)
    const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const pem = rsa.export({ type: 'pkcs8', format: 'pem' }).toString()
    assert.throws(() => createSigner(pem), /InvalidKeyError: .*found type ec, wanted ed25519/)
  })
})

it('signs a state that survives on disk', () => {
  const trusted = repository.trust()
  trusted.accept(signManifest(init).manifest, NOW_MS)
  assert.deepEqual(TrustedRepository.restore(trusted.id, trusted.record()).head, trusted.head)
})
