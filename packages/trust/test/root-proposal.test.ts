import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import {
  InvalidKeyError,
  InvalidRootError,
  MAX_PROPOSAL_BYTES,
  readRootTerms,
  RootProposal,
  TrustedRepository,
} from '../src/index.ts'
import type { RootTerms, Signer } from '../src/index.ts'
import { CraftedRepository, makeSigners, NOW_MS, publicKeysOf } from './_crafting.ts'

const repository = new CraftedRepository()
const [rootSigner] = repository.rootSigners
const [ann, bob, cecil] = makeSigners(3)
assert.ok(rootSigner && ann && bob && cecil)
const terms = readRootTerms(repository.firstRoot)

function termsWith(root: readonly Signer[], threshold: number): RootTerms {
  return {
    ...terms,
    roles: { ...terms.roles, root: { publicKeys: publicKeysOf(root), threshold } },
  }
}

/** From one key to two of three. */
const proposal = RootProposal.create([repository.firstRoot], {
  ...termsWith([ann, bob, cecil], 2),
  nowMs: NOW_MS,
})

function refuses(bytes: Uint8Array | string, message: RegExp): void {
  const read = () => RootProposal.parse(Buffer.from(bytes))
  assert.throws(read, (error) => error instanceof InvalidRootError && message.test(error.message))
}

const document = (changes: object = {}): string =>
  JSON.stringify({
    ...(JSON.parse(Buffer.from(proposal.format()).toString()) as object),
    ...changes,
  })

describe('RootProposal', () => {
  it('says whose root it is, and what changes', () => {
    assert.equal(proposal.id, repository.id)
    assert.equal(proposal.number, 2)
    assert.deepEqual(proposal.current, terms)
    assert.deepEqual(proposal.proposed.roles.root, {
      publicKeys: publicKeysOf([ann, bob, cecil]),
      threshold: 2,
    })
    assert.equal(proposal.proposed.expiresMs, NOW_MS + 365 * 24 * 60 * 60 * 1000)
  })

  it('is complete when both thresholds are met, in any order of signing', () => {
    for (const signers of [
      [rootSigner, ann, bob],
      [cecil, ann, rootSigner],
    ]) {
      let signed = proposal
      for (const signer of signers) {
        assert.ok(!signed.isComplete)
        signed = RootProposal.parse(signed.sign(signer).format())
      }
      assert.ok(signed.isComplete)
      const trusted = TrustedRepository.create(repository.id, repository.firstRoot)
      trusted.acceptRoot(signed.root)
      assert.equal(trusted.rootNumber, 2)
    }
  })

  it('is not complete with one threshold only', () => {
    assert.ok(!proposal.sign(ann).sign(bob).sign(cecil).isComplete)
    assert.ok(!proposal.sign(rootSigner).sign(bob).isComplete)
  })

  it('counts signatures by threshold', () => {
    assert.deepEqual(proposal.sign(bob).signatures, [
      { of: 'current', threshold: 1, signed: [], unsigned: [rootSigner.publicKey] },
      {
        of: 'proposed',
        threshold: 2,
        signed: [bob.publicKey],
        unsigned: [ann.publicKey, cecil.publicKey],
      },
    ])
  })

  it('counts one key once, however often it signs', () => {
    assert.ok(!proposal.sign(rootSigner).sign(bob).sign(bob).isComplete)
  })

  it('takes no signature of a key that is no root key', () => {
    const [stranger] = makeSigners(1)
    assert.ok(stranger)
    assert.throws(() => proposal.sign(stranger), InvalidKeyError)
    const [online] = repository.onlineSigners
    assert.ok(online)
    assert.throws(() => proposal.sign(online), InvalidKeyError)
  })

  it('gathers signatures of several machines', () => {
    const merged = proposal.sign(ann).merge(proposal.sign(bob)).merge(proposal.sign(rootSigner))
    assert.ok(merged.isComplete)
    assert.deepEqual(merged.merge(proposal).root, merged.root)
  })

  it('does not let a spoilt signature push out a good one', () => {
    const good = proposal.sign(ann)
    const text = Buffer.from(good.format()).toString()
    const at = text.lastIndexOf('sig\\":\\"') + 'sig\\":\\"'.length
    const spoilt = RootProposal.parse(
      Buffer.from(`${text.slice(0, at)}00000000${text.slice(at + 8)}`),
    )
    assert.deepEqual(spoilt.signatures[1]?.signed, [])
    assert.deepEqual(good.merge(spoilt).signatures, good.signatures)
    assert.deepEqual(spoilt.merge(good).signatures, good.signatures)
  })

  it('is not merged with one that says something else', () => {
    const other = RootProposal.create([repository.firstRoot], {
      ...termsWith([ann, bob, cecil], 3),
      nowMs: NOW_MS,
    })
    assert.throws(() => proposal.merge(other), InvalidRootError)
    const foreign = new CraftedRepository()
    const same = RootProposal.create([foreign.firstRoot], {
      ...termsWith([ann, bob, cecil], 2),
      nowMs: NOW_MS,
    })
    assert.throws(() => proposal.merge(same), InvalidRootError)
  })

  it('can be the first root, signed on several machines', () => {
    const first = RootProposal.create([], { ...termsWith([ann, bob], 2), nowMs: NOW_MS })
    assert.equal(first.id, undefined)
    assert.equal(first.current, undefined)
    assert.ok(!first.sign(ann).isComplete)
    const signed = RootProposal.parse(first.sign(ann).format()).sign(bob)
    assert.ok(signed.isComplete)
    assert.equal(TrustedRepository.create(sha256(signed.root), signed.root).rootNumber, 1)
  })

  it('is refused when nobody could trust it', () => {
    assert.throws(
      () => RootProposal.create([], { ...termsWith([ann], 2), nowMs: NOW_MS }),
      InvalidRootError,
    )
    assert.throws(
      () => RootProposal.create([repository.firstRoot], { ...terms, name: 'other', nowMs: NOW_MS }),
      /found name other, wanted sample as before/,
    )
  })
})

