import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { damage, DAMAGE_KINDS } from './_rot-damage.ts'
import { judgeDirectory } from './_rot-judge.ts'
import type { RotOutcome } from './_rot-judge.ts'
import { RotSwarm } from './_rot-swarm.ts'
import { withEndings } from './_with-endings.ts'

const FULL_DAMAGES = 1_000
export const SHORT_DAMAGES = 24
/** After so many damages each a whole node is started on one, and has to heal. */
const HEAL_EVERY = 12

export interface RotInit {
  readonly damages: number
  readonly seed: number
  readonly healEvery?: number
}

/** What came of damaged files. */
export interface RotReport {
  /** By where it was noticed. */
  readonly detected: { start: number; reading: number; check: number }
  /** Nothing that the data directory says had changed. */
  harmless: number
  /** Nodes that were started on the damage and healed from their peer. */
  healed: number
}

/** Damage one file of a data directory so often, each time of a sound copy. */
export async function rot(
  test: Pick<TestContext, 'after'>,
  { damages, seed, healEvery = HEAL_EVERY }: RotInit,
): Promise<RotReport> {
  const random = new SeededRandom(seed)
  const swarm = await RotSwarm.create(test)
  const report: RotReport = {
    detected: { start: 0, reading: 0, check: 0 },
    harmless: 0,
    healed: 0,
  }
  const kinds = [...Map.groupBy(swarm.files(), kindOf).values()]
  // Nothing in it is damage, and nothing may look like it.
  assert.equal(await judgeDirectory(swarm, swarm.copy(), kinds[0]?.[0] ?? ''), 'harmless')
  for (let count = 0; count < damages; count += 1) {
    const isHealed = count % healEvery === healEvery - 1
    // Each kind in its turn, however many files there are of it; and of those that a whole node meets, any.
    const kind = kinds[(isHealed ? random.next() : count) % kinds.length] ?? []
    const file = kind[random.below(kind.length)] ?? ''
    const how = DAMAGE_KINDS[random.below(DAMAGE_KINDS.length)] ?? 'flip'
    const copy = swarm.copy()
    damage(join(copy, file), how, random)
    try {
      if (isHealed) await swarm.heal(copy, file)
      noteOutcome(report, isHealed ? 'healed' : await judgeDirectory(swarm, copy, file))
    } catch (error) {
      const what = `damage ${String(count)} of seed ${String(seed)}, ${how} of ${file}`
      throw new Error(`After ${what}: ${String(error)}`, { cause: error })
    }
  }
  return report
}

function noteOutcome(report: RotReport, outcome: RotOutcome | 'healed'): void {
  if (outcome === 'healed' || outcome === 'harmless') report[outcome] += 1
  else report.detected[outcome] += 1
}

/** What a file is for: its name without what tells it from others of its kind. */
function kindOf(file: string): string {
  if (file.startsWith('blobs/')) return 'blobs'
  return file.replace(/[0-9a-f]{8,}/g, '#').replace(/\d+/g, '#')
}

export const rotRun: FaultRun = {
  name: 'rot',
  about: 'flipped, cut and zeroed bytes in every kind of file of a data directory',
  async *run({ full, seed, runs: damages = full ? FULL_DAMAGES : SHORT_DAMAGES }) {
    yield* withEndings(async function* (test) {
      const { detected, harmless, healed } = await rot(test, { damages, seed })
      const row = (what: string, value: number) => ({ bench: 'rot', what, value, unit: 'damages' })
      yield row('noticed at the start', detected.start)
      yield row('noticed when it was read', detected.reading)
      yield row('noticed by check', detected.check)
      yield row('harmless: all that is said is as before', harmless)
      yield row('healed from a peer by a node that was started on it', healed)
    })
  },
}
