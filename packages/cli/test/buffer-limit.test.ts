import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const MODULE = new URL('../src/buffer-limit.ts', import.meta.url).href
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Has V8 collect in one thread and at once, so that how often does not depend on what else the machine does. */
const IN_ONE_GO = ['--no-incremental-marking', '--single-threaded-gc']

/** A process of its own, for V8's flags are the whole process's. It passes on 2.6 GB in buffers, of which 64 MiB are held at a time. */
const passOnBuffers = (setUp: string): string => `
  import { constants, PerformanceObserver } from 'node:perf_hooks'
  import { setImmediate as turn } from 'node:timers/promises'
  import { limitBuffersWithHeap } from '${MODULE}'
  ${setUp}
  let collections = 0
  const count = (list) => {
    for (const { detail } of list.getEntries())
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections += 1
  }
  const observer = new PerformanceObserver(count)
  observer.observe({ entryTypes: ['gc'] })
  const heap = Array.from({ length: 400_000 }, (_, at) => ({ at }))
  const held = []
  for (let at = 0; at < 40_000; at += 1) {
    held[at % 1_024] = Buffer.alloc(65_536)
    if (at % 4 === 0) await turn()
  }
  count({ getEntries: () => observer.takeRecords() })
  console.log(collections + 0 * (heap.length + held.length))
`

/** Has each flag of V8 that the process sets written to stderr. */
const WATCH_FLAGS = `data:text/javascript,${encodeURIComponent(`
  import v8 from 'node:v8'
  import { syncBuiltinESMExports } from 'node:module'
  const set = v8.setFlagsFromString
  v8.setFlagsFromString = (flag) => { process.stderr.write('flag ' + flag + '\\n'); set(flag) }
  syncBuiltinESMExports()
`)}`

function run(args: readonly string[]): { readonly stdout: string; readonly stderr: string } {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const ended = spawnSync(process.execPath, args, { encoding: 'utf8', env })
  assert.equal(ended.status, 0, ended.stderr)
  return ended
}

describe('limitBuffersWithHeap', () => {
  it('spares the heap a collection for each 64 MiB of buffers', () => {
    const collections = (setUp: string): number =>
      Number(run([...IN_ONE_GO, '--input-type=module', '--eval', passOnBuffers(setUp)]).stdout)
    const [before, since] = [collections(''), collections('limitBuffersWithHeap()')]
    assert.ok(since > 0 && since * 3 < before, `${String(before)}, then ${String(since)}`)
  })

  it('is what the program starts with', () => {
    const { stderr } = run(['--conditions=source', '--import', WATCH_FLAGS, MAIN, '--version'])
    assert.match(stderr, /^flag --external-memory-accounted-in-global-limit$/m)
    assert.match(stderr, /^flag --external-memory-max-growing-factor=2$/m)
  })
})
