import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { damage, DAMAGE_KINDS } from './_rot-damage.ts'
import type { RotDirectory } from './_rot-directory.ts'
import { reasonWhyHarmless } from './_rot-harmless.ts'
import { judgeDirectory } from './_rot-judge.ts'
import type { RotOutcome } from './_rot-judge.ts'
import { RotProduct } from './_rot-product.ts'
import { RotPrimary } from './_rot-primary.ts'
import { RotSwarm } from './_rot-swarm.ts'
import { withEndings } from './_with-endings.ts'

const FULL_DAMAGES = 1_000
export const SHORT_DAMAGES = 20
/** After so many damages each a whole node is started on one, and has to heal. */
const HEAL_EVERY = 12

export interface RotInit {
  readonly damages: number
  readonly seed: number
  readonly healEvery?: number
}

/** What came of damaged files: where it was noticed first, that it changed nothing, or that a node on it healed from its peer. */
export interface RotReport extends Record<RotOutcome | 'healed', number> {
  /** In files of which purpose the damages were that changed nothing. */
  readonly harmlessIn: Record<string, number>
}

/** Damage one file of a node or of a publisher so often, each time of a sound copy. */
export async function rot(
  test: Pick<TestContext, 'after'>,
  { damages, seed, healEvery = HEAL_EVERY }: RotInit,
): Promise<RotReport> {
  const random = new SeededRandom(seed)
  const product = RotProduct.create(test)
  const swarm = await RotSwarm.create(test, product)
  const primary = await RotPrimary.create(test, product)
  const { stopped, killed } = swarm
  const nodeKinds = [
    ...kindsOf(stopped, stopped.files(), judgeOf(product, stopped)),
    // What a kill leaves otherwise than a stop.
    ...kindsOf(killed, killed.files('db/{*.log,MANIFEST-*}'), judgeOf(product, killed)),
  ]
  const kinds = random.shuffled([
    ...nodeKinds,
    ...kindsOf(primary, primary.files(), (copy, file) => primary.judge(copy, file)),
  ])
  const healed = nodeKinds.map((kind) => ({ ...kind, judge: heal(swarm) }))
  const report = newReport()
  // A sound directory has no damage, and nothing in it may look like it.
  for (const directory of [stopped, killed]) {
    const [file = ''] = directory.files()
    assert.equal(await judgeOf(product, directory)(directory.copy(), file), 'harmless')
  }
  let turn = 0
  for (let count = 0; count < damages; count += 1) {
    const isHealed = count % healEvery === healEvery - 1
    // Each kind in its turn, however many files there are of it; and of those that a whole node meets, any.
    const kind = isHealed ? healed[random.below(healed.length)] : kinds[turn % kinds.length]
    if (!isHealed) turn += 1
    assert.ok(kind)
    const file = kind.files[random.below(kind.files.length)] ?? ''
    const how = DAMAGE_KINDS[random.below(DAMAGE_KINDS.length)] ?? 'flip'
    const copy = kind.copy()
    const sound = readFileSync(join(copy, file))
    damage(join(copy, file), how, random)
    const damaged = readFileSync(join(copy, file))
    try {
      const outcome = await kind.judge(copy, file)
      report[outcome] += 1
      if (outcome !== 'harmless') continue
      assert.ok(reasonWhyHarmless(file, { sound, damaged }), 'it was not noticed')
      noteHarmless(report, purposeOf(file))
    } catch (error) {
      const what = `damage ${String(count)} of seed ${String(seed)}, ${how} of ${file}`
      throw new Error(`After ${what}: ${String(error)}`, { cause: error })
    }
  }
  return report
}

type Judge = (copy: string, file: string) => Promise<RotOutcome | 'healed'>

/** Files of one purpose, and what becomes of a copy of all of them when one is damaged. */
interface FileKind {
  readonly files: readonly string[]
  readonly copy: () => string
  readonly judge: Judge
}

function kindsOf(
  of: { copy(): string },
  files: readonly string[],
  judge: Judge,
): readonly FileKind[] {
  const byPurpose = Map.groupBy(files, purposeOf)
  return [...byPurpose.values()].map((some) => ({ files: some, copy: () => of.copy(), judge }))
}

function judgeOf(product: RotProduct, directory: RotDirectory): Judge {
  return (copy, file) => judgeDirectory({ product, directory }, copy, file)
}

/** A file's name without what tells it from others of its kind. */
function purposeOf(file: string): string {
  const name = file.replace(/^(.*\/)?(blobs|objects)\/.*/, '$1$2')
  return name.replace(/[0-9a-f]{8,}/g, '#').replace(/\d+/g, '#')
}

function heal(swarm: RotSwarm): Judge {
  return async (copy, file) => {
    await swarm.heal(copy, file)
    return 'healed'
  }
}

function newReport(): RotReport {
  return { start: 0, reading: 0, check: 0, harmless: 0, cut: 0, healed: 0, harmlessIn: {} }
}

function noteHarmless({ harmlessIn }: RotReport, purpose: string): void {
  harmlessIn[purpose] = (harmlessIn[purpose] ?? 0) + 1
}

export const rotRun: FaultRun = {
  name: 'rot',
  about: 'flipped, cut and zeroed bytes in every kind of file of a node and a publisher',
  async *run({ full, seed, runs: damages = full ? FULL_DAMAGES : SHORT_DAMAGES }) {
    yield* withEndings(async function* (test) {
      const report = await rot(test, { damages, seed })
      const row = (what: string, value: number) => ({ bench: 'rot', what, value, unit: 'damages' })
      yield row('noticed at the start', report.start)
      yield row('noticed when it was read', report.reading)
      yield row('noticed by check, or written anew', report.check)
      yield row('harmless: all that is said is as before', report.harmless)
      for (const [purpose, count] of Object.entries(report.harmlessIn))
        yield row(`of these in ${purpose}`, count)
      yield row("cut off a killed node's journal, as by the kill", report.cut)
      yield row('healed from a peer by a node that was started on it', report.healed)
    })
  },
}
