import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'

/** One line of a table: a figure, and what it is measured against in the same run. */
export interface Row {
  /** The run that it comes from. */
  readonly bench: string
  readonly what: string
  readonly value: number
  readonly unit: string
  /** What the user would have instead, with its figure, and `value` divided by it. */
  readonly beside?: { readonly what: string; readonly value: number }
  /** The promise, as in docs/performance.md or docs/reliability.md. */
  readonly target?: string
}

/** When, what and where: without it a figure says nothing. */
export function describeMachine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const [cpu] = cpus()
  const processors = `${String(cpus().length)} x ${cpu?.model ?? 'unknown'}`
  const memory = `${round(totalmem() / 2 ** 30)} GiB`
  const load = `load ${round(loadavg()[0] ?? 0)}`
  return `${new Date().toISOString().slice(0, 10)}, ${commit}, Node ${process.versions.node}, ${processors}, ${memory}, ${load}`
}

/** Three digits that matter. */
export function round(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3, useGrouping: false })
}
