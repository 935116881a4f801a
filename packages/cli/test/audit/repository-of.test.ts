import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { repositoryOf } from '../../src/audit/remote/repository-of.ts'

const MINE = { name: 'mine', origin: 'https://repo.example.org/maven/' }
const OTHER = { name: 'other', origin: 'https://repo.example.org/other/' }
const NOWHERE = { name: 'nowhere', origin: null }

describe('repositoryOf', () => {
  it('takes the one that is wanted, the only one, or the one whose origin it is', () => {
    const all = [MINE, OTHER, NOWHERE]
    assert.equal(repositoryOf('https://a.example.org/', undefined, [MINE]), 'mine')
    assert.equal(repositoryOf('https://REPO.example.org/other', undefined, all), 'other')
    assert.equal(repositoryOf(MINE.origin, 'nowhere', all), 'nowhere')
  })

  it('chooses none where that would be a guess', () => {
    const twin = { ...MINE, name: 'twin' }
    for (const [url, wanted, followed] of [
      ['https://a.example.org/', undefined, [MINE, OTHER]],
      [MINE.origin, undefined, [MINE, twin]],
      [MINE.origin, 'none', [MINE]],
      ['http://[', undefined, [MINE, OTHER]],
    ] as const) {
      assert.equal(repositoryOf(url, wanted, followed), undefined)
    }
  })
})
