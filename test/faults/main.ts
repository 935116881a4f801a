// The runs that do to the product what the world does to it. One file a run; each fails at the first violation.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { describeMachine, round } from '../_report.ts'
import type { FaultRun } from './_fault-run.ts'
import { diskRun } from './disk.ts'
import { hostile } from './hostile.ts'
import { inputs } from './inputs.ts'
import { operations } from './operations.ts'
import { outage } from './outage.ts'
import { powerCut } from './power-cut.ts'
import { partitions } from './partitions.ts'
import { requests } from './requests.ts'
import { soak } from './soak.ts'
import { rotRun } from './rot.ts'

const RUNS: readonly FaultRun[] = [
  diskRun,
  hostile,
  inputs,
  operations,
  outage,
  partitions,
  requests,
  soak,
  powerCut,
  rotRun,
]

const { values, positionals } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    seed: { type: 'string' },
    runs: { type: 'string' },
  },
  allowPositionals: true,
})
const chosen = RUNS.filter(({ name }) => positionals.includes('all') || positionals.includes(name))
const seed = Number(values.seed ?? randomInt(2 ** 32))
if (chosen.length === 0 || !Number.isSafeInteger(seed)) {
  console.log('npm run faults -- NAME... [--full] [--seed N] [--runs N], or "all":')
  for (const { name, about } of RUNS) console.log(`  ${name.padEnd(10)} ${about}`)
  process.exitCode = positionals.length === 0 ? 0 : 2
} else {
  console.log(`${describeMachine()}\nseed ${String(seed)}${values.full ? ', full' : ''}\n`)
  console.log('| Run | Work | Figure | Wanted |\n| --- | --- | --- | --- |')
  const { full, runs } = values
  const options = { full, seed, ...(runs !== undefined && { runs: Number(runs) }) }
  for (const run of chosen) {
    for await (const { bench, what, value, unit, target } of run.run(options)) {
      console.log(`| ${bench} | ${what} | ${round(value)} ${unit} | ${target ?? ''} |`)
    }
  }
}
