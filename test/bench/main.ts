import { loadavg } from 'node:os'
import { inspect, parseArgs } from 'node:util'
import { chooseNamed, obeying, readWhole } from '../_command-line.ts'
import { leavingNothing } from '../_leaving-nothing.ts'
import { describeMachine, round } from '../_report.ts'
import { note } from './_progress.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { announce } from './announce.ts'
import { clients } from './clients.ts'
import { coldGet } from './cold-get.ts'
import { coldLan } from './cold-lan.ts'
import { donate } from './donate.ts'
import { exchange } from './exchange.ts'
import { follow } from './follow.ts'
import { fanOut } from './fan-out.ts'
import { idle } from './idle.ts'
import { indexTree } from './index-tree.ts'
import { mirror } from './mirror.ts'
import { outage } from './outage.ts'
import { peer } from './peer.ts'
import { prefetch } from './prefetch.ts'
import { publish } from './publish.ts'
import { serve } from './serve.ts'
import { start } from './start.ts'

const BENCHES: readonly Bench[] = [
  outage,
  indexTree,
  publish,
  follow,
  start,
  mirror,
  coldGet,
  exchange,
  peer,
  prefetch,
  clients,
  coldLan,
  serve,
  fanOut,
  idle,
  announce,
  donate,
]

function formatRow({ bench, what, value, unit, beside, target }: Row): string {
  const other = beside === undefined ? '' : `${beside.what}: ${round(beside.value)} ${unit}`
  const ratio = beside === undefined ? '' : round(value / beside.value)
  return `| ${bench} | ${what} | ${round(value)} ${unit} | ${other} | ${ratio} | ${target ?? ''} |`
}

/** Something that was asked for could not be measured. */
interface Failure {
  readonly bench: string
  readonly reason: string
}

/** One after the other; the rest goes on when one fails. */
async function runAll(
  benches: readonly Bench[],
  options: BenchOptions,
  show: (rows: readonly Row[]) => void,
): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  for (const bench of benches) {
    note(`${bench.name}, load ${round(loadavg()[0] ?? 0)}`)
    try {
      show(await bench.run(options))
    } catch (error) {
      note(`${bench.name}: ${inspect(error)}`)
      failures.push({ bench: bench.name, reason: String(error) })
      process.exitCode = 1
    }
  }
  return failures
}

/** Rows as they come, as a table. */
async function printTable(benches: readonly Bench[], options: BenchOptions): Promise<void> {
  console.log(`${describeMachine()}\n`)
  console.log(
    '| Bench | Work | Figure | Beside | Ratio | Target |\n| --- | --- | --- | --- | --- | --- |',
  )
  const tables: string[] = []
  const showTable = (table: string): void => void tables.push(table)
  const failures = await runAll(benches, { ...options, showTable }, (rows) => {
    for (const row of rows) console.log(formatRow(row))
  })
  for (const table of tables) console.log(`\n${table}`)
  for (const { bench, reason } of failures) console.log(`\n${bench} failed: ${reason}`)
}

async function printJson(benches: readonly Bench[], options: BenchOptions): Promise<void> {
  const machine = describeMachine()
  const rows: Row[] = []
  const failures = await runAll(benches, options, (more) => rows.push(...more))
  console.log(JSON.stringify({ machine, rows, failures }))
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      runs: { type: 'string' },
      files: { type: 'string' },
      nodes: { type: 'string' },
      uplink: { type: 'string' },
      seconds: { type: 'string' },
    },
    allowPositionals: true,
  })
  if (positionals.length === 0) {
    console.log(
      'npm run bench -- NAME... [--json] [--runs N] [--files N] [--nodes N] [--uplink MBIT] [--seconds N], or "all":',
    )
    for (const { name, about } of BENCHES) console.log(`  ${name.padEnd(10)} ${about}`)
    return
  }
  const chosen = chooseNamed(BENCHES, positionals)
  const options = {
    ...(values.runs !== undefined && { runs: readWhole('runs', values.runs) }),
    ...(values.files !== undefined && { files: readWhole('files', values.files) }),
    ...(values.nodes !== undefined && { nodes: readWhole('nodes', values.nodes) }),
    ...(values.uplink !== undefined && { uplinkMbit: readWhole('uplink', values.uplink) }),
    ...(values.seconds !== undefined && { seconds: readWhole('seconds', values.seconds) }),
  }
  const print = values.json ? printJson : printTable
  await leavingNothing(() => print(chosen, options))
  // A bench that failed may have left something open in this process.
  if (process.exitCode !== undefined) process.exit()
}

await obeying(main)
