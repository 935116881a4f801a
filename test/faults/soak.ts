import assert from 'node:assert/strict'
import type { Row } from '../_report.ts'
import type { FaultRun } from './_fault-run.ts'
import { fitLine } from './_least-squares.ts'
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
/** The fitted line may rise by this part of its mean over what was measured, which is less than garbage does by itself. */
const MAX_RISE = 0.1
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
  const { memory, handles, hours } = linesOf(report)
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
  yield { bench, what: 'resident memory, mean', value: memory.mean, unit: 'MiB' }
  const lasting = `in the ${(60 * hours).toFixed(1)} min after the warm-up, by least squares`
  yield {
    bench,
    what: `rise ${lasting}`,
    value: memory.slope * hours,
    unit: 'MiB',
    target: `below ${String(Math.round(MAX_RISE * memory.mean))} MiB`,
  }
  yield {
    bench,
    what: `more handles ${lasting}`,
    value: handles.slope * hours,
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

function linesOf({ samples }: SoakReport): Record<
  'memory' | 'handles',
  ReturnType<typeof fitLine>
> & {
  readonly hours: number
} {
  const memory = fitLine(samples.map(({ hours, rssMiB }) => [hours, rssMiB]))
  const handles = fitLine(samples.map(({ hours, handles: open }) => [hours, open]))
  const hours = (samples.at(-1)?.hours ?? 0) - (samples[0]?.hours ?? 0)
  return { memory, handles, hours }
}

function judge(report: SoakReport): void {
  const { memory, handles, hours } = linesOf(report)
  assert.ok(report.refused.length < MAX_REFUSED * report.requests, report.refused.join('\n'))
  assert.ok(memory.slope * hours < MAX_RISE * memory.mean, 'memory rises')
  assert.ok(handles.slope * hours < MAX_MORE_HANDLES, 'handles grow')
}
