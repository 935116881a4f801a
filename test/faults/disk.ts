import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handleCount } from '../_process-figures.ts'
import type { Row } from '../_report.ts'
import { DiskWork } from './_disk-work.ts'
import { failingCallsMissing, whileFailing } from './_failing-calls.ts'
import type { CallFault, DiskCall } from './_failing-calls.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { shell } from './_shell.ts'
import { usedInTrace } from './_system-calls.ts'
import { SmallDisk, smallDiskMissing } from './_small-disk.ts'
import { StruckSites } from './_write-sites.ts'
import type { SiteList } from './_write-sites.ts'

/** By which a node changes its disk, or looks at it. */
const NODE_CALLS: readonly DiskCall[] = ['fsync', 'fdatasync', 'pwrite', 'write', 'rename', 'open']
const FULL_RUNS = 40
/** A node looks for newer heads each ten seconds, which a short run does not wait for. */
export const SHORT_RUNS = 2
/** The database takes a few of them for itself. */
const DISK_MIB = 48
/** More than the node may keep. */
const VERSIONS = 300
/** Between nothing and this much is left free: a database writes its journal in small steps. */
const MOST_LEFT_BYTES = 64 * 1024
const WARM_REQUESTS = 60
/** Requests before the disk is full, at most, and while it is. */
const MOST_BEFORE = 30
const REQUESTS = 40
/** Bursts of requests for one kind of call, until one of them fails. */
const MOST_BURSTS = 8
const MANY_CLIENTS = 64

/** So many faults strike each of these places; `disk-calls` strikes call by call what is left to chance, such as evidence. */
const RUNS_TO_STRIKE_ALL = 20
const WHOLE: readonly DiskCall[] = ['write', 'fsync', 'rename']
/** What each whole run strikes; what it strikes now and then, such as evidence, `disk-calls` strikes call by call. */
const STRUCK_BY_EIO: SiteList = {
  'database: journal': ['write', 'fdatasync'],
  'blob in the making': ['pwrite', 'fsync', 'open'],
  'name of a blob': ['fsync', 'rename'],
  'probe of the disk': ['fdatasync'],
  'trusted state': ['pwrite'],
  'joined repositories': WHOLE,
  'deny list': WHOLE,
}
const STRUCK_BY_ENOSPC: SiteList = {
  'database: journal': ['write'],
  'blob in the making': ['pwrite'],
  'probe of the disk': ['pwrite'],
  'joined repositories': ['write'],
  'deny list': ['write'],
}

/** How often something failed, and what the clients got. */
export interface DiskReport {
  /** Faults: full disks, calls that failed, or moments without handles. */
  faults: number
  served: number
  refused: number
  /** Acknowledged blobs at the end, all of which were there. */
  acknowledged: number
  /** What the faults struck. */
  readonly sites: StruckSites
}

export interface DiskInit {
  readonly runs: number
  readonly seed: number
  /** Whether what a full disk refuses is asked for again until it is served. @defaultValue false */
  readonly isPatient?: boolean
}

/** Fill the disk of a node in the midst of its work, and give the space back. */
export async function fillDisk({ runs, seed, isPatient = false }: DiskInit): Promise<DiskReport> {
  const random = new SeededRandom(seed)
  const disk = await SmallDisk.create(DISK_MIB)
  try {
    const dataDir = join(disk.path, 'data')
    return await withWork({ dataDir, random }, async (work, report) => {
      for (let run = 0; run < runs; run += 1) {
        await work.publish()
        const busy = work.burst(REQUESTS)
        await work.burst(1 + random.below(MOST_BEFORE), { clients: 1 })
        const calls = await whileFailing(work.pid, {}, async () => {
          // At first nothing at all is left.
          disk.fill(run === 0 ? 0 : random.below(MOST_LEFT_BYTES))
          const answers = await work.burst(REQUESTS, { isPatient })
          await work.change()
          if (run >= SHORT_RUNS) await work.contradict()
          await work.assertKeptIsServed(REQUESTS)
          report.served += answers.served
          report.refused += answers.refused
        })
        report.sites.add(calls)
        await busy
        disk.empty()
        await work.recovered()
        report.faults += 1
      }
    })
  } finally {
    disk.empty()
    await disk.remove()
  }
}

/** Have each kind of call fail with EIO in the midst of a node's work, some now and then, some always. */
export async function failCalls({ runs, seed }: DiskInit): Promise<DiskReport> {
  return onPlainDisk(seed, async (work, report, random) => {
    for (let run = 0; run < runs; run += 1) {
      for (const call of NODE_CALLS) {
        const fault = faultOf(work, call, 1 + random.below(3))
        let failed = 0
        for (let burst = 0; failed === 0; burst += 1) {
          // What a burst of requests makes a node do depends on what it holds: one may open no file.
          assert.ok(burst < MOST_BURSTS, `no ${call} failed`)
          const calls = await whileFailing(work.pid, fault, async () => {
            await work.publish()
            const answers = await work.burst(REQUESTS)
            report.served += answers.served
            report.refused += answers.refused
            await work.change()
            if (run >= SHORT_RUNS) await work.contradict()
            // A file that cannot be opened cannot be read.
            if (call !== 'open') await work.assertKeptIsServed(REQUESTS)
          })
          assert.deepEqual(usedInTrace(calls), [])
          report.sites.add(calls)
          failed += calls.filter(({ isInjected }) => isInjected).length
        }
        report.faults += failed
        await work.recovered()
      }
    }
  })
}

