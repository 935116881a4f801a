// Roots that come with manifests, and what becomes of manifests when keys are rotated.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  InvalidManifestError,
  MAX_ROOT_LEAD,
  MissingRootError,
  OlderManifestError,
} from '../src/index.ts'
import type { RoleName } from '../src/index.ts'
import { makeSigners } from './_crafting.ts'
import { repository, rotated, SECOND, Trial } from './_trial.ts'

let trial: Trial

beforeEach(() => {
  trial = new Trial()
})

describe('a root in a manifest', () => {
  it('is accepted with it when it is the next', () => {
    const root = repository.makeRoot(2)
    assert.equal(trial.accept({ root, rootNumber: 2 }), 'newer')
    assert.equal(trial.trusted.rootNumber, 2)
    assert.deepEqual(trial.trusted.root(2), root)
  })

  it('advances even when the timestamp says the same', () => {
    trial.accept({})
    assert.equal(trial.accept({ root: repository.makeRoot(2), rootNumber: 2 }), 'newer')
    assert.equal(trial.trusted.rootNumber, 2)
  })

  it('changes nothing when the rest is refused', () => {
    trial.accept({})
    trial.refuses(
      { root: repository.makeRoot(2), rootNumber: 2, signers: { targets: [] } },
      InvalidManifestError,
    )
  })

  it('is refused when it is not signed by the root before it', () => {
    const root = repository.makeRoot(2, { signers: makeSigners(1) })
    trial.refuses({ root, rootNumber: 2 }, InvalidManifestError, /bad root in it/)
  })

  it('is refused when it has another number than the container says', () => {
    trial.refuses(
      { root: repository.makeRoot(3), rootNumber: 2 },
      InvalidManifestError,
      /bad root in it/,
    )
    trial.refuses(
      { root: repository.firstRoot, rootNumber: 2 },
      InvalidManifestError,
      /bad root in it/,
    )
  })

  it('must be fetched when there are others in between', () => {
    assert.throws(
      () => trial.accept({ root: repository.makeRoot(4), rootNumber: 4 }),
      (error) => error instanceof MissingRootError && error.wanted === 2,
    )
  })

  it('is refused when it is more than MAX_ROOT_LEAD ahead', () => {
    trial.refuses(
      { rootNumber: 1 + MAX_ROOT_LEAD + 1 },
      InvalidManifestError,
      /found root 258, wanted at most 256 more than 1/,
    )
    trial.refuses({ rootNumber: 1 + MAX_ROOT_LEAD }, MissingRootError)
  })

  it('is refused when it is not the first root', () => {
    const replace = (role: RoleName, bytes: Uint8Array): Uint8Array =>
      role === 'root' ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes
    trial.refuses({ replace }, InvalidManifestError, /found a first root of SHA-256/)
  })

  it('is refused without its signatures, for it is passed on', () => {
    const root = repository.makeRoot(2)
    trial.trusted.acceptRoot(root)
    trial.refuses(
      { root: repository.makeRoot(2, { signers: [] }), rootNumber: 2 },
      InvalidManifestError,
    )
    const spaced = Buffer.concat([root, Buffer.from('\n')])
    assert.equal(trial.accept({ root: spaced, rootNumber: 2 }), 'newer')
    assert.deepEqual(trial.trusted.root(2), root)
  })

  it('may be older as long as the keys are the same', () => {
    trial.trusted.acceptRoot(repository.makeRoot(2))
    assert.equal(trial.accept({}), 'newer')
    assert.equal(trial.trusted.rootNumber, 2)
  })
})

describe('rotation', () => {
  const fastForward = { timestamp: 999, snapshot: 999, targets: 999 }

  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    it(`of the ${role} key forgets what was signed, so that numbers begin anew`, () => {
      const signers = makeSigners(1)
      trial.accept({ versions: fastForward, head: { seq: 999 } })
      trial.trusted.acceptRoot(repository.makeRoot(2, rotated(role, signers)))
      assert.equal(trial.trusted.head, undefined)
      assert.equal(trial.trusted.manifest, undefined)
      const root = trial.trusted.root(2)
      assert.ok(root !== undefined)
      assert.equal(trial.accept({ root, rootNumber: 2, signers: { [role]: signers } }), 'newer')
      assert.equal(trial.seq, 1)
    })

    it(`of the ${role} key within a manifest goes from head to head`, () => {
      const signers = makeSigners(1)
      trial.accept({ versions: fastForward })
      const root = repository.makeRoot(2, rotated(role, signers))
      assert.equal(trial.accept({ root, rootNumber: 2, signers: { [role]: signers } }), 'newer')
      assert.equal(trial.seq, 1)
    })

    it(`of the ${role} key makes manifests of the old key old`, () => {
      trial.accept({})
      trial.trusted.acceptRoot(repository.makeRoot(2, rotated(role)))
      trial.refuses(
        { versions: SECOND },
        OlderManifestError,
        /by keys of root 1, wanted keys of root 2/,
      )
      trial.refuses({ versions: SECOND, signers: { [role]: [] } }, InvalidManifestError)
    })
  }

  it('of a threshold forgets as well', () => {
    trial.accept({})
    const [added] = makeSigners(1)
    assert.ok(added !== undefined)
    const changes = rotated('timestamp', [...repository.onlineSigners, added])
    trial.trusted.acceptRoot(repository.makeRoot(2, changes))
    assert.equal(trial.trusted.head, undefined)
  })

  it('of root keys alone forgets nothing', () => {
    trial.accept({ versions: SECOND })
    const signers = makeSigners(1)
    const changes = rotated('root', signers)
    trial.trusted.acceptRoot(
      repository.makeRoot(2, { ...changes, signers: [...repository.rootSigners, ...signers] }),
    )
    assert.equal(trial.seq, 1)
    trial.refuses({}, OlderManifestError)
  })
})