describe('a proposal file', () => {
  it('is read back byte for byte', () => {
    const signed = proposal.sign(ann)
    assert.deepEqual(RootProposal.parse(signed.format()).format(), signed.format())
    assert.deepEqual(
      RootProposal.parse(signed.format()).roots[0],
      new Uint8Array(repository.firstRoot),
    )
  })

  it('is refused when it is none', () => {
    refuses('nonsense', /not JSON/)
    refuses('null', /found format undefined/)
    refuses(document({ format: 'jarswarm root proposal 2' }), /found format/)
    refuses(document({ roots: 'x' }), /other members/)
    refuses(document({ roots: [1] }), /other members/)
    refuses(document({ proposed: 1 }), /other members/)
  })

  it('is read up to MAX_PROPOSAL_BYTES, and refused beyond', () => {
    const padded = (size: number): Uint8Array => Buffer.from(document().padEnd(size))
    assert.equal(RootProposal.parse(padded(MAX_PROPOSAL_BYTES)).id, repository.id)
    refuses(padded(MAX_PROPOSAL_BYTES + 1), /wanted at most/)
  })

  it('is refused when its roots do not follow from one another', () => {
    const [stranger] = makeSigners(1)
    assert.ok(stranger)
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
    const forged = repository.makeRoot(2, { signers: [stranger] })
    const third = text(repository.makeRoot(3))
    refuses(
      document({ roots: [text(repository.firstRoot), text(forged)], proposed: third }),
      /Cannot trust the root/,
    )
    refuses(document({ roots: [text(repository.makeRoot(1, { signers: [] }))] }), /Cannot trust/)
    refuses(document({ proposed: third }), /found root 3 proposed, wanted root 2/)
    refuses(document({ proposed: '{}' }), /Cannot trust the root/)
  })
})