function faultOf(work: DiskWork, call: DiskCall, every: number): CallFault {
  // By write a process also speaks to its other threads and to sockets; only files are meant.
  return { call, every, only: call === 'write' ? work.written() : undefined }
}

/** Why handles cannot be taken away here, or false when they can. */
export function handleLimitMissing(): string | false {
  const { status } = spawnSync('prlimit', ['--version'])
  return status === 0 ? false : 'taking handles away needs prlimit (util-linux)'
}

/** Take a node's handles away while many clients ask, and give them back. */
export async function takeHandles({ runs, seed }: DiskInit): Promise<DiskReport> {
  return onPlainDisk(seed, async (work, report, random) => {
    const ofNode = ['--pid', String(work.pid)]
    const read = ['--nofile', '--output=SOFT', '--noheadings', '--raw']
    const before = (await shell('prlimit', ...ofNode, ...read)).trim()
    for (let run = 0; run < runs; run += 1) {
      // At first none at all.
      const few = handleCount(work.pid) + (run === 0 ? 0 : random.below(MANY_CLIENTS))
      await shell('prlimit', ...ofNode, `--nofile=${String(few)}:`)
      const answers = await work.burst(4 * MANY_CLIENTS, { clients: MANY_CLIENTS })
      await shell('prlimit', ...ofNode, `--nofile=${before}:`)
      await work.recovered()
      report.faults += 1
      report.served += answers.served
      report.refused += answers.refused
    }
  })
}

async function onPlainDisk(
  seed: number,
  run: (work: DiskWork, report: DiskReport, random: SeededRandom) => Promise<void>,
): Promise<DiskReport> {
  const random = new SeededRandom(seed)
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-plain-'))
  try {
    return await withWork({ dataDir: join(directory, 'data'), random }, (work, report) =>
      run(work, report, random),
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function withWork(
  init: { readonly dataDir: string; readonly random: SeededRandom },
  run: (work: DiskWork, report: DiskReport) => Promise<void>,
): Promise<DiskReport> {
  const report: DiskReport = {
    faults: 0,
    served: 0,
    refused: 0,
    acknowledged: 0,
    sites: new StruckSites(),
  }
  await using work = await DiskWork.start({
    dataDir: init.dataDir,
    // Its own, so that the faults that are drawn do not depend on how fast clients are.
    random: new SeededRandom(init.random.next()),
    versions: VERSIONS,
  })
  await work.burst(WARM_REQUESTS)
  await run(work, report)
  await work.upToDate()
  report.acknowledged = await work.judge()
  return report
}

export const diskRun: FaultRun = {
  name: 'disk',
  about: 'a full disk, calls that fail with EIO (strace), no handles left (root)',
  async *run({ full, seed, runs = full ? FULL_RUNS : SHORT_RUNS }) {
    const missing = smallDiskMissing() || failingCallsMissing() || handleLimitMissing()
    if (missing !== false) throw new Error(missing)
    const filled = await fillDisk({ runs, seed, isPatient: !full })
    yield* rowsOf('full disk', filled)
    if (full) assert.equal(filled.refused, 0, 'a full disk kept the node from serving')
    const failed = await failCalls({ runs, seed })
    yield* rowsOf('EIO', failed)
    yield* rowsOf('no handles', await takeHandles({ runs, seed }))
    if (runs < RUNS_TO_STRIKE_ALL) return
    const missed = [
      ...filled.sites.missing('ENOSPC', STRUCK_BY_ENOSPC),
      ...failed.sites.missing('EIO', STRUCK_BY_EIO),
    ]
    if (missed.length > 0) throw new Error(`Not struck: ${missed.join(', ')}`)
  },
}

function* rowsOf(fault: string, report: DiskReport): Generator<Row> {
  const row = (what: string, value: number, unit: string): Row => ({
    bench: 'disk',
    what: `${fault}: ${what}`,
    value,
    unit,
  })
  yield row('faults', report.faults, 'faults')
  yield row('requests served meanwhile', report.served, 'answers')
  yield row('requests refused with 424 or not answered', report.refused, 'answers')
  yield row('acknowledged blobs at the end, none lost or wrong', report.acknowledged, 'blobs')
  for (const { what, value, unit } of report.sites.rows()) yield row(what, value, unit)
}
