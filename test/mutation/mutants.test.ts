import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mutantsOf } from './mutants.ts'

const changes = (text: string): string[] =>
  mutantsOf('a.ts', text).map(({ start, end, replacement }) =>
    `${text.slice(0, start)}${replacement}${text.slice(end)}`.trim(),
  )

describe('mutantsOf', () => {
  it('holds conditions, swaps comparisons, flips booleans', () => {
    assert.deepEqual(changes('if (a < b) c()'), [
      'if (true) c()',
      'if (false) c()',
      'if (a <= b) c()',
      'if (a < b) ;',
    ])
    assert.deepEqual(changes('const a = !b'), ['const a = (b)'])
    assert.deepEqual(changes('const a = true'), ['const a = false'])
    assert.deepEqual(changes('const a = b.some(c)'), ['const a = b.every(c)'])
    assert.deepEqual(changes('const a = b && c'), ['const a = b || c'])
  })

  it('leaves messages and types alone', () => {
    assert.deepEqual(changes('throw new Error(`found ${a + b}`)'), [])
    assert.deepEqual(changes('type A = true'), [])
  })
})
