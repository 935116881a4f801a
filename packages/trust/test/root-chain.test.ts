// The ideas are those of the root rotation cases of TUF client conformance.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import {
  createRoot,
  InvalidRootError,
  RollbackError,
  signRoot,
  TrustedRepository,
} from '../src/index.ts'
import type { RootInit, Signer } from '../src/index.ts'
import { CraftedRepository, makeSigners, NOW_MS, publicKeysOf } from './_crafting.ts'

const repository = new CraftedRepository()

interface RootKeys {
  readonly keys: readonly number[]
  readonly threshold: number
}

interface Step extends RootKeys {
  readonly signedBy: readonly number[]
}

const people = makeSigners(8)
const pick = (indices: readonly number[]): Signer[] =>
  indices.flatMap((index) => people[index] ?? [])

function rootOf(version: number, step: Step, changes: Partial<RootInit> = {}): Uint8Array {
  const online = { publicKeys: publicKeysOf(repository.onlineSigners), threshold: 1 }
  const root = { publicKeys: publicKeysOf(pick(step.keys)), threshold: step.threshold }
  return createRoot({
    version,
    name: 'sample',
    origin: null,
    bootstrap: [],
    roles: { root, timestamp: online, snapshot: online, targets: online },
    nowMs: NOW_MS,
    signers: pick(step.signedBy),
    ...changes,
  })
}

/** @returns the number of the last root that was accepted */
function follow(steps: readonly Step[]): number {
  const [first, ...others] = steps.map((step, index) => rootOf(index + 1, step))
  assert.ok(first !== undefined)
  const trusted = TrustedRepository.create(sha256(first), first)
  for (const root of others) {
    try {
      trusted.acceptRoot(root)
    } catch (error) {
      assert.ok(error instanceof InvalidRootError, String(error))
      break
    }
  }
  return trusted.rootNumber
}

