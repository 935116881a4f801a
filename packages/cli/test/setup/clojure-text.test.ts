import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clojureWords } from '../../src/setup/clojure-text.ts'

describe('clojureWords', () => {
  it('finds words outside of comments and strings', () => {
    const words = clojureWords('{:user {:a "x :b \\" :c" ; :d\n :e #"[(]:f" \\( \\newline}}')
    assert.deepEqual(
      [':user', ':a', ':b', ':c', ':d', ':e', ':f'].filter((word) => words?.has(word)),
      [':user', ':a', ':e'],
    )
  })

  for (const text of ['(', '[1 2', '{:a "', '(]', ')', '(a) #_', "(a) '", '(a) ^'])
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(clojureWords(text), undefined)
    })

  for (const text of ['', '; only (\n', '(a) ; #_', '"("', '\\(', '#_(a)', "'(a)"])
    it(`accepts ${JSON.stringify(text)}`, () => {
      assert.ok(clojureWords(text) !== undefined)
    })
})
