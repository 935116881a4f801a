import type { Row } from '../_report.ts'
import { failingCallsMissing } from './_failing-calls.ts'
import type { DiskCall } from './_failing-calls.ts'
import { DiskTrials } from './_disk-trials.ts'
import type { DiskTrial } from './_disk-trials.ts'
import { SCENARIOS } from './_disk-scenarios.ts'
import type { DiskScenario } from './_disk-scenarios.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { smallDiskMissing } from './_small-disk.ts'
import { ViolationError } from './_violation-error.ts'
import { StruckSites } from './_write-sites.ts'
import type { SiteList } from './_write-sites.ts'

const WHOLE: readonly DiskCall[] = ['write', 'fsync', 'rename']
const STORED: readonly DiskCall[] = ['pwrite', 'fsync', 'rename']
const LEVEL: readonly DiskCall[] = ['write', 'fdatasync']

/** What the long form must strike: every place where a publisher, or a node that starts, writes what it needs. */
export const STRUCK_BY_EIO: SiteList = {
  'mark of a data directory': STORED,
  'process number': STORED,
  'database: manifest': [...LEVEL, 'rename'],
  'joined repositories': WHOLE,
  certificate: WHOLE,
  'key of the certificate': WHOLE,
  'trust store': WHOLE,
  'peer key': WHOLE,
  'peers database': [...LEVEL, 'rename'],
  'lock of the publisher': ['link'],
  'key of the publisher': WHOLE,
  root: WHOLE,
  'proposed root': WHOLE,
  'state: manifest': WHOLE,
  'state: history': WHOLE,
  'state: scan record': WHOLE,
  'state: retired files': WHOLE,
  'state: the rest': WHOLE,
  'state: its name': ['fsync', 'rename'],
  'published manifest': WHOLE,
  'published object': WHOLE,
  'published blob': WHOLE,
  'published pack': WHOLE,
  'published history': WHOLE,
  release: ['fsync'],
  'folder of releases': ['fsync'],
  'observed database': [...LEVEL, 'rename'],
  'observed files': WHOLE,
}

/** Of a file that is not synced yet a full disk strikes the writes. */
export const STRUCK_BY_ENOSPC: SiteList = {
  'mark of a data directory': ['pwrite'],
  'process number': ['pwrite'],
  'database: manifest': ['write'],
  'joined repositories': ['write'],
  certificate: ['write'],
  'key of the certificate': ['write'],
  'trust store': ['write'],
  'peer key': ['write'],
  'peers database': ['write'],
  'lock of the publisher': ['write'],
  'state: unfinished': ['write'],
  'published: unfinished': ['write'],
  'observed database': ['write'],
  'observed files': ['write'],
}

/** The calls of a command whose files have drawn names. */
const NTH: readonly DiskCall[] = ['fsync', 'rename']
/** Up to so many are free in the short form: all commands need more. */
const SHORT_PAGES = 4
/** Drawn from each scenario in the short form. */
const SHORT_TRIALS = 2

export interface CallTrials {
  readonly sites: StruckSites
  trials: number
  refused: number
}

export interface CallTrialsInit {
  readonly scenarios: readonly DiskScenario[]
  readonly random: SeededRandom
  /** How many calls are made to fail, of each scenario; the rooms are as many. @defaultValue all */
  readonly most?: number | undefined
  /** Told of each scenario once it is through. */
  readonly done?: (name: string, report: CallTrials) => void
}

/** Let each call of commands fail once, and let disks be full at each page that they take. */
export async function tryCalls(init: CallTrialsInit): Promise<CallTrials> {
  const report: CallTrials = { sites: new StruckSites(), trials: 0, refused: 0 }
  for (const scenario of init.scenarios) {
    await using trials = await DiskTrials.create(scenario)
    const attempt = async (trial: DiskTrial): Promise<boolean> => {
      const { struck, refused } = await trials.try(trial, report.sites)
      report.trials += Number(struck > 0)
      report.refused += Number(refused)
      return struck > 0
    }
    const calls = await trials.calls()
    for (const trial of drawn(calls, init)) {
      if (!(await attempt(trial))) throw new ViolationError('status', `no ${JSON.stringify(trial)}`)
    }
    if (init.most === undefined) {
      if (calls.length === 0)
        for (const call of NTH) await untilNone((at) => attempt({ kind: 'nth', call, at: at + 1 }))
      await untilNone((pages) => attempt({ kind: 'room', pages }))
    } else await attempt({ kind: 'room', pages: init.random.below(SHORT_PAGES) })
    init.done?.(scenario.name, report)
  }
  return report
}

/** Up to the first that nothing strikes. */
async function untilNone(attempt: (at: number) => Promise<boolean>): Promise<void> {
  for (let at = 0; await attempt(at);) at += 1
}

function drawn<T>(all: readonly T[], { most, random }: CallTrialsInit): readonly T[] {
  if (most === undefined) return all
  const left = [...all]
  return Array.from({ length: Math.min(most, left.length) }, () => {
    const [one] = left.splice(random.below(left.length), 1)
    return one as T
  })
}

/** Why none of it can be done here, or false when it can. */
export function callTrialsMissing(): string | false {
  return smallDiskMissing() || failingCallsMissing()
}

export const diskCallsRun: FaultRun = {
  name: 'disk-calls',
  about:
    'each call of repo commands and of a start fails once with EIO, or finds a full disk (strace, root)',
  async *run({ full, seed, runs }) {
    const missing = callTrialsMissing()
    if (missing !== false) throw new Error(missing)
    const most = runs ?? (full ? undefined : SHORT_TRIALS)
    const random = new SeededRandom(seed)
    const report = await tryCalls({
      scenarios: SCENARIOS,
      random,
      most,
      done: (name, { trials }) => {
        process.stderr.write(`${name}: ${String(trials)} calls failed so far\n`)
      },
    })
    yield row('trials that failed a call', report.trials, 'trials')
    yield row('of them refused in plain words, and done by the next run', report.refused, 'trials')
    yield* report.sites.rows()
    if (most !== undefined) return
    const missed = [
      ...report.sites.missing('EIO', STRUCK_BY_EIO),
      ...report.sites.missing('ENOSPC', STRUCK_BY_ENOSPC),
    ]
    if (missed.length > 0) throw new Error(`Not struck: ${missed.join(', ')}`)
  },
}

function row(what: string, value: number, unit: string): Row {
  return { bench: 'disk-calls', what, value, unit }
}
