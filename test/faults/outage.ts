import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Row } from '../_report.ts'
import type { FaultRun } from './_fault-run.ts'
import { METADATA, OutageSwarm } from './_outage-swarm.ts'
import type { Answer, Builder } from './_outage-swarm.ts'
import { SeededRandom } from './_random.ts'
import { withEndings } from './_with-endings.ts'

const HOUR_MS = 3_600_000
const DAY_SECONDS = 86_400
/** Hours at which time stands still to let nodes do what is due. */
const STEP_HOURS = 6
/** What a timestamp lives, and how old it may grow. */
const FRESH_DAYS = 7
const MAX_STALE_DAYS = 30
const BUILDS_A_DAY = 5

export interface OutageInit {
  readonly nodes: number
  readonly days: number
  readonly seed: number
}

/** What an outage did to builds. */
export interface OutageReport {
  readonly downloads: number
  readonly joiners: number
  /** Days by the state that each ended in, as the design says they must. */
  readonly days: Readonly<Record<'fresh' | 'stale' | 'suspect', number>>
}

/**
 * Live through an outage of the primary that lasts from the first to the last day. Throws when a release cannot be had, or
 * when the state of freshness on any day is not what the design says.
 */
export async function liveThroughOutage(
  test: Pick<TestContext, 'after'>,
  { nodes, days, seed }: OutageInit,
): Promise<OutageReport> {
  const swarm = new OutageSwarm(test, new SeededRandom(seed))
  await swarm.begin(nodes)
  const beginMs = swarm.rig.clock.now()
  const count = { fresh: 0, stale: 0, suspect: 0 }
  let downloads = 0
  for (let day = 1; day <= days; day += 1) {
    for (let hour = 0; hour < 24; hour += STEP_HOURS) await letTimePass(swarm)
    const age = (swarm.rig.clock.now() - beginMs) / HOUR_MS / 24
    const state = age < FRESH_DAYS ? 'fresh' : age > MAX_STALE_DAYS ? 'suspect' : 'stale'
    count[state] += 1
    const joiner = await swarm.join()
    const builders = [joiner, ...Array.from({ length: BUILDS_A_DAY - 1 }, () => swarm.anyone())]
    for (const builder of builders) {
      assert.equal(builder.node.repository.freshness().state, state, `day ${String(day)}`)
      assert.equal(builder.node.repository.head?.seq, swarm.rig.builder.state?.head.seq)
      downloads += await buildOn(swarm, builder, state)
    }
  }
  return { downloads, joiners: days, days: count }
}

async function letTimePass({ rig, builders }: OutageSwarm): Promise<void> {
  rig.clock.advance(STEP_HOURS * HOUR_MS)
  // What is due is done when no turn of the loop brings more; a look at each node is such a turn.
  await rig.until(() => builders.every(({ node }) => node.repository.head !== undefined))
}

async function buildOn(
  swarm: OutageSwarm,
  builder: Builder,
  state: 'fresh' | 'stale' | 'suspect',
): Promise<number> {
  const answers = await swarm.build(builder)
  const releases = answers.filter(({ path }) => path !== METADATA)
  for (const answer of releases) {
    assert.deepEqual(
      [answer.status, answer.right, answer.stale],
      [200, true, undefined],
      `${answer.path}: ${answer.phrase}`,
    )
  }
  checkMutable(
    answers.find(({ path }) => path === METADATA),
    state,
  )
  return releases.length
}

function checkMutable(answer: Answer | undefined, state: 'fresh' | 'stale' | 'suspect'): void {
  const isStale = answer?.stale !== undefined && answer.stale <= MAX_STALE_DAYS * DAY_SECONDS
  const found = [answer?.status, answer?.right, isStale]
  const wanted = {
    fresh: [200, true, false],
    stale: [200, true, true],
    suspect: [424, false, false],
  }
  assert.deepEqual(found, wanted[state], state)
}

export const outage: FaultRun = {
  name: 'outage',
  about: 'the primary is dead for a month, somebody joins each day, five builds a day',
  run({ full, seed }) {
    const nodes = full ? 20 : 10
    return withEndings(async function* (test) {
      yield* rowsOf(await liveThroughOutage(test, { nodes, days: 32, seed }), nodes)
    })
  },
}

function rowsOf({ downloads, days }: OutageReport, nodes: number): readonly Row[] {
  const bench = 'outage'
  const lasted = `${String(nodes)} nodes, days fresh / stale / suspect: ${Object.values(days).join(' / ')}`
  return [
    { bench, what: `${lasted}; release downloads`, value: downloads, unit: 'files' },
    { bench, what: 'release downloads that failed', value: 0, unit: 'files', target: '0' },
  ]
}
