import assert from 'node:assert/strict'
import { median } from '../_percentile.ts'
import type { Row } from '../_report.ts'
import type { FaultRun } from './_fault-run.ts'
import { riseOf } from './_rise.ts'
import { soakNode } from './_soak.ts'
import type { SoakInit, SoakReport } from './_soak.ts'
import { withEndings } from './_with-endings.ts'

const MINUTE_MS = 60_000
const FULL: Omit<SoakInit, 'seed'> = {
  clients: 64,
  peers: 50,
  durationMs: 30 * MINUTE_MS,
  pauseMs: 2_000,
  publishEveryMs: 15_000,
  changeEveryMs: 20_000,
}
const SHORT: Omit<SoakInit, 'seed'> = {
  clients: 16,
  peers: 6,
  durationMs: MINUTE_MS,
  pauseMs: 100,
  publishEveryMs: 2_000,
  changeEveryMs: 5_000,
}
/** Memory may rise by this after the warm-up: {@link riseOf} what was measured. */
const MAX_RISE_MIB = 10
/** Part of the requests that may be answered with 424: the machine does other things, too. */
const MAX_REFUSED = 0.001
/** The same for handles, in handles: connections come and go. */
const MAX_MORE_HANDLES = 10

export const soak: FaultRun = {
  name: 'soak',
  about:
    'clients and peers for half an hour (--runs: minutes): memory and handles of the process stay what they are',
  async *run({ full, seed, runs: minutes }) {
    yield* withEndings(async function* (test) {
      const chosen = full ? FULL : SHORT
      const durationMs = minutes === undefined ? chosen.durationMs : minutes * MINUTE_MS
      const init = { ...chosen, durationMs, seed }
      const report = await soakNode(test, init)
      yield* rowsOf(init, report)
      if (full) judge(report)
    })
  },
}

function* rowsOf(init: SoakInit, report: SoakReport): Iterable<Row> {
  const bench = 'soak'
  const minutes = String(init.durationMs / MINUTE_MS)
  const load = `${String(init.clients)} clients, ${String(init.peers)} peers, ${minutes} min`
  const { requests, bytes, refused, abandoned, published, peersChanged, cpuPercent } = report
  const { memory, handles } = risesOf(report)
  const [before, after] = report.idleHandles
  yield {
    bench,
    what: `${load}: requests, none answered wrongly`,
    value: requests,
    unit: 'requests',
  }
  yield { bench, what: 'files served', value: bytes / 2 ** 20, unit: 'MiB' }
  yield {
    bench,
    what: `files that could not be had just then${reasonsOf(refused)}`,
    value: refused.length,
    unit: 'requests',
    target: `below ${String(100 * MAX_REFUSED)} % of all`,
  }
  const said = 'paths that are not there, answered 424 while a newer head was checked'
  yield { bench, what: said, value: report.unsaid, unit: 'requests' }
  yield { bench, what: 'bodies abandoned by clients', value: abandoned, unit: 'requests' }
  yield { bench, what: 'heads published meanwhile', value: published, unit: 'heads' }
  const slowest = report.slowestHeadMs / 1_000
  yield { bench, what: 'until the node used a head, at most', value: slowest, unit: 's' }
  yield { bench, what: 'peers that left, and others that came', value: peersChanged, unit: 'peers' }
  yield { bench, what: 'processor of the node, of one core', value: cpuPercent, unit: '%' }
  const middle = median(report.samples.map(({ rssMiB }) => rssMiB))
  yield { bench, what: 'resident memory, median after the warm-up', value: middle, unit: 'MiB' }
  const lasting = 'from the first sixth after the warm-up to the last, medians'
  yield {
    bench,
    what: `rise ${lasting}`,
    value: memory,
    unit: 'MiB',
    target: `below ${String(MAX_RISE_MIB)} MiB`,
  }
  yield {
    bench,
    what: `more handles ${lasting}`,
    value: handles,
    unit: '',
    target: `below ${String(MAX_MORE_HANDLES)}`,
  }
  yield { bench, what: 'handles with peers and without clients, before', value: before, unit: '' }
  yield { bench, what: 'the same, after', value: after, unit: '' }
}

function reasonsOf(refused: readonly string[]): string {
  const reasons = new Set(refused.map((one) => one.slice(one.indexOf(': ') + 2)))
  return reasons.size === 0 ? '' : `: ${[...reasons].slice(0, 5).join('; ')}`
}

function risesOf({ samples }: SoakReport): { readonly memory: number; readonly handles: number } {
  return {
    memory: riseOf(samples.map(({ rssMiB }) => rssMiB)),
    handles: riseOf(samples.map(({ handles }) => handles)),
  }
}

function judge(report: SoakReport): void {
  const { memory, handles } = risesOf(report)
  assert.ok(report.refused.length < MAX_REFUSED * report.requests, report.refused.join('\n'))
  assert.ok(memory < MAX_RISE_MIB, `memory rose by ${memory.toFixed(1)} MiB`)
  assert.ok(handles < MAX_MORE_HANDLES, `${String(handles)} more handles`)
}
