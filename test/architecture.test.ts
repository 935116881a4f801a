import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'

const SCOPE = '@jarswarm/'

/** Lowest layer first. A package may import only packages of a lower layer. */
const LAYERS = [
  ['maven'],
  ['manifest'],
  ['trust'],
  ['ports', 'http', 'files'],
  ['store', 'swarm', 'upstream', 'mirror', 'endpoint', 'publisher'],
  ['node'],
  ['cli'],
  ['testkit'],
]

/** Packages that do no input or output. */
const PURE = ['maven', 'manifest', 'trust', 'ports']

/** What may reach outside the process, and libraries that do. */
const OUTSIDE =
  /^(node:(fs|net|http|https|dgram|child_process|worker_threads)|libp2p|@libp2p|level|undici)/

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>
}

interface TsConfig {
  readonly references?: readonly { readonly path: string }[]
}

const layerOf = (name: string): number => LAYERS.findIndex((layer) => layer.includes(name))

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

/** Every module specifier in `file`, those of type imports too, in order. */
function specifiersOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import) '([^']+)'/g)].map((match) => match[1] ?? '')
}

/** The files of one import cycle, first to last, or undefined when there is none. */
function findCycle(files: readonly string[]): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    done.add(file)
    for (const specifier of specifiersOf(file).filter((text) => text.startsWith('.'))) {
      const cycle = visit(join(dirname(file), specifier), [...path, file])
      if (cycle !== undefined) return cycle
    }
    return undefined
  }
  for (const file of files) {
    const cycle = visit(file, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

for (const name of LAYERS.flat()) {
  describe(`package ${name}`, () => {
    const root = `packages/${name}`
    const files = globSync(`${root}/src/**/*.ts`)
    const { dependencies = {} } = readJson(`${root}/package.json`) as PackageJson
    const declared = Object.keys(dependencies)
      .filter((dep) => dep.startsWith(SCOPE))
      .toSorted()

    it('declares exactly the workspace packages it imports', () => {
      const imported = files.flatMap(specifiersOf).filter((text) => text.startsWith(SCOPE))
      assert.deepEqual(declared, [...new Set(imported)].toSorted())
    })
    it('imports only packages of a lower layer', () => {
      for (const dep of declared) {
        assert.ok(layerOf(dep.slice(SCOPE.length)) < layerOf(name), `${name} may not import ${dep}`)
      }
    })
    it('references in tsconfig.json exactly what it declares', () => {
      const { references = [] } = readJson(`${root}/tsconfig.json`) as TsConfig
      const referenced = references.map((ref) => ref.path.replace('../', SCOPE))
      assert.deepEqual(referenced.toSorted(), declared)
    })
    it('has no import cycle, type imports included', () => {
      assert.equal(findCycle(files)?.join(' -> '), undefined)
    })
    it('does no input or output when it is pure', () => {
      if (!PURE.includes(name)) return
      for (const file of files) {
        assert.deepEqual(
          specifiersOf(file).filter((text) => OUTSIDE.test(text)),
          [],
          file,
        )
      }
    })
    it('does not import the test kit', () => {
      assert.ok(!declared.includes(`${SCOPE}testkit`))
    })
    it('names its files in kebab-case', () => {
      for (const file of files) assert.match(file, /^[a-z0-9./-]+\.ts$/)
    })
  })
}

describe('the publisher', () => {
  it('knows no port: it runs beside a repository, not inside a node', () => {
    const { dependencies = {} } = readJson('packages/publisher/package.json') as PackageJson
    assert.ok(!Object.keys(dependencies).includes(`${SCOPE}ports`))
  })
})
