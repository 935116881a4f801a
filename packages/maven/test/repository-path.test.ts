import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  directoryOf,
  InvalidPathError,
  isPath,
  MAX_PATH_BYTES,
  MAX_PATH_SEGMENTS,
  MAX_SEGMENT_BYTES,
  nameOf,
  parsePath,
} from '../src/index.ts'

const segments = fc
  .string({ unit: fc.constantFrom(...Array.from('abz019.-_~+@:#')), minLength: 1, maxLength: 12 })
  .filter((text) => text !== '.' && text !== '..')
const paths = fc.array(segments, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('/'))

describe('parsePath', () => {
  it('takes names as they are found in repositories', () => {
    for (const text of [
      'org/clojure/clojure/1.12.0/clojure-1.12.0.jar',
      'org/clojure/data.xml/0.2.0-alpha9/data.xml-0.2.0-alpha9.pom',
      'a/b/1.0~rc1+build.5/b-1.0~rc1+build.5.jar',
      '...',
      'index.html',
      'a/.jarswarm',
    ]) {
      assert.equal(parsePath(text), text)
    }
  })
  it('gives back what it takes, and its parts make it up', () => {
    fc.assert(
      fc.property(paths, (text) => {
        const path = parsePath(text)
        assert.equal(path, text)
        const directory = directoryOf(path)
        assert.equal(directory === '' ? nameOf(path) : `${directory}/${nameOf(path)}`, text)
      }),
    )
  })
  it('takes any text as it stands or throws its own error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        if (isPath(text)) {
          assert.equal(parsePath(text), text)
          assert.match(text, /^[\x21-\x7e]+$/)
          assert.ok(!text.split('/').some((part) => ['', '.', '..'].includes(part)))
        } else {
          assert.throws(() => parsePath(text), InvalidPathError)
        }
      }),
    )
  })
  const refused: Record<string, string> = {
    nothing: '',
    'a slash at the start': '/a',
    'a slash at the end': 'a/',
    'two slashes': 'a//b',
    'a dot': 'a/./b',
    'two dots': '../a',
    'a backslash': 'a\\b',
    'a percent sign': 'a%2fb',
    'a space': 'a b',
    'a NUL': 'a\0',
    'a line end': 'a\n',
    'a delete character': 'a\x7f',
    'a character that is not ASCII': 'ä',
    'what we publish ourselves': '.jarswarm/manifest',
    'a segment of 256 bytes': 'a'.repeat(256),
    'more than 32 segments': Array.from({ length: 33 }, () => 'a').join('/'),
    'more than 1024 bytes': Array.from({ length: 5 }, () => 'a'.repeat(205)).join('/'),
  }
  for (const [what, text] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parsePath(text), { name: 'InvalidPathError', code: 'ERR_INVALID_PATH' })
    })
  }
  it('takes MAX_SEGMENT_BYTES, MAX_PATH_SEGMENTS and MAX_PATH_BYTES, and no more', () => {
    const segments = (count: number): string => Array.from({ length: count }, () => 'a').join('/')
    const long = (bytes: number): string => 'a'.repeat(200).concat('/').repeat(6).slice(0, bytes)
    assert.ok(isPath('a'.repeat(MAX_SEGMENT_BYTES)))
    assert.ok(!isPath('a'.repeat(MAX_SEGMENT_BYTES + 1)))
    assert.ok(isPath(segments(MAX_PATH_SEGMENTS)))
    assert.ok(!isPath(segments(MAX_PATH_SEGMENTS + 1)))
    assert.ok(isPath(long(MAX_PATH_BYTES)))
    assert.ok(!isPath(long(MAX_PATH_BYTES + 1)))
    assert.ok(
      isPath([...Array.from({ length: 4 }, () => 'a'.repeat(204)), 'a'.repeat(204)].join('/')),
    )
  })
  it('shows little of a long text', () => {
    assert.throws(
      () => parsePath('a'.repeat(5000)),
      (error: unknown) => {
        assert.ok(error instanceof InvalidPathError)
        assert.equal(error.text.length, 200)
        return true
      },
    )
  })
})
