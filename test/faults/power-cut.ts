import assert from 'node:assert/strict'
import type { Row } from '../_report.ts'
import { judgeAfterCut } from './_after-cut.ts'
import { Child } from './_child.ts'
import { CutDisk, cutDiskMissing } from './_cut-disk.ts'
import { CutWork } from './_cut-work.ts'
import type { CutMoment } from './_cut-work.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { assertStartedInTime } from './_start-time.ts'
import { UNSYNCED_SITES } from './_sync-sites.ts'
import type { UnsyncedSites } from './_sync-sites.ts'

const STARTER = new URL('_start-process.ts', import.meta.url)
const FULL_CUTS = 200
export const SHORT_CUTS = 50
/** So often is the power cut before the work begins anew on an empty disk, the first start included. */
const CUTS_EACH = 25
/** Without some syncs, most cuts before the first loss. */
const UNSYNCED_CUTS = 12
/** After every so many cuts a whole node is started and something published; after each, all is looked at. */
const GO_ON_EVERY = 5
const DISK_MIB = 96

/** What a number of power cuts did. */
export interface CutReport {
  cuts: number
  /** Blobs that had to be there, over all cuts. */
  acknowledged: number
  /** How many cuts came in the midst of what; one may count for several. */
  readonly cutIn: Record<CutMoment | 'first start', number>
  /** What ended before a cut, over all disks. */
  readonly done: { publishes: number; rotations: number; evictions: number; heads: number }
  /** Acknowledged blobs that were gone, and blobs that had other bytes. */
  lost: number
  wrong: number
  /** Databases that were begun anew; all else that is broken shows what that cost. */
  rebuilt: number
  /** As it was, and without what it waited for a processor. */
  slowestStartMs: number
  slowestAloneMs: number
  /** What else was broken, and after which cut. */
  readonly broken: string[]
}

export interface CutInit {
  readonly cuts: number
  readonly seed: number
  /** What programs only believe to be synced. @defaultValue nothing */
  readonly unsynced?: UnsyncedSites
  /** Whether to end at the first loss. @defaultValue false */
  readonly once?: boolean
}

/** Cut the power of a machine at work so often, and see each time what came through. */
export async function cutPower(init: CutInit): Promise<CutReport> {
  const random = new SeededRandom(init.seed)
  const report: CutReport = {
    cuts: 0,
    acknowledged: 0,
    cutIn: {
      storing: 0,
      evicting: 0,
      'head update': 0,
      publishing: 0,
      rotating: 0,
      'first start': 0,
    },
    done: { publishes: 0, rotations: 0, evictions: 0, heads: 0 },
    lost: 0,
    wrong: 0,
    rebuilt: 0,
    slowestStartMs: 0,
    slowestAloneMs: 0,
    broken: [],
  }
  const starter = Child.start(STARTER, {})
  try {
    while (report.cuts < init.cuts) {
      await cutOneDisk({ ...init, starter }, random, report)
      if (init.once === true && hasLost(report)) break
    }
  } finally {
    await starter.kill()
  }
  return report
}

async function cutOneDisk(
  init: CutInit & { readonly starter: Child },
  random: SeededRandom,
  report: CutReport,
): Promise<void> {
  const { cuts, starter, unsynced, once = false } = init
  const disk = await CutDisk.create(DISK_MIB)
  try {
    await using work = new CutWork(disk, { random, unsynced })
    await work.prepare()
    const started = work.start()
    const last = Math.min(cuts, report.cuts + CUTS_EACH)
    for (let isFirst = true; report.cuts < last; isFirst = false) {
      // The first cut comes while the node starts for the first time.
      if (isFirst) {
        await work.begun()
        report.cutIn['first start'] += 1
      } else {
        await started
        await work.burst()
      }
      await cutOnce({ work, starter }, report)
      if (once && hasLost(report)) break
    }
    await started
    addDone(report, work)
  } finally {
    await disk.remove()
  }
}

