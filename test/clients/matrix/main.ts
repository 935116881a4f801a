/** `npm run test:clients`: run the failure matrix with the clients of this machine. */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cellsOf, nameOf } from './_cell.ts'
import type { Cell } from './_cell.ts'
import { isInstalled } from './_client.ts'
import { CLIENTS } from './_clients.ts'
import { FAULTS } from './_faults.ts'
import { PublishedTree } from './_published-tree.ts'
import { formatReport } from './_report.ts'
import { Results } from './_results.ts'
import { runCell } from './_run-cell.ts'
import { describe } from './_verdict.ts'

/** Two builds at a time: each keeps a core busy. */
const CELLS_AT_ONCE = 2
const PAGE = fileURLToPath(new URL('../../../docs/clients.md', import.meta.url))
const RUNNER = { built: true }

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
    results: { type: 'string', default: join(tmpdir(), 'jarswarm-client-matrix.json') },
    page: { type: 'string', default: PAGE },
  },
})
if (values.again && values.only === '') rmSync(values.results, { force: true })
const results = new Results(values.results)
const clients = CLIENTS.filter(isInstalled)
/** Row by row, so that a run that is broken off has whole rows. */
const cells = FAULTS.flatMap((fault) => clients.flatMap((client) => cellsOf(client, [fault])))
const only = new RegExp(values.only)
const waiting = cells.filter((cell) => {
  const name = nameOf(cell)
  return only.test(name) && (values.again || results.get(name) === undefined)
})

/** Set once the run is to end: after the cells under way, which leave no process behind. */
let ending = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    ending = true
    say('ends after the cells under way; the next run goes on from there')
  })
}

/** Cells with many builds of their own run alone, after the others. */
async function runAll(published: PublishedTree): Promise<void> {
  const isCrowd = ({ fault }: Cell): boolean => (fault.builds ?? 1) > 1
  const queue = waiting.filter((cell) => !isCrowd(cell))
  const worker = async (): Promise<void> => {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift())
      await run(cell, published)
  }
  await Promise.all(Array.from({ length: CELLS_AT_ONCE }, worker))
  for (const cell of waiting.filter(isCrowd)) await run(cell, published)
}

async function run(cell: Cell, published: PublishedTree): Promise<void> {
  if (ending) return
  try {
    const result = await runCell(cell, published, RUNNER)
    results.put(result)
    say(`${result.cell}: ${describe(result)}, ${result.seconds.toFixed(1)} s. ${result.said}`)
  } catch (error) {
    // One cell that cannot be set up says nothing about the others; it stays "not run".
    say(`${nameOf(cell)}: not run: ${String(error)}`)
    process.exitCode = 1
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const published = await PublishedTree.create(RUNNER)
try {
  say(`${String(waiting.length)} of ${String(cells.length)} cells; results in ${values.results}`)
  await runAll(published)
} finally {
  published.remove()
  const when = `${new Date().toISOString().slice(0, 10)}, ${commit}`
  writeFileSync(values.page, formatReport({ clients, cells, results, when }))
}
