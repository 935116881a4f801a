import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

/** Every code in some text, sorted, each once. */
const codesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].toSorted()

describe('docs/errors.md', () => {
  const page = readFileSync('docs/errors.md', 'utf8')
  const source = globSync('packages/*/src/**/*.ts')
    .filter((file) => !file.startsWith('packages/testkit/'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

  it('lists exactly the codes that the packages throw', () => {
    assert.deepEqual(
      codesIn(page, /^\| `(ERR_[A-Z_]+)` +\|/gm),
      codesIn(source, /(?:code(?:: string)? = |code: )'(ERR_[A-Z_]+)'/g),
    )
  })
})