async function cutOnce(
  { work, starter }: { readonly work: CutWork; readonly starter: Child },
  report: CutReport,
): Promise<void> {
  const { acknowledged, underWay, recover } = await work.cut()
  for (const what of underWay) report.cutIn[what] += 1
  await work.rest()
  const recovered = await recover()
  work.setOriginAway(true)
  const damage = await judgeAfterCut(recovered.path, acknowledged, {
    goOn: report.cuts % GO_ON_EVERY === 0 ? starter : undefined,
  })
  work.setOriginAway(false)
  await recovered.remove()
  report.cuts += 1
  report.acknowledged += acknowledged.node.stored.size
  report.lost += damage.lost
  report.wrong += damage.wrong
  report.rebuilt += damage.rebuilt
  report.slowestStartMs = Math.max(report.slowestStartMs, damage.startMs)
  report.slowestAloneMs = Math.max(report.slowestAloneMs, damage.startAloneMs)
  report.broken.push(...damage.broken.map((what) => `after cut ${String(report.cuts)}: ${what}`))
}

function addDone({ done }: CutReport, work: CutWork): void {
  done.publishes += work.done.publishes
  done.rotations += work.done.rotations
  done.evictions += work.acknowledged.removed
  done.heads += work.acknowledged.heads
}

/** Throws unless everything came through, and all kinds of work were done. */
export function assertNothingLost(report: CutReport): void {
  assert.deepEqual([report.lost, report.wrong, report.broken], [0, 0, []])
  assert.ok(report.acknowledged > report.cuts)
  for (const [what, count] of Object.entries(report.done)) assert.ok(count > 0, `no ${what}`)
}

/** Throws unless cuts came in the midst of all kinds of work: of a few, some may find none of the short ones. */
function assertAllMoments({ cutIn }: CutReport): void {
  for (const [what, count] of Object.entries(cutIn)) assert.ok(count > 0, `no cut in ${what}`)
}

export function hasLost({ lost, wrong, broken }: CutReport): boolean {
  return lost + wrong + broken.length > 0
}

/** Leave out some syncs until something is lost. */
export function cutWithout(unsynced: UnsyncedSites, seed: number): Promise<CutReport> {
  return cutPower({ cuts: UNSYNCED_CUTS, seed, unsynced, once: true })
}

export const powerCut: FaultRun = {
  name: 'power-cut',
  about: 'the disk of a node and a publisher at work loses its power (root)',
  async *run({ full, seed, runs: cuts = full ? FULL_CUTS : SHORT_CUTS }) {
    const missing = cutDiskMissing()
    if (missing !== false) throw new Error(missing)
    const report = await cutPower({ cuts, seed })
    yield* rowsOf(report, `${String(cuts)} cuts`)
    assertNothingLost(report)
    if (full) {
      assertAllMoments(report)
      assertStartedInTime(report)
    }
    yield* controls(seed, full)
  },
}

/** What is lost when syncs are left out: all of them, and in the long form each kind alone. Throws when one loses nothing. */
async function* controls(seed: number, full: boolean): AsyncGenerator<Row> {
  for (const unsynced of full ? UNSYNCED_SITES : (['all'] as const)) {
    const report = await cutWithout(unsynced, seed)
    const what = `no syncs of: ${unsynced}`
    yield* rowsOf(report, what)
    for (const broken of report.broken) process.stderr.write(`${what}: ${broken}\n`)
    assert.ok(hasLost(report), `${what}: nothing was lost`)
  }
}

function* rowsOf(report: CutReport, run: string): Generator<Row> {
  const row = (what: string, value: number, unit: string): Row => ({
    bench: 'power-cut',
    what: `${run}: ${what}`,
    value,
    unit,
  })
  yield row('cuts', report.cuts, 'cuts')
  for (const [what, count] of Object.entries(report.cutIn)) yield row(`in: ${what}`, count, 'cuts')
  for (const [what, count] of Object.entries(report.done)) yield row(what, count, 'times')
  yield row('acknowledged blobs, over all cuts', report.acknowledged, 'blobs')
  yield row('of these gone', report.lost, 'blobs')
  yield row('with other bytes', report.wrong, 'blobs')
  yield row('databases begun anew', report.rebuilt, 'times')
  yield row('heads, roots, trust, index or publishes broken', report.broken.length, 'cases')
  yield row('slowest start, on this busy machine', report.slowestStartMs, 'ms')
  yield row('slowest start, without waits for a processor', report.slowestAloneMs, 'ms')
}
