import assert from 'node:assert/strict'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { openDataDirectory } from '@jarswarm/store'
import type { DataDirectory } from '@jarswarm/store'
import { RecordingLogger } from '@jarswarm/testkit'
import { DenyList } from '../../packages/node/src/deny/deny-list.ts'
import { JoinedRepositories } from '../../packages/node/src/joined-repositories.ts'
import { SystemClock } from '../../packages/node/src/system-clock.ts'
import { openPeerDatastore } from '../../packages/swarm/src/peer-datastore.ts'
import { loadPeerKey } from '../../packages/swarm/src/peer-key.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { compareContent, readContent } from './_rot-content.ts'
import { damage, DAMAGE_KINDS } from './_rot-damage.ts'
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

/** Where damage was noticed, or that it changed nothing. Throws when it changed something unnoticed. */
type Outcome = keyof RotReport['detected'] | 'harmless'

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
  for (let count = 0; count < damages; count += 1) {
    const copy = swarm.copy()
    const file = drawFile(swarm.files(), random)
    const kind = DAMAGE_KINDS[random.below(DAMAGE_KINDS.length)] ?? 'flip'
    damage(join(copy, file), kind, random)
    const what = `damage ${String(count)} of seed ${String(seed)}, ${kind} of ${file}`
    try {
      if (count % healEvery === healEvery - 1) {
        await swarm.heal(copy, file)
        report.healed += 1
      } else {
        const outcome = await judge(swarm, copy)
        if (outcome === 'harmless') report.harmless += 1
        else report.detected[outcome] += 1
      }
    } catch (error) {
      throw new Error(`After ${what}: ${String(error)}`, { cause: error })
    }
  }
  return report
}

/** Every kind of file as often as any other, however many files there are of it. */
function drawFile(files: readonly string[], random: SeededRandom): string {
  const kinds = [...Map.groupBy(files, kindOf).values()]
  const kind = kinds[random.below(kinds.length)] ?? []
  return kind[random.below(kind.length)] ?? ''
}

function kindOf(file: string): string {
  if (!file.includes('/')) return file
  const top = file.slice(0, file.indexOf('/'))
  return top === 'db' ? `db ${basename(file).replace(/\d+/g, '')}` : top
}

async function judge(swarm: RotSwarm, copy: string): Promise<Outcome> {
  const logger = new RecordingLogger()
  try {
    await new JoinedRepositories(copy).load()
    await new DenyList({ clock: new SystemClock() }, { dataDir: copy }).load()
    await loadPeerKey(join(copy, 'peer'))
    await (await openPeerDatastore(join(copy, 'peer'), logger)).close()
    await using directory = await openDataDirectory(copy, {}, { logger })
    const isTold = (): boolean => logger.lines.some(({ level }) => /warn|error/.test(level))
    if (isTold()) return await comesUp(swarm, copy, directory)
    const { missing, other } = compareContent(
      swarm.content,
      await readContent(directory, swarm.asked),
    )
    // A thing may go, and be had again. Nothing may say something else.
    assert.deepEqual(other, [])
    if (isTold()) return 'reading'
    const findings = await countFindings(directory, true)
    const damagedValues = await directory.countDamagedValues()
    if (findings + damagedValues > 0) {
      assert.equal(await countFindings(directory, false), 0)
      return 'check'
    }
    assert.deepEqual(missing, [])
    return 'harmless'
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    assert.ok(error instanceof Error && !(error instanceof TypeError), String(error))
    if ('code' in error && error.code === 'ERR_STORAGE_FAILED') return comesUpAgain(swarm, copy)
    // Whoever reads it must be able to go on: it names the file.
    assert.ok(error.message.includes(copy), error.message)
    return 'start'
  }
}

async function countFindings({ blobs }: DataDirectory, repair: boolean): Promise<number> {
  let count = 0
  const findings = blobs.check({ repair })[Symbol.asyncIterator]()
  while (!(await findings.next()).done) count += 1
  return count
}

/** A database that cannot be read any more is begun anew at the next start, by itself. */
async function comesUpAgain(swarm: RotSwarm, copy: string): Promise<Outcome> {
  await using directory = await openDataDirectory(copy)
  await comesUp(swarm, copy, directory)
  return 'reading'
}

/** What was set aside at the start is had again, but for what only the index and the peers have. */
async function comesUp(swarm: RotSwarm, copy: string, directory: DataDirectory): Promise<Outcome> {
  const now = await readContent(directory, swarm.asked)
  const { missing, other } = compareContent(swarm.content, now)
  assert.deepEqual(other, [])
  const kept = missing.filter((name) => name.startsWith('blob ') || name === 'trust')
  assert.deepEqual(kept, [], copy)
  return 'start'
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
