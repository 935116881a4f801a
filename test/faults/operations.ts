import type { Row } from '../_report.ts'
import type { FaultRun } from './_fault-run.ts'
import { OperationSwarm } from './_operation-swarm.ts'
import type { OperationReport } from './_operation-swarm.ts'
import { SeededRandom } from './_random.ts'
import { withEndings } from './_with-endings.ts'

const OPERATIONS = 1_000_000
const SHORT_OPERATIONS = 20_000

export const operations: FaultRun = {
  name: 'operations',
  about:
    'every operation of a long run is logged and checked: bytes, heads, what is stored, 404, 410',
  async *run({ full, seed, runs = full ? OPERATIONS : SHORT_OPERATIONS }) {
    yield* withEndings(async function* (test) {
      const swarm = await OperationSwarm.create(test, new SeededRandom(seed))
      yield* rowsOf(await swarm.run(runs))
    })
  },
}

function* rowsOf(report: OperationReport): Iterable<Row> {
  const bench = 'operations'
  const { statuses, faults } = report
  const shown = [...statuses]
    .sort()
    .map(([status, count]) => `${String(count)} × ${String(status)}`)
  const what = `operations: ${shown.join(', ')}`
  yield { bench, what, value: report.operations, unit: 'operations' }
  yield { bench, what: 'violations', value: 0, unit: 'operations', target: '0' }
  for (const [fault, value] of Object.entries(faults))
    yield { bench, what: `meanwhile: ${fault}`, value, unit: 'times' }
}
