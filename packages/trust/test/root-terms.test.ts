import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidRootError, readRootTerms } from '../src/index.ts'
import { CraftedRepository, publicKeysOf, signDocument, signedPart } from './_crafting.ts'

const repository = new CraftedRepository()

describe('readRootTerms', () => {
  it('says all that a root says', () => {
    const online = { publicKeys: publicKeysOf(repository.onlineSigners), threshold: 1 }
    const { number, name, origin, bootstrap, roles } = readRootTerms(repository.firstRoot)
    assert.deepEqual([number, name, origin, bootstrap], [1, 'sample', 'https://repo.example/', []])
    assert.deepEqual(roles, {
      root: { publicKeys: publicKeysOf(repository.rootSigners), threshold: 1 },
      timestamp: online,
      snapshot: online,
      targets: online,
    })
  })

  it('refuses what has no canonical form, for nobody could sign it', () => {
    const signed = { ...signedPart(repository.firstRoot), 'a-field-of-others': 0.5 }
    assert.throws(
      () => readRootTerms(signDocument(signed, repository.rootSigners)),
      (error) => error instanceof InvalidRootError,
    )
  })
})
