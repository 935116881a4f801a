// The runs that do to the product what the world does to it. One file a run; each fails at the first violation.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { chooseNamed, obeying, readWhole } from '../_command-line.ts'
import { leavingNothing } from '../_leaving-nothing.ts'
import { describeMachine, round } from '../_report.ts'
import type { FaultOptions, FaultRun } from './_fault-run.ts'
import { clockRun } from './clock.ts'
import { diskRun } from './disk.ts'
import { diskCallsRun } from './disk-calls.ts'
import { hostile } from './hostile.ts'
import { inputs } from './inputs.ts'
import { kill } from './kill.ts'
import { operations } from './operations.ts'
import { outage } from './outage.ts'
import { powerCut } from './power-cut.ts'
import { partitions } from './partitions.ts'
import { requests } from './requests.ts'
import { soak } from './soak.ts'
import { rotRun } from './rot.ts'

const RUNS: readonly FaultRun[] = [
  clockRun,
  diskRun,
  diskCallsRun,
  hostile,
  inputs,
  kill,
  operations,
  outage,
  partitions,
  requests,
  soak,
  powerCut,
  rotRun,
]

/** Do the runs, one after the other, and print their figures as they come. */
async function printRuns(runs: readonly FaultRun[], options: FaultOptions): Promise<void> {
  const { seed, full } = options
  console.log(`${describeMachine()}\nseed ${String(seed)}${full ? ', full' : ''}\n`)
  console.log('| Run | Work | Figure | Wanted |\n| --- | --- | --- | --- |')
  for (const run of runs) {
    for await (const { bench, what, value, unit, target } of run.run(options)) {
      console.log(`| ${bench} | ${what} | ${round(value)} ${unit} | ${target ?? ''} |`)
    }
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      seed: { type: 'string' },
      runs: { type: 'string' },
    },
    allowPositionals: true,
  })
  if (positionals.length === 0) {
    console.log('npm run faults -- NAME... [--full] [--seed N] [--runs N], or "all":')
    for (const { name, about } of RUNS) console.log(`  ${name.padEnd(10)} ${about}`)
    return
  }
  const chosen = chooseNamed(RUNS, positionals)
  const { full, seed, runs } = values
  const options = {
    full,
    seed: seed === undefined ? randomInt(2 ** 32) : readWhole('seed', seed, 0),
    ...(runs !== undefined && { runs: readWhole('runs', runs) }),
  }
  await leavingNothing(() => printRuns(chosen, options))
}

await obeying(main)
