import assert from 'node:assert/strict'
import type { Row } from '../_report.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { assertQuick, peakMemoryMiB, MAX_COST_MS } from './_cost.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { hostilePlace, LARGE } from './_request-target.ts'
import { drawTrial, tryRequest } from './_request-trial.ts'
import type { Target, Trial } from './_request-trial.ts'
import { SlowClients, untilCut } from './_slow-clients.ts'
import { hostileTree } from './_tree-target.ts'
import { withEndings } from './_with-endings.ts'

const RUNS = 10_000
const SHORT_RUNS = 1_000
/** Slow clients of each of the three kinds. */
const BESIEGERS = 200
/** Of the whole process, all of its clients included. */
const MAX_MEMORY_MIB = 768
/** Longer than a client that reads nothing may take. */
const CLIENT_PATIENCE_MS = 61_000
/** A slower one is tried again, and the quickest counts: collecting the garbage of others takes time now and then. */
const DOUBTFUL_MS = 20
const REPEATS = 4

/** What came of many hostile requests. */
export interface RequestTally {
  readonly runs: number
  /** How many were answered with each status. */
  readonly statuses: ReadonlyMap<number, number>
  /** Processor time of the slowest, until it was answered. */
  readonly maxMs: number
}

/** Send requests that follow from the seed, each over a connection of its own; stops at the first wrong answer. */
export async function tryRequests(
  target: Target,
  runs: number,
  seed: number,
): Promise<RequestTally> {
  const random = new SeededRandom(seed)
  const statuses = new Map<number, number>()
  let maxMs = 0
  for (let run = 0; run < runs; run += 1) {
    const trial = drawTrial(random, target.site)
    try {
      const { status, cpuMs } = await timed(trial, target)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      maxMs = Math.max(maxMs, cpuMs)
    } catch (cause) {
      const shown = JSON.stringify(trial.pieces)
      const why = String(cause).split('\n', 1)[0] ?? ''
      throw new Error(
        `Cannot stand request ${String(run)} of seed ${String(seed)}: ${why}; it was ${shown}`,
        { cause },
      )
    }
  }
  return { runs, statuses, maxMs }
}

async function timed(trial: Trial, target: Target): ReturnType<typeof tryRequest> {
  let best = await tryRequest(trial, target)
  for (let again = 1; again < REPEATS && best.cpuMs > DOUBTFUL_MS; again += 1) {
    const next = await tryRequest(trial, target)
    if (next.cpuMs < best.cpuMs) best = next
  }
  return best
}

/** What slow clients cost, and what the others notice. */
export interface SiegeReport {
  readonly connections: number
  /** Answers to others meanwhile, and the slowest of them. */
  readonly answers: number
  readonly slowestMs: number
  /** Resident memory for each of the connections, those of the clients included, which are in this process too. */
  readonly bytesEach: number
}

/** Besiege an endpoint until it has cut all who do. Throws when somebody else is not answered. */
export async function besiege(test: Ending, target: Target, each: number): Promise<SiegeReport> {
  const { port, pass, site } = target
  const [victim = ''] = site.files.keys()
  const url = `http://${site.host}/${site.repository}/`
  const before = process.memoryUsage.rss()
  const siege = { port, host: site.host, large: `/${site.repository}/${LARGE}`, each }
  const slow = await SlowClients.begin(siege)
  test.after(() => {
    slow.end()
  })
  const bytesEach = (process.memoryUsage.rss() - before) / (3 * each)
  const cut = new AbortController()
  const cutting = untilCut(slow.asking).then(() => {
    cut.abort()
  })
  let answers = 0
  let slowestMs = 0
  for (; !cut.signal.aborted; answers += 1) {
    const begin = performance.now()
    const answer = await fetch(url + victim)
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), site.files.get(victim))
    slowestMs = Math.max(slowestMs, performance.now() - begin)
  }
  await cutting
  pass(CLIENT_PATIENCE_MS)
  await untilCut(slow.reading)
  return { connections: 3 * each, answers, slowestMs, bytesEach }
}

export const requests: FaultRun = {
  name: 'requests',
  about: 'hostile paths and header sets, smuggling, slow clients at a real endpoint',
  async *run({ full, seed, runs = full ? RUNS : SHORT_RUNS }) {
    yield* withEndings(async function* (test) {
      const places = [
        { name: 'an endpoint', target: await hostilePlace(test) },
        { name: 'a tree', target: await hostileTree(test) },
      ]
      for (const { name, target } of places) {
        yield* rowsOfRequests(name, await tryRequests(target, runs, seed))
        yield* rowsOfSiege(name, await besiege(test, target, BESIEGERS))
      }
    })
  },
}

function* rowsOfRequests(where: string, { runs, statuses, maxMs }: RequestTally): Iterable<Row> {
  const bench = 'requests'
  const shown = [...statuses]
    .sort()
    .map(([status, count]) => `${String(count)} × ${String(status)}`)
  yield {
    bench,
    what: `hostile requests to ${where}: ${shown.join(', ')}`,
    value: runs,
    unit: 'requests',
  }
  yield { bench, what: 'wrong answers', value: 0, unit: 'requests', target: '0' }
  const what = 'slowest answer, processor time'
  const target = `${String(MAX_COST_MS)} ms`
  yield { bench, what, value: maxMs, unit: 'ms', target }
  assertQuick(what, maxMs)
}

function* rowsOfSiege(where: string, report: SiegeReport): Iterable<Row> {
  const bench = 'requests'
  const { connections, answers, slowestMs, bytesEach } = report
  yield {
    bench,
    what: `connections of slow clients to ${where}, all cut`,
    value: connections,
    unit: '',
  }
  yield { bench, what: 'answers to others meanwhile, all right', value: answers, unit: '' }
  yield { bench, what: 'slowest of them', value: slowestMs, unit: 'ms' }
  const what = 'memory for each slow connection, both ends'
  yield { bench, what, value: bytesEach / 1024, unit: 'KiB' }
  yield {
    bench,
    what: 'resident memory at its peak, all clients included',
    value: peakMemoryMiB(MAX_MEMORY_MIB),
    unit: 'MiB',
    target: `${String(MAX_MEMORY_MIB)} MiB`,
  }
}
