import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  InvalidManifestError,
  InvalidRootError,
  OlderManifestError,
  RepositoryIdMismatchError,
  RollbackError,
  TrustedRepository,
} from '../src/index.ts'
import { NOW_MS } from './_crafting.ts'
import { repository, SECOND, Trial } from './_trial.ts'

let trial: Trial

beforeEach(() => {
  trial = new Trial()
})

describe('restore', () => {
  it('gives back what was trusted, also expired', () => {
    trial.accept({
      root: repository.makeRoot(2),
      rootNumber: 2,
      patch: { timestamp: { expires: '2020-01-01T00:00:00Z' } },
    })
    const restored = TrustedRepository.restore(repository.id, trial.trusted.record())
    assert.equal(restored.damage, undefined)
    assert.deepEqual(restored.record(), trial.trusted.record())
    assert.deepEqual(restored.head, trial.trusted.head)
    assert.equal(restored.freshness(NOW_MS).state, 'stale')
  })

  it('gives back roots without a manifest', () => {
    const restored = TrustedRepository.restore(repository.id, trial.trusted.record())
    assert.equal(restored.head, undefined)
    assert.equal(restored.damage, undefined)
  })

  it('keeps the floor', () => {
    trial.accept({ versions: SECOND })
    trial.trusted = TrustedRepository.restore(repository.id, trial.trusted.record())
    trial.refuses({}, OlderManifestError)
  })

  it('leaves a damaged manifest out and says why', () => {
    trial.accept({})
    const { roots, manifest } = trial.trusted.record()
    assert.ok(manifest !== undefined)
    for (const damaged of [
      manifest.subarray(0, 500),
      new Uint8Array(0),
      new Uint8Array(manifest.length),
    ]) {
      const restored = TrustedRepository.restore(repository.id, { roots, manifest: damaged })
      assert.equal(restored.head, undefined)
      assert.equal(restored.rootNumber, 1)
      assert.ok(restored.damage instanceof InvalidManifestError)
      assert.equal(restored.accept(manifest, NOW_MS), 'newer')
    }
  })

  it('calls a defect no damage', () => {
    const { roots } = trial.trusted.record()
    const restore = () => TrustedRepository.restore(repository.id, { roots, manifest: 7 as never })
    assert.throws(restore, TypeError)
  })

  it('finds every flipped byte of the manifest, or reads the same', () => {
    trial.accept({})
    const { roots, manifest } = trial.trusted.record()
    assert.ok(manifest !== undefined)
    for (let offset = 0; offset < manifest.length; offset += 7) {
      const flipped = Uint8Array.from(manifest)
      flipped[offset] = (flipped[offset] ?? 0) ^ 0x01
      const restored = TrustedRepository.restore(repository.id, { roots, manifest: flipped })
      // A signature that became that of an unknown key leaves too few; nothing else may go unnoticed.
      if (restored.head !== undefined) assert.deepEqual(restored.head, trial.trusted.head)
    }
  })

  it('refuses damaged roots', () => {
    trial.trusted.acceptRoot(repository.makeRoot(2))
    const [first, second] = trial.trusted.record().roots
    assert.ok(first !== undefined && second !== undefined)
    const restore = (roots: readonly Uint8Array[]) => () =>
      TrustedRepository.restore(repository.id, { roots, manifest: undefined })
    assert.throws(restore([]), InvalidRootError)
    assert.throws(restore([first.subarray(1), second]), RepositoryIdMismatchError)
    assert.throws(restore([first, second.subarray(1)]), InvalidRootError)
    assert.throws(restore([second]), RepositoryIdMismatchError)
    assert.throws(restore([first, first]), RollbackError)
  })
})
