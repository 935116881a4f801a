import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Signer } from '../../src/index.ts'
import { makeSigners } from '../_crafting.ts'
import { Client, start } from './_client.ts'
import { Simulator } from './_simulator.ts'

/** Keys and signatures of one version, as indices of signers; the last one is refused when `fails`. */
interface Version {
  readonly keys: readonly number[]
  readonly threshold: number
  readonly sigs: readonly number[]
  readonly fails?: boolean
}

const five = { keys: [0, 1, 2, 3, 4], threshold: 3 }
const fiveLater = { keys: [0, 1, 3, 4, 5], threshold: 3 }

const rootCases: Readonly<Record<string, readonly Version[]>> = {
  '1-of-1-key-rotation': [
    { keys: [1], threshold: 1, sigs: [1] },
    { keys: [2], threshold: 1, sigs: [2, 1] },
    { keys: [2], threshold: 1, sigs: [2] },
  ],
  '1-of-1-key-rotation-unused-signatures': [
    { keys: [1], threshold: 1, sigs: [3, 1, 4] },
    { keys: [2], threshold: 1, sigs: [3, 2, 1, 4] },
    { keys: [2], threshold: 1, sigs: [3, 2, 4] },
  ],
  '3-of-5-sign-with-different-keycombos': [
    { ...five, sigs: [0, 2, 4] },
    { ...five, sigs: [0, 4, 1] },
    { ...five, sigs: [0, 1, 3] },
    { ...five, sigs: [0, 1, 3] },
  ],
  '3-of-5-one-key-rotated': [
    { ...five, sigs: [0, 2, 4] },
    { ...fiveLater, sigs: [0, 4, 1] },
  ],
  '3-of-5-one-key-rotated-with-intermediate-step': [
    { ...five, sigs: [0, 2, 4] },
    { ...fiveLater, sigs: [0, 2, 4, 5] },
    { ...fiveLater, sigs: [0, 4, 5] },
  ],
  '3-of-5-all-keys-rotated-with-intermediate-step': [
    { ...five, sigs: [0, 2, 4] },
    { keys: [5, 6, 7, 8, 9], threshold: 3, sigs: [0, 2, 4, 5, 6, 7] },
    { keys: [5, 6, 7, 8, 9], threshold: 3, sigs: [5, 6, 7] },
  ],
  '1-of-3-threshold-increase-to-2-of-3': [
    { keys: [1, 2, 3], threshold: 1, sigs: [1] },
    { keys: [1, 2, 3], threshold: 2, sigs: [1, 2] },
  ],
  '2-of-3-threshold-decrease-to-1-of-3': [
    { keys: [1, 2, 3], threshold: 2, sigs: [1, 2] },
    { keys: [1, 2, 3], threshold: 1, sigs: [1, 2] },
    { keys: [1, 2, 3], threshold: 1, sigs: [1] },
  ],
  '1-of-2-threshold-increase-to-2-of-2': [
    { keys: [1], threshold: 1, sigs: [1] },
    { keys: [1, 2], threshold: 2, sigs: [1, 2] },
  ],
  '1-of-1-key-rotation-fail-not-signed-with-old-key': [
    { keys: [1], threshold: 1, sigs: [1] },
    { keys: [2], threshold: 1, sigs: [2, 3, 4], fails: true },
  ],
  '1-of-1-key-rotation-fail-not-signed-with-new-key': [
    { keys: [1], threshold: 1, sigs: [1] },
    { keys: [2], threshold: 1, sigs: [1, 3, 4], fails: true },
  ],
  '3-of-5-one-key-rotate-fails-not-signed-with-3-new-keys': [
    { ...five, sigs: [0, 2, 4] },
    { ...fiveLater, sigs: [0, 2, 4], fails: true },
  ],
  '3-of-5-one-key-rotate-fails-not-signed-with-3-old-keys': [
    { ...five, sigs: [0, 2, 4] },
    { ...fiveLater, sigs: [0, 4, 5], fails: true },
  ],
  '1-of-3-threshold-bump-to-2-of-3-fails-new-threshold-not-reached': [
    { keys: [1, 2, 3], threshold: 1, sigs: [1] },
    { keys: [1, 2, 3], threshold: 2, sigs: [2], fails: true },
  ],
  '2-of-3-threshold-decr-to-1-of-3-fails-old-threshold-not-reached': [
    { keys: [1, 2, 3], threshold: 2, sigs: [1, 2] },
    { keys: [1, 2, 3], threshold: 1, sigs: [1], fails: true },
  ],
}

const otherCases: Readonly<Record<string, Version>> = {
  '1-of-1-key-rotation': { keys: [2], threshold: 1, sigs: [2] },
  '1-of-1-key-rotation-unused-signatures': { keys: [1], threshold: 1, sigs: [3, 1, 4] },
  '1-of-1-key-rotation-fail-not-signed-with-new-key': {
    keys: [2],
    threshold: 1,
    sigs: [1, 3, 4],
    fails: true,
  },
  '3-of-5-one-key-signature-wrong-not-signed-with-3-expected-keys': {
    ...fiveLater,
    sigs: [0, 2, 4],
    fails: true,
  },
  '2-of-5-one-key-signature-missing-threshold-not-reached': {
    ...fiveLater,
    sigs: [0, 4],
    fails: true,
  },
  '3-of-5-sign-first-combo': { ...five, sigs: [0, 2, 4] },
  '3-of-5-sign-second-combo': { ...five, sigs: [0, 4, 1] },
  '3-of-5-sign-third-combo': { ...five, sigs: [0, 1, 3] },
  '3-of-5-sign-fourth-combo': { ...five, sigs: [1, 2, 3] },
  '3-of-5-sign-fifth-combo': { ...five, sigs: [2, 3, 4] },
}

const people = makeSigners(10)
const pick = (indices: readonly number[]): Signer[] =>
  indices.flatMap((index) => people[index] ?? [])

describe('TUF conformance: key rotation', () => {
  for (const [name, versions] of Object.entries(rootCases)) {
    it(`test_root_rotation[${name}]`, () => {
      const repo = new Simulator()
      repo.roots.splice(0)
      repo.roles.root.version = 0
      for (const { keys, threshold, sigs } of versions) {
        Object.assign(repo.roles.root, { keys: pick(keys), threshold, signers: pick(sigs) })
        repo.publish('root')
      }
      const client = new Client(repo.roots[0] ?? new Uint8Array())
      const fails = versions.at(-1)?.fails === true
      assert.equal(client.refresh(repo), !fails)
      assert.equal(client.version('root'), fails ? versions.length - 1 : versions.length)
    })
  }

  for (const [name, { keys, threshold, sigs, fails = false }] of Object.entries(otherCases)) {
    for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
      it(`test_non_root_rotations[${name}, ${role}]`, () => {
        const { repo, client } = start()
        Object.assign(repo.roles[role], { keys: pick(keys), threshold, signers: pick(sigs) })
        repo.publish('root', 'targets', 'snapshot', 'timestamp')
        assert.equal(client.refresh(repo), !fails)
        assert.equal(client.version(role), fails ? undefined : 2)
      })
    }
  }
})
