import assert from 'node:assert/strict'
import type { Row } from '../_report.ts'
import type { FaultRun } from './_fault-run.ts'
import { withEndings } from './_with-endings.ts'
import { dhtFigure, headFigure } from './hostile/arrivals.ts'
import { actsOf } from './hostile/attack.ts'
import type { AttackName, HostileInit } from './hostile/hostile-process.ts'
import { answersOf } from './hostile/figures.ts'
import { liveAmongHostile, MIB } from './hostile/hostile-run.ts'
import type { HostileRunInit, HostileRunReport } from './hostile/hostile-run.ts'
import { STREAMS_GIVEN } from './hostile/streams.ts'

/** Builds in an attack, beside those before it. */
const MOST_TIMES_SLOWER = 2
/** When all are strangers at once, each liar has to be met again by each node, a patience of 250 ms at a time. */
const MOST_TIMES_SLOWER_AMONG_STRANGERS = 4
/** All manners of harm, the worst first. Peers beyond the list begin it anew. */
const MANNERS: HostileInit['manners'] = [
  'lying',
  'silent',
  'slow',
  'truncating',
  'endless',
  'babbling',
  'lying',
  'silent',
  'slow',
  'truncating',
  'lying',
]
const ATTACKS: readonly AttackName[] = [
  'frames',
  'streams',
  'summaries',
  'falseHeads',
  'records',
  'floods',
  'values',
  'ghosts',
  'topics',
  'crowd',
  'mutes',
]

/** Every attack is done so often at least, for who does it takes his time. */
const acts = (times: number): HostileRunInit['least'] =>
  Object.fromEntries(ATTACKS.map((attack) => [actsOf(attack), times]))

/** One peer of each manner and attack, and few of everything else. */
export const SHORT: Omit<HostileRunInit, 'seed'> = {
  isPatient: true,
  holders: 1,
  builders: 2,
  artifacts: 8,
  rounds: 1,
  hours: 0,
  newcomers: 0,
  least: {
    ...acts(1),
    [STREAMS_GIVEN]: 1,
    [dhtFigure('ADD_PROVIDER', 'taken')]: 1,
    [dhtFigure('ADD_PROVIDER', 'refused')]: 1,
    [dhtFigure('PUT_VALUE', 'refused')]: 1,
    [headFigure('reject')]: 1,
  },
  manners: MANNERS.slice(0, 6),
  attacks: ATTACKS,
}

const FULL: Omit<HostileRunInit, 'seed'> = {
  isPatient: false,
  holders: 2,
  builders: 18,
  artifacts: 30,
  rounds: 2,
  hours: 3,
  newcomers: 1,
  least: {
    ...acts(20),
    ...Object.fromEntries(MANNERS.map((manner) => [answersOf(manner), 1])),
    [STREAMS_GIVEN]: 10_000,
    [dhtFigure('ADD_PROVIDER', 'taken')]: 100_000,
    [dhtFigure('ADD_PROVIDER', 'refused')]: 1_000,
    [dhtFigure('PUT_VALUE', 'refused')]: 1_000,
    [headFigure('reject')]: 100,
    [headFigure('ignore')]: 20,
  },
  manners: MANNERS,
  attacks: ATTACKS,
}

export const hostile: FaultRun = {
  name: 'hostile',
  about: 'builds among peers that lie, stall, flood and forge',
  run: ({ full, seed }) =>
    withEndings(async function* (test) {
      const init = { ...(full ? FULL : SHORT), seed }
      const report = await liveAmongHostile(test, init)
      yield* rowsOf(report, init)
      if (full) assertShown(report)
    }),
}

/** What chance decides where there is little of it. */
function assertShown({ p99Ms, bans }: HostileRunReport): void {
  const { before, during, strangers } = p99Ms
  const slowed = `builds were slowed from ${before.toFixed(0)} to`
  assert.ok(during <= MOST_TIMES_SLOWER * before, `${slowed} ${during.toFixed(0)} ms`)
  assert.ok(
    strangers <= MOST_TIMES_SLOWER_AMONG_STRANGERS * before,
    `${slowed} ${strangers.toFixed(0)} ms among strangers`,
  )
  assert.ok(bans > 0, 'nobody lied three times, so that nobody was banned')
}

function rowsOf(report: HostileRunReport, init: HostileRunInit): readonly Row[] {
  const { before, during, strangers } = report.p99Ms
  const honest = `${String(init.builders + init.holders)} honest nodes`
  const foes = `${String(init.manners.length + init.attacks.length)} hostile peers`
  const rows: readonly Omit<Row, 'bench'>[] = [
    { what: `downloads, ${honest}, ${foes}`, value: report.downloads, unit: 'files' },
    { what: 'of these failed or wrong', value: 0, unit: 'files', target: '0' },
    { what: '99th percentile before the attack', value: before, unit: 'ms' },
    {
      what: '99th percentile in the attack',
      value: during,
      unit: 'ms',
      target: String(Math.round(MOST_TIMES_SLOWER * before)),
    },
    {
      what: '99th percentile while all are strangers again',
      value: strangers,
      unit: 'ms',
      target: String(Math.round(MOST_TIMES_SLOWER_AMONG_STRANGERS * before)),
    },
    { what: 'until a deploy reached the last node', value: report.deploySeconds, unit: 's' },
    { what: 'until a sound head of an attacker did', value: report.toldSeconds, unit: 's' },
    {
      what: 'most memory of an honest process',
      value: Math.max(...report.peakResidentBytes) / MIB,
      unit: 'MiB',
      target: '512',
    },
    { what: 'lies that were caught', value: report.lies, unit: 'answers' },
    { what: 'bans, each for three lies', value: report.bans, unit: 'bans' },
    ...Object.entries(report.figures).map(([what, value]) => ({ what, value, unit: 'times' })),
  ]
  return rows.map((row) => ({ bench: 'hostile', ...row }))
}