describe('root chain', () => {
  const one = { keys: [0], threshold: 1 }
  const other = { keys: [1], threshold: 1 }
  const five = { keys: [0, 1, 2, 3, 4], threshold: 3 }
  const fiveLater = { keys: [0, 3, 4, 5, 6], threshold: 3 }
  const good: Record<string, readonly Step[]> = {
    '1-of-1 to another key': [
      { ...one, signedBy: [0] },
      { ...other, signedBy: [0, 1] },
    ],
    '1-of-1 and back again': [
      { ...one, signedBy: [0] },
      { ...other, signedBy: [0, 1] },
      { ...one, signedBy: [0, 1] },
    ],
    '3-of-5 signed by exactly enough': [
      { ...five, signedBy: [0, 2, 4] },
      { ...five, signedBy: [1, 2, 3] },
    ],
    '3-of-5 to other keys, signed by three of both': [
      { ...five, signedBy: [0, 1, 2] },
      { ...fiveLater, signedBy: [0, 3, 4] },
    ],
    '3-of-5 to other keys, signed by different people of both': [
      { ...five, signedBy: [0, 1, 2] },
      { ...fiveLater, signedBy: [0, 1, 2, 5, 6] },
    ],
    'threshold up': [
      { keys: [0, 1], threshold: 1, signedBy: [0] },
      { keys: [0, 1], threshold: 2, signedBy: [0, 1] },
    ],
    'threshold down': [
      { keys: [0, 1], threshold: 2, signedBy: [0, 1] },
      { keys: [0, 1], threshold: 1, signedBy: [0, 1] },
      { keys: [0, 1], threshold: 1, signedBy: [1] },
    ],
    'keys added and removed in several steps': [
      { ...one, signedBy: [0] },
      { keys: [0, 1, 2], threshold: 2, signedBy: [0, 1] },
      { keys: [1, 2], threshold: 2, signedBy: [1, 2] },
      { keys: [2], threshold: 1, signedBy: [1, 2] },
    ],
  }
  for (const [name, steps] of Object.entries(good)) {
    it(`follows ${name}`, () => {
      assert.equal(follow(steps), steps.length)
    })
  }

  const bad: Record<string, readonly Step[]> = {
    'a new key that only signs itself': [
      { ...one, signedBy: [0] },
      { ...other, signedBy: [1] },
    ],
    'a new key that does not sign': [
      { ...one, signedBy: [0] },
      { ...other, signedBy: [0] },
    ],
    'two of three old signatures': [
      { ...five, signedBy: [0, 1, 2] },
      { ...fiveLater, signedBy: [0, 3, 5, 6] },
    ],
    'two of three new signatures': [
      { ...five, signedBy: [0, 1, 2] },
      { ...fiveLater, signedBy: [0, 1, 2, 5] },
    ],
    'a raised threshold that is not reached': [
      { keys: [0, 1], threshold: 1, signedBy: [0] },
      { keys: [0, 1], threshold: 2, signedBy: [0] },
    ],
    'a lowered threshold used one root too early': [
      { keys: [0, 1], threshold: 2, signedBy: [0, 1] },
      { keys: [0, 1], threshold: 1, signedBy: [0] },
    ],
  }
  for (const [name, steps] of Object.entries(bad)) {
    it(`refuses ${name}`, () => {
      assert.equal(follow(steps), steps.length - 1)
    })
  }

  it('refuses a number that is not the next', () => {
    const trusted = repository.trust()
    assert.throws(() => {
      trusted.acceptRoot(repository.makeRoot(3))
    }, /InvalidRootError: .*found number 3, wanted 2/)
    trusted.acceptRoot(repository.makeRoot(2))
    for (const number of [1, 2]) {
      assert.throws(() => {
        trusted.acceptRoot(repository.makeRoot(number))
      }, RollbackError)
    }
    assert.equal(trusted.rootNumber, 2)
  })

  it('accepts successors of an expired root', () => {
    const trusted = repository.trust()
    trusted.acceptRoot(repository.makeRoot(2, { lifeMs: -1000 }))
    trusted.acceptRoot(repository.makeRoot(3))
    assert.equal(trusted.rootNumber, 3)
  })

  it('refuses another name', () => {
    assert.throws(() => {
      repository.trust().acceptRoot(repository.makeRoot(2, { name: 'renamed' }))
    }, /InvalidRootError: .*found name renamed, wanted sample/)
  })

  it('follows another origin and other bootstrap peers', () => {
    const peer = `/dns4/swarm.example/tcp/4870/p2p/12D3KooW${'a'.repeat(44)}`
    const trusted = repository.trust()
    trusted.acceptRoot(repository.makeRoot(2, { origin: null, bootstrap: [peer] }))
    assert.equal(trusted.origin, undefined)
    assert.deepEqual(trusted.bootstrap, [peer])
  })
})

describe('createRoot', () => {
  it('lets signers add their signatures one after the other', () => {
    const step = { keys: [0, 1, 2], threshold: 2, signedBy: [0] }
    const partial = rootOf(1, step)
    assert.throws(() => TrustedRepository.create(sha256(partial), partial), /signed by 1\/2/)
    const whole = signRoot(partial, pick([2]))
    assert.equal(TrustedRepository.create(sha256(whole), whole).rootNumber, 1)
  })

  it('refuses what nobody could trust', () => {
    const step = { keys: [0], threshold: 1, signedBy: [0] }
    assert.throws(() => rootOf(1, { ...step, threshold: 2 }), InvalidRootError)
    assert.throws(() => rootOf(1, { ...step, keys: [0, 0] }), InvalidRootError)
    assert.throws(() => rootOf(0, step), InvalidRootError)
    assert.throws(() => rootOf(1, step, { name: 'No' }), InvalidRootError)
    assert.throws(() => rootOf(1, step, { bootstrap: ['/ip4/192.0.2.1/tcp/1'] }), InvalidRootError)
  })
})
