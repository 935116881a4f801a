import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publishTree } from '@jarswarm/publisher'
import { openDataDirectory } from '@jarswarm/store'
import { TrustedRepository } from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import type { Child } from './_child.ts'
import { QUOTA_BYTES } from './_cut-work.ts'
import type { Acknowledged } from './_cut-work.ts'
import { deploy } from './_deployed.ts'
import { judgeDirectory } from './_judged-directory.ts'
import { judgeTree } from './_judged-tree.ts'
import { placesOn } from './_places.ts'
import type { Places } from './_places.ts'
import type { StartQuestion, StartReport } from './_start-process.ts'

/** A version that nobody deployed before the cut. */
const NEXT_VERSION = 1_000_000

/** What a power cut took that it must not take. */
export interface Damage {
  /** Acknowledged blobs that are gone. */
  lost: number
  /** Blobs that the store says it has, with other bytes. */
  wrong: number
  /** What else was broken, in words. */
  readonly broken: string[]
  /** Databases that were begun anew. */
  rebuilt: number
  /** How long a node took to start, 0 where none was: as it was, and without what it waited for a processor. */
  startMs: number
  startAloneMs: number
}

export interface JudgeOptions {
  /** Where a node is started, by `_start-process.ts`, before something is published; undefined: neither, which is sooner done. */
  readonly goOn: Child | undefined
}

/** Look at a disk after a cut, as the machine's next boot would, and say what is not as it was acknowledged. */
export async function judgeAfterCut(
  disk: string,
  acknowledged: Acknowledged,
  { goOn }: JudgeOptions,
): Promise<Damage> {
  const places = placesOn(disk)
  const damage: Damage = { lost: 0, wrong: 0, rebuilt: 0, broken: [], startMs: 0, startAloneMs: 0 }
  const step = async (what: string, run: () => Promise<void>): Promise<void> => {
    try {
      await run()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      damage.broken.push(`${what}: ${message.split('\n', 1).join()}`)
    }
  }
  if (goOn !== undefined)
    await step('node', () => judgeNode({ places, starter: goOn }, acknowledged, damage))
  await step('store', () => judgeStore(places, acknowledged, damage))
  await step('publisher', async () => {
    await judgeTree(places, acknowledged)
  })
  if (goOn !== undefined) await step('next publish', () => judgeNextPublish(places, acknowledged))
  return damage
}

/** A node starts by itself, and goes on with what it used. */
async function judgeNode(
  { places, starter }: { readonly places: Places; readonly starter: Child },
  { node: said }: Acknowledged,
  damage: Damage,
): Promise<void> {
  const question: StartQuestion = { dataDir: places.data, quotaBytes: QUOTA_BYTES }
  const report = await starter.ask<StartReport>(question)
  if (report.kind === 'failed') throw new Error(report.message)
  damage.startMs = report.tookMs
  damage.startAloneMs = report.aloneMs
  if (report.seq < said.inUse)
    throw new Error(`head ${String(said.inUse)} was in use, now ${String(report.seq)}`)
}

async function judgeStore(
  { data }: Places,
  { node: said, repository }: Acknowledged,
  damage: Damage,
): Promise<void> {
  // Of what cannot be opened nothing is there.
  damage.lost = said.stored.size
  const init = { repository, quotaBytes: QUOTA_BYTES }
  const { lost, wrong, rebuilt, broken } = await judgeDirectory(data, init, said)
  damage.lost = lost
  damage.wrong = wrong
  damage.rebuilt = Number(rebuilt)
  damage.broken.push(...broken)
  // What a power cut leaves is no damage, even where nothing that was acknowledged goes with it.
  if (rebuilt) damage.broken.push('the database was set aside')
  if (existsSync(join(data, 'peer', 'peers.damaged')))
    damage.broken.push('the known peers were set aside')
}

/** The publisher goes on by itself, with a head that contradicts no node. */
async function judgeNextPublish(
  places: Places,
  { repository, published }: Acknowledged,
): Promise<void> {
  const { state, tree } = places
  await deploy(tree, NEXT_VERSION)
  const { seq, counts } = await publishTree({ stateDir: state, treeDir: tree })
  if (seq <= published || counts.refused > 0) {
    throw new Error(`head ${String(seq)} is published next, and ${String(counts.refused)} refused`)
  }
  await judgeNextHead(places, repository)
}

/** The node takes the head that comes after the cut, and finds no contradiction in it. */
async function judgeNextHead({ data, tree }: Places, id: RepositoryId): Promise<void> {
  await using directory = await openDataDirectory(data)
  const record = await directory.trust.load(id)
  if (record === undefined) return
  const repository = TrustedRepository.restore(id, record)
  const published = join(tree, '.jarswarm')
  for (let number = repository.rootNumber + 1; ; number += 1) {
    const root = join(published, 'roots', `${String(number)}.root.json`)
    if (!existsSync(root)) break
    repository.acceptRoot(readFileSync(root))
  }
  repository.accept(readFileSync(join(published, 'manifest')), Date.now())
}
