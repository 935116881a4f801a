import { parseArgs } from 'node:util'
import { chooseNamed, obeying, readWhole } from '../_command-line.ts'
import { describeMachine, round } from '../_report.ts'
import type { Bench, Row } from './_row.ts'
import { clients } from './clients.ts'
import { coldGet } from './cold-get.ts'
import { donate } from './donate.ts'
import { exchange } from './exchange.ts'
import { follow } from './follow.ts'
import { fanOut } from './fan-out.ts'
import { idle } from './idle.ts'
import { indexTree } from './index-tree.ts'
import { mirror } from './mirror.ts'
import { outage } from './outage.ts'
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
  prefetch,
  clients,
  serve,
  fanOut,
  idle,
  donate,
]

function formatRow({ bench, what, value, unit, beside, target }: Row): string {
  const other = beside === undefined ? '' : `${beside.what}: ${round(beside.value)} ${unit}`
  const ratio = beside === undefined ? '' : round(value / beside.value)
  return `| ${bench} | ${what} | ${round(value)} ${unit} | ${other} | ${ratio} | ${target ?? ''} |`
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      runs: { type: 'string' },
      files: { type: 'string' },
      nodes: { type: 'string' },
      uplink: { type: 'string' },
    },
    allowPositionals: true,
  })
  if (positionals.length === 0) {
    console.log(
      'npm run bench -- NAME... [--json] [--runs N] [--files N] [--nodes N] [--uplink MBIT], or "all":',
    )
    for (const { name, about } of BENCHES) console.log(`  ${name.padEnd(10)} ${about}`)
    return
  }
  const chosen = chooseNamed(BENCHES, positionals)
  const rows: Row[] = []
  const options = {
    ...(values.runs !== undefined && { runs: readWhole('runs', values.runs) }),
    ...(values.files !== undefined && { files: readWhole('files', values.files) }),
    ...(values.nodes !== undefined && { nodes: readWhole('nodes', values.nodes) }),
    ...(values.uplink !== undefined && { uplinkMbit: readWhole('uplink', values.uplink) }),
  }
  for (const bench of chosen) rows.push(...(await bench.run(options)))
  if (values.json) {
    console.log(JSON.stringify({ machine: describeMachine(), rows }))
  } else {
    console.log(`${describeMachine()}\n`)
    console.log(
      '| Bench | Work | Figure | Beside | Ratio | Target |\n| --- | --- | --- | --- | --- | --- |',
    )
    for (const row of rows) console.log(formatRow(row))
  }
}

await obeying(main)
