import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_MIRROR_URL_LENGTH, MAX_MIRRORS } from '../src/limits.ts'
import { mirrorListFault, toMirrorUrl } from '../src/mirror-list.ts'

describe('mirrorListFault', () => {
  it('finds none in a list of MAX_MIRRORS, and one in a longer list', () => {
    const list = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `https://m${String(at + 100)}.example/`)
    assert.equal(mirrorListFault(list(MAX_MIRRORS)), undefined)
    assert.equal(mirrorListFault(list(MAX_MIRRORS + 1)), `${String(MAX_MIRRORS + 1)} mirrors`)
  })
})

describe('toMirrorUrl', () => {
  it('takes a URL of MAX_MIRROR_URL_LENGTH, and none longer, its last slash included', () => {
    const url = (length: number): string => `${'https://m.example/'.padEnd(length - 1, 'a')}/`
    assert.equal(toMirrorUrl(url(MAX_MIRROR_URL_LENGTH)), url(MAX_MIRROR_URL_LENGTH))
    assert.equal(toMirrorUrl(url(MAX_MIRROR_URL_LENGTH + 1)), undefined)
    assert.equal(toMirrorUrl(url(MAX_MIRROR_URL_LENGTH + 1).slice(0, -1)), undefined)
  })
})
