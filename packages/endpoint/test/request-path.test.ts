import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RefusedRequestError } from '../src/errors.ts'
import { cleanRequestPath, splitTarget } from '../src/request-path.ts'

function cleaned(path: string): string[] | undefined {
  try {
    return [...cleanRequestPath(path).segments]
  } catch (error) {
    assert.ok(error instanceof RefusedRequestError)
    assert.equal(error.status, 400)
    return undefined
  }
}

const pieces = fc.constantFrom(
  ...[
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '\\',
    '%00',
    '\0',
    '%',
    '%zz',
    '%25',
    '%252e',
  ],
  ...[
    '%c0%ae',
    '%ff',
    'a',
    'data.xml',
    '1.0+x',
    '%2B',
    '~',
    ' ',
    '?',
    '#',
    'é',
    '%C3%A9',
    '\u202e',
  ],
)
const paths = fc
  .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 30 })
  .map((parts) => `/${parts.join('')}`)

describe('cleanRequestPath', () => {
  it('never yields an unclean segment, and is idempotent', () => {
    fc.assert(
      fc.property(paths, (path) => {
        const segments = cleaned(path)
        if (segments === undefined) return
        for (const segment of segments) {
          assert.match(segment, /^[\x21-\x7e]+$/)
          assert.doesNotMatch(segment, /[/\\%]|^\.\.?$/)
        }
        const plain = segments.every((segment) => !/[?#]/.test(segment))
        if (plain) assert.deepEqual(cleaned(`/${segments.join('/')}`), segments)
      }),
      { numRuns: 2_000 },
    )
  })

  it('decodes what a client encoded', () => {
    const names = fc.stringMatching(/^[\x21-\x24\x26-\x2e\x30-\x5b\x5d-\x7e]{1,20}$/)
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 6 }), (segments) => {
        fc.pre(segments.every((segment) => segment !== '.' && segment !== '..'))
        const path = `/${segments.map(encodeURIComponent).join('//')}`
        assert.deepEqual(cleaned(path), segments)
      }),
    )
  })

  it('refuses each unclean form', () => {
    for (const path of [
      ...['/a/../b', '/a/./b', '/..', '/%2e%2e/b', '/a/%2E/b', '/.%2e/b'],
      ...['/a%2fb', '/a%2Fb', '/a\\b', '/a%5cb', '/a%00b', '/a\0b', '/a b', '/a%20b', '/a%0d%0ab'],
      ...['/a%', '/a%zz', '/%c0%ae', '/%ff', '/%252e%252e', '/a%25', '/é', '/%C3%A9', '/a#b'],
      `/${'a'.repeat(5_000)}`,
    ])
      assert.equal(cleaned(path), undefined, path)
  })

  it('folds slashes, drops the query, and tells folders apart', () => {
    assert.deepEqual(cleanRequestPath('//a///b/?x=/..'), { segments: ['a', 'b'], folder: true })
    assert.deepEqual(cleanRequestPath('/a/b?'), { segments: ['a', 'b'], folder: false })
    assert.deepEqual(cleanRequestPath('/'), { segments: [], folder: true })
  })
})

describe('splitTarget', () => {
  it('takes both forms apart', () => {
    assert.deepEqual(splitTarget('/a'), { authority: undefined, path: '/a' })
    assert.deepEqual(splitTarget('http://h:1/a'), { authority: 'h:1', path: '/a' })
    assert.deepEqual(splitTarget('HTTP://h'), { authority: 'h', path: '/' })
  })

  it('refuses other forms', () => {
    for (const target of ['*', 'a', 'ftp://h/a', ''])
      assert.throws(() => splitTarget(target), RefusedRequestError)
  })
})
