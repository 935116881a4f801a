import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { hostilePlace } from './_request-target.ts'
import { drawTrial, tryRequest } from './_request-trial.ts'
import type { Target, Trial } from './_request-trial.ts'
import { withEndings } from './_with-endings.ts'

const RUNS = 10_000
const SHORT_RUNS = 1_000
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

export const requests: FaultRun = {
  name: 'requests',
  about: 'hostile paths and header sets, smuggling, slow clients at a real endpoint',
  async *run({ full, seed, runs = full ? RUNS : SHORT_RUNS }) {
    const bench = 'requests'
    yield* withEndings(async function* (test) {
      const target = await hostilePlace(test)
      const { statuses, maxMs } = await tryRequests(target, runs, seed)
      const shown = [...statuses]
        .sort()
        .map(([status, count]) => `${String(count)} × ${String(status)}`)
      yield { bench, what: `hostile requests: ${shown.join(', ')}`, value: runs, unit: 'requests' }
      yield { bench, what: 'wrong answers', value: 0, unit: 'requests', target: '0' }
      yield {
        bench,
        what: 'slowest answer, processor time',
        value: maxMs,
        unit: 'ms',
        target: '50 ms',
      }
    })
  },
}
