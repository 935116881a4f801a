import type { Row } from '../_report.ts'
import { Child } from './_child.ts'
import type { FaultRun } from './_fault-run.ts'
import type { OperationInit } from './_operation-process.ts'
import type { OperationReport } from './_operation-swarm.ts'

const SCRIPT = new URL('_operation-process.ts', import.meta.url)
const OPERATIONS = 1_000_000
const SHORT_OPERATIONS = 20_000
/** What one swarm is asked: an index that grows for ever makes each publish slower. */
const OPERATIONS_OF_SWARM = 50_000
/** Swarms that live at the same time, each on a processor of its own. */
const AT_ONCE = 2

export const operations: FaultRun = {
  name: 'operations',
  about:
    'every operation of a long run is logged and checked: bytes, heads, what is stored, 404, 410, 424',
  async *run({ full, seed, runs = full ? OPERATIONS : SHORT_OPERATIONS }) {
    const swarms = Array.from({ length: Math.ceil(runs / OPERATIONS_OF_SWARM) }, (_, at) => ({
      seed: seed + at,
      operations: Math.min(OPERATIONS_OF_SWARM, runs - at * OPERATIONS_OF_SWARM),
    }))
    yield* rowsOf(await liveAll(swarms))
  },
}

/** Let swarms live, some at a time. Rejects when a promise is broken in one. */
async function liveAll(swarms: readonly OperationInit[]): Promise<readonly OperationReport[]> {
  const reports: OperationReport[] = []
  const waiting = swarms.values()
  const worker = async (): Promise<void> => {
    for (const init of waiting) {
      const child = Child.start(SCRIPT, init)
      try {
        reports.push(await child.ask<OperationReport>('live'))
        const mib = Math.round(child.peakResidentBytes() / 2 ** 20)
        process.stderr.write(
          `seed ${String(init.seed)}: ${String(init.operations)} operations, ${String(mib)} MiB; ${String(reports.length)} of ${String(swarms.length)}\n`,
        )
      } finally {
        await child.kill()
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return reports
}

function* rowsOf(reports: readonly OperationReport[]): Iterable<Row> {
  const bench = 'operations'
  const statuses = sumOf(reports.map((report) => report.statuses))
  const shown = Object.entries(statuses).map(([status, count]) => `${String(count)} × ${status}`)
  const what = `operations: ${shown.join(', ')}`
  const value = reports.reduce((sum, report) => sum + report.operations, 0)
  yield { bench, what, value, unit: 'operations' }
  yield { bench, what: 'violations', value: 0, unit: 'operations', target: '0' }
  const evicted = reports.reduce((sum, { evictions }) => sum + evictions, 0)
  yield { bench, what: 'evicted, each for want of room', value: evicted, unit: 'blobs' }
  for (const [fault, times] of Object.entries(sumOf(reports.map(({ faults }) => faults))))
    yield { bench, what: `meanwhile: ${fault}`, value: times, unit: 'times' }
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const [what, count] of all.flatMap((one) => Object.entries(one)))
    sum[what] = (sum[what] ?? 0) + count
  return sum
}
