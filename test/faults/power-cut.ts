import assert from 'node:assert/strict'
import type { Row } from '../_report.ts'
import { judgeAfterCut } from './_after-cut.ts'
import { CutDisk, cutDiskMissing } from './_cut-disk.ts'
import { CutWork } from './_cut-work.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'

const FULL_CUTS = 200
export const SHORT_CUTS = 50
/** So often is the power cut before the work begins anew on an empty disk, the first start included. */
const CUTS_EACH = 25
/** Of the variant without syncs as many show what there is to show. */
export const UNSYNCED_CUTS = 10
/** After every so many cuts a whole node is started and something published; after each, all is looked at. */
const GO_ON_EVERY = 5
const DISK_MIB = 96
/** What a start may take after a cut. */
const MAX_START_MS = 10_000

/** What a number of power cuts did. */
export interface CutReport {
  /** Blobs that had to be there, over all cuts. */
  acknowledged: number
  /** Publishes and rotations that ended before a cut, over all disks. */
  published: number
  rotated: number
  /** Acknowledged blobs that were gone, and blobs that had other bytes. */
  lost: number
  wrong: number
  slowestStartMs: number
  /** What else was broken, and after which cut. */
  readonly broken: string[]
}

export interface CutInit {
  readonly cuts: number
  readonly seed: number
  /** Whether what programs sync is synced. */
  readonly synced: boolean
}

/** Cut the power of a machine at work so often, and see each time what came through. */
export async function cutPower({ cuts, seed, synced }: CutInit): Promise<CutReport> {
  const random = new SeededRandom(seed)
  const report: CutReport = {
    acknowledged: 0,
    published: 0,
    rotated: 0,
    lost: 0,
    wrong: 0,
    slowestStartMs: 0,
    broken: [],
  }
  for (let done = 0; done < cuts; done += CUTS_EACH) {
    const disk = await CutDisk.create(DISK_MIB)
    try {
      await using work = new CutWork(disk, { random, synced })
      await work.prepare()
      const started = work.start()
      for (let cut = done; cut < Math.min(cuts, done + CUTS_EACH); cut += 1) {
        // The first cut comes while the node starts for the first time.
        if (cut === done) await work.begun()
        else {
          await started
          await work.burst()
        }
        await cutOnce(work, cut, report)
      }
      await started
      report.published += work.published
      report.rotated += work.rotated
    } finally {
      await disk.remove()
    }
  }
  return report
}

async function cutOnce(work: CutWork, cut: number, report: CutReport): Promise<void> {
  const { acknowledged, recover } = await work.cut()
  await work.rest()
  const recovered = await recover()
  work.setOriginAway(true)
  const damage = await judgeAfterCut(recovered.path, acknowledged, {
    goOn: cut % GO_ON_EVERY === 0,
  })
  work.setOriginAway(false)
  await recovered.remove()
  report.acknowledged += acknowledged.stored.size
  report.lost += damage.lost
  report.wrong += damage.wrong
  report.slowestStartMs = Math.max(report.slowestStartMs, damage.startMs)
  report.broken.push(...damage.broken.map((what) => `after cut ${String(cut)}: ${what}`))
}

/** Throws unless everything came through, and came up in time. */
export function assertNothingLost(report: CutReport): void {
  assert.deepEqual([report.lost, report.wrong, report.broken], [0, 0, []])
  assert.ok(report.slowestStartMs <= MAX_START_MS, `started in ${String(report.slowestStartMs)} ms`)
}

export const powerCut: FaultRun = {
  name: 'power-cut',
  about: 'the disk of a node and a publisher at work loses its power (root)',
  async *run({ full, seed, runs: cuts = full ? FULL_CUTS : SHORT_CUTS }) {
    const missing = cutDiskMissing()
    if (missing !== false) throw new Error(missing)
    const report = await cutPower({ cuts, seed, synced: true })
    assertNothingLost(report)
    yield* rowsOf(report, `${String(cuts)} cuts`)
    const unsynced = await cutPower({ cuts: UNSYNCED_CUTS, seed, synced: false })
    assert.ok(unsynced.lost + unsynced.wrong > 0, 'without syncs nothing was lost either')
    yield* rowsOf(unsynced, `${String(UNSYNCED_CUTS)} cuts without syncs`)
  },
}

function* rowsOf(report: CutReport, run: string): Generator<Row> {
  const row = (what: string, value: number, unit: string): Row => ({
    bench: 'power-cut',
    what: `${run}: ${what}`,
    value,
    unit,
  })
  yield row('publishes', report.published, 'heads')
  yield row('rotations of the online keys', report.rotated, 'roots')
  yield row('acknowledged blobs, over all cuts', report.acknowledged, 'blobs')
  yield row('of these gone', report.lost, 'blobs')
  yield row('with other bytes', report.wrong, 'blobs')
  yield row('heads, roots, trust or publishes broken', report.broken.length, 'cases')
  yield row('slowest start', report.slowestStartMs, 'ms')
}
