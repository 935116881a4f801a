import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { allLimits } from '../packages/node/src/limits/node-limits.ts'

/** Packages that a running node is made of, and that hold to bounds of their own. */
const PACKAGES = ['swarm', 'endpoint', 'upstream', 'store', 'mirror', 'node']

/** Given to a library or to Node.js, which hold to them; what it would take to drive them is not worth it. */
const OF_LIBRARIES = new Set([
  'MAX_DIALS',
  'MAX_GOSSIP_FRAME_BYTES',
  'MAX_OPEN_PEER_TABLES',
  'MAX_OPEN_TABLES',
  'MAX_STREAM_BUFFER_BYTES',
  'MAX_STREAM_WINDOW_BYTES',
  'MAX_UNPACKED_BYTES',
])

const groups = await allLimits()
const names = [...new Set(groups.flatMap(({ limits }) => Object.keys(limits)))]

interface Test {
  readonly title: string
  readonly body: string
}

/** The tests of a file, as far as their text tells. */
function testsOf(file: string): readonly Test[] {
  const text = readFileSync(file, 'utf8')
  return text
    .split(/^ *(?=it\()/m)
    .slice(1)
    .map((test) => {
      const title = /^it\(\s*(['"`])(.*?)\1,/s.exec(test)?.[2] ?? ''
      return { title, body: test.replace(title, '') }
    })
}

const tests = globSync('{packages/*/test,test}/**/*.test.ts').flatMap(testsOf)

function words(text: string): ReadonlySet<string> {
  return new Set(text.match(/[A-Z][A-Z0-9_]+/g))
}

describe('the bounds', () => {
  it('state what they count, and why', () => {
    for (const { title, limits } of groups) {
      assert.notEqual(title, '')
      for (const [name, { value, unit, why }] of Object.entries(limits)) {
        assert.ok(value > 0 && unit !== '' && why !== '', name)
      }
    }
  })

  it('are each named in the title of a test that drives them', () => {
    const driven = tests.flatMap(({ title, body }) => {
      const used = words(body)
      return [...words(title)].filter((name) => used.has(name))
    })
    const missing = names.filter((name) => !driven.includes(name) && !OF_LIBRARIES.has(name))
    assert.deepEqual(missing, [])
  })

  for (const name of PACKAGES) {
    const files = globSync(`packages/${name}/src/**/*.ts`)
    const places = files.filter((file) => file.endsWith('/limits.ts'))

    it(`are in ${name} those of its limits.ts`, async () => {
      const shown = new Map(groups.flatMap(({ limits }) => Object.entries(limits)))
      for (const place of places) {
        const module = (await import(pathToFileURL(place).href)) as Record<string, unknown>
        for (const [constant, value] of Object.entries(module)) {
          if (typeof value !== 'number') continue
          assert.ok(shown.has(constant), `${constant} is not shown`)
        }
      }
    })
  }
})
