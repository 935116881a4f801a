import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const page = readFileSync('docs/dependencies.md', 'utf8')
const files = ['package.json', ...globSync('packages/*/package.json')]
const read = (file: string): PackageJson => JSON.parse(readFileSync(file, 'utf8')) as PackageJson

/** Between a heading of the page and the next one. */
function section(heading: string): string {
  const [, text = ''] = page.split(`\n## ${heading}\n`)
  return text.split('\n## ', 1)[0] ?? ''
}

/** First cell of each row, without its backticks, and the second. */
const rowsOf = (text: string): readonly (readonly [string, string])[] =>
  [...text.matchAll(/^\| `([^`]+)` +\| ([^|]*?) +\|/gm)].map(([, name = '', cell = '']) => [
    name,
    cell,
  ])

const isOwn = (name: string): boolean => name.startsWith('@jarswarm/')

describe('docs/dependencies.md', () => {
  it('has a row for each package that is needed at run time, and says by whom', () => {
    const users = new Map<string, string[]>()
    for (const file of files) {
      const [, user = 'the checkout'] = /^packages\/([^/]+)\//.exec(file) ?? []
      for (const name of Object.keys(read(file).dependencies ?? {}).filter((one) => !isOwn(one)))
        users.set(name, [...(users.get(name) ?? []), user])
    }
    const wanted = [...users].map(([name, by]) => [name, by.toSorted().join(', ')])
    assert.deepEqual(rowsOf(section('At run time')).toSorted(), wanted.toSorted())
  })

  it('has a row for each package that is needed to develop', () => {
    const wanted = files.flatMap((file) => Object.keys(read(file).devDependencies ?? {}))
    const found = rowsOf(section('To develop')).map(([name]) => name)
    assert.deepEqual(found.toSorted(), [...new Set(wanted)].toSorted())
  })

  it('names what is optional', () => {
    for (const file of files)
      for (const name of Object.keys(read(file).optionalDependencies ?? {}))
        assert.ok(section('At run time').includes(`\`${name}\``), name)
  })

  it('is about exact versions', () => {
    const exact = /^(?:npm:.+@)?\d+\.\d+\.\d+$/
    for (const file of files)
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const)
        for (const [name, range] of Object.entries(read(file)[kind] ?? {}))
          assert.match(range, exact, `${file}: ${name}`)
  })
})
