import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { allLimits } from '../packages/node/src/limits/node-limits.ts'

/** Packages that a running node is made of, and that hold to bounds of their own. */
const PACKAGES = [
  ...['maven', 'manifest', 'trust', 'ports', 'http', 'files', 'store', 'upstream', 'swarm'],
  ...['mirror', 'endpoint', 'node'],
]

/** Given to a library that holds to them, with what it would take to drive them. */
const OF_LIBRARIES = new Map([
  ['MAX_OPEN_PEER_TABLES', 'a database of 80 tables, of 2 MiB each'],
  ['MAX_OPEN_TABLES', 'a database of 128 tables, of 2 MiB each'],
  ['MAX_REMEMBERED_BRANCHES', 'an index of two million files'],
])

/** How bounds are called. */
const BOUND =
  /^(?:export )?const ((?:MAX|MOST)_[A-Z0-9_]+|[A-Z0-9_]+_(?:AT_ONCE|PARALLEL|BUDGET|BURST))(?:: number)? =/gm

/** What is called like a bound and stands elsewhere, by the place where it stands. */
const NO_BOUNDS: Readonly<Record<string, readonly string[]>> = {
  'how long or how often this node tries, which nobody else chooses': [
    'http/src/patient-reader.ts MAX_RETRY_MS',
    'http/src/request-pace.ts MAX_FAILURES_IN_ROW',
    'http/src/request-pace.ts MAX_PAUSES_IN_ROW',
    'mirror/src/donate/copies-goal.ts MAX_COPIES',
    'mirror/src/donate/donor-book.ts MAX_LACKED',
    'mirror/src/fetch/blob-fetcher.ts MAX_EARLY_MS',
    'mirror/src/fetch/source-plan.ts MAX_COMPANIONS',
    'mirror/src/prefetch/file-bringer.ts MAX_FAILURES_IN_A_ROW',
    'mirror/src/share/fill-turns.ts FILL_PARALLEL',
    'mirror/src/share/mirror-fill.ts MAX_FAILURES',
    'mirror/src/share/mirror-fill.ts MAX_FILL_RETRY_MS',
    'mirror/src/transfer/part-queue.ts MAX_WANTING',
    'mirror/src/transfer/transfer.ts MAX_MISSES_IN_A_ROW',
    'mirror/src/upstreams/upstream-set.ts PROBES_AT_ONCE',
    'mirror/src/wait/follow-up.ts MAX_RETRY_MS',
    'node/src/primary/tree-file.ts MAX_ATTEMPTS',
    'swarm/src/dht/provider-sweep.ts MAX_FAILURES_IN_A_ROW',
    'swarm/src/pace.ts MAX_PEER_AGE_MS',
    'upstream/src/health-tracker.ts MAX_PROBE_MS',
  ],
  'follows from bounds that are shown': [
    'mirror/src/history/log-source.ts MAX_TILE_BYTES',
    'mirror/src/history/step-check.ts MAX_GONE',
    'mirror/src/proxy/file-receiver.ts MAX_WHOLE_BYTES',
    'node/src/limits/file-handles.ts UPSTREAMS_AT_ONCE',
    'node/src/primary/published-files.ts MAX_TILE_BYTES',
    'swarm/src/holdings/hello.ts MAX_HELLO_BYTES',
  ],
  'reads what this program wrote itself, or says how much of it is shown': [
    'manifest/src/history-fold.ts MAX_NAMED',
    'node/src/primary/primary.ts MAX_LOGGED_PATHS',
    'store/src/data-directory.ts MAX_PID_BYTES',
    'store/src/file-trust-store.ts MAX_COPY_BYTES',
    'store/src/marker.ts MAX_MARKER_BYTES',
  ],
  'what a format or the system allows': [
    'node/src/control-socket.ts MAX_SOCKET_PATH_BYTES',
    'swarm/src/donors/notice-addresses.ts MAX_OWN_ADDRESS_BYTES',
    'swarm/src/holdings/summary.ts MAX_VARINT_BYTES',
  ],
}

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

  it('stand in no other place', () => {
    const found = PACKAGES.flatMap((name) => globSync(`packages/${name}/src/**/*.ts`))
      .filter((file) => !file.endsWith('/limits.ts'))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(BOUND)]
          .map(([, name = '']) => name)
          // Those of packages below the tables are read into them.
          .filter((name) => !(/^packages\/(?:http|ports)\//.test(file) && names.includes(name)))
          .map((name) => `${file.slice('packages/'.length)} ${name}`),
      )
    assert.deepEqual(found.sort(), Object.values(NO_BOUNDS).flat().sort())
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
