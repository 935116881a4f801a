import assert from 'node:assert/strict'
import type { Row } from '../_report.ts'
import type { UnderWay } from './_acknowledged.ts'
import type { ClientCounts } from './_killed-clients.ts'
import { MAX_START_MS } from './_start-time.ts'

/** In the midst of what processes were killed; one may count more than once. */
export type Moment = UnderWay | 'first sync' | 'publishing' | 'rotating' | 'starting' | 'anything'

/** What was killed, and what came of it. */
export interface KillReport {
  kills: number
  /** By what was under way, and by who was killed. */
  readonly moments: Record<Moment, number>
  readonly killed: Record<'server' | 'publisher' | 'mirror' | 'small node', number>
  /** Blobs that had to be there, over all kills. */
  acknowledged: number
  /** Blobs that were evicted. */
  evicted: number
  /** Until it served: as it was, and without what its main thread waited for a processor. */
  slowestStartMs: number
  slowestAloneMs: number
  /** From serving again to using the newest head. */
  slowestHeadMs: number
  readonly answers: ClientCounts
  publishes: number
  rotations: number
}

/** Throws unless all that may be under way was cut off at least once, and clients were served. */
export function assertAllKinds({
  moments,
  killed,
  answers,
  publishes,
  rotations,
}: KillReport): void {
  const least = { ...moments, ...killed, served: answers.served, publishes, rotations }
  for (const [what, count] of Object.entries(least))
    assert.ok(count > 0, `no kill or work: ${what}`)
}

export function* killRows(report: KillReport): Generator<Row> {
  const row = (what: string, value: number, unit: string): Row => ({
    bench: 'kill',
    what,
    value,
    unit,
  })
  yield row('kills', report.kills, 'kills')
  for (const [who, count] of Object.entries(report.killed)) yield row(`of a ${who}`, count, 'kills')
  for (const [moment, count] of Object.entries(report.moments))
    yield row(`in the midst of: ${moment}`, count, 'kills')
  yield row('acknowledged blobs, over all kills of nodes', report.acknowledged, 'blobs')
  yield row('evicted', report.evicted, 'blobs')
  yield row('publishes', report.publishes, 'heads')
  yield row('rotations of the online keys', report.rotations, 'roots')
  yield row('right answers', report.answers.served, 'answers')
  for (const [why, count] of Object.entries(report.answers.refused))
    yield row(`refused: ${why}`, count, 'answers')
  yield row('slowest start, on this busy machine', report.slowestStartMs, 'ms')
  yield {
    ...row('slowest start, without waits for a processor', report.slowestAloneMs, 'ms'),
    target: String(MAX_START_MS),
  }
  yield row('slowest to the newest head', report.slowestHeadMs, 'ms')
}
