import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '@jarswarm/manifest'
import { isMutablePath, parsePath } from '@jarswarm/maven'
import { createNode } from '@jarswarm/node'
import { publishTree, readRootState } from '@jarswarm/publisher'
import { openDataDirectory } from '@jarswarm/store'
import type { DataDirectory } from '@jarswarm/store'
import { silentLogger } from '@jarswarm/testkit'
import { TrustedRepository } from '@jarswarm/trust'
import type { RepositoryId } from '@jarswarm/trust'
import { readPublished } from '../../packages/publisher/test/_reader.ts'
import { placesOn, QUOTA_BYTES } from './_cut-work.ts'
import type { Acknowledged, Places } from './_cut-work.ts'
import { deploy } from './_deployed.ts'

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
  /** How long it took to open the data directory and start the node. */
  startMs: number
}

export interface JudgeOptions {
  /** Whether to start a node and to publish, too, which takes longer. */
  readonly goOn: boolean
}

/** Look at a disk after a cut, as the machine's next boot would, and say what is not as it was acknowledged. */
export async function judgeAfterCut(
  disk: string,
  acknowledged: Acknowledged,
  { goOn }: JudgeOptions,
): Promise<Damage> {
  const places = placesOn(disk)
  const damage: Damage = { lost: 0, wrong: 0, broken: [], startMs: 0 }
  const step = async (what: string, run: () => Promise<void>): Promise<void> => {
    try {
      await run()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      damage.broken.push(`${what}: ${message.split('\n', 1).join()}`)
    }
  }
  if (goOn) await step('node', () => judgeNode(places, acknowledged, damage))
  await step('store', () => judgeStore(places, acknowledged, damage))
  await step('publisher', () => judgePublished(places, acknowledged))
  if (goOn) await step('next publish', () => judgeNextPublish(places, acknowledged))
  return damage
}

/** A node starts by itself, and goes on with what it followed. */
async function judgeNode(
  { data }: Places,
  { trusted }: Acknowledged,
  damage: Damage,
): Promise<void> {
  const begun = performance.now()
  await using node = await createNode({
    dataDir: data,
    version: '0.0.0-test',
    offline: true,
    quotaBytes: QUOTA_BYTES,
    logger: silentLogger,
  })
  await node.start()
  damage.startMs = performance.now() - begun
  const { seq } = node.statusNow().repositories[0]?.head ?? { seq: 0 }
  if (trusted.seq > 0 && seq === 0) throw new Error('forgot what it follows')
}

async function judgeStore(
  { data }: Places,
  acknowledged: Acknowledged,
  damage: Damage,
): Promise<void> {
  const begun = performance.now()
  damage.lost = acknowledged.stored.size
  await using directory = await openDataDirectory(data, { quotaBytes: QUOTA_BYTES })
  damage.lost = 0
  damage.startMs = Math.max(damage.startMs, performance.now() - begun)
  for await (const { kind } of directory.blobs.check()) {
    if (kind === 'corrupt') damage.wrong += 1
  }
  for (const digest of acknowledged.stored) {
    if (!(await directory.blobs.has(digest))) damage.lost += 1
  }
  await judgeTrust(directory, acknowledged)
}

async function judgeTrust(
  { trust }: DataDirectory,
  { repository, trusted }: Acknowledged,
): Promise<void> {
  const record = await trust.load(repository)
  if (record === undefined) {
    if (trusted.root > 0) throw new Error('lost the trusted state')
    return
  }
  const { rootNumber, head } = TrustedRepository.restore(repository, record)
  const fell = rootNumber === trusted.root && (head?.seq ?? 0) < trusted.seq
  if (rootNumber < trusted.root || fell) {
    throw new Error(`fell back from head ${String(trusted.seq)} to ${String(head?.seq)}`)
  }
}

/** What was published is there and whole. */
async function judgePublished(places: Places, acknowledged: Acknowledged): Promise<void> {
  const { state, tree } = places
  const { published, rotated } = acknowledged
  const found = await readPublished(tree)
  if ((found?.seq ?? 0) < published) {
    throw new Error(`head ${String(published)} was published, and ${String(found?.seq)} is there`)
  }
  for (const [path, says] of found?.files ?? []) checkPublishedFile(tree, path, says)
  const { current } = await readRootState(state)
  if ((current?.number ?? 0) < rotated) throw new Error(`root ${String(rotated)} is gone`)
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

/** Mutable files are read from a copy of their own, which `readPublished` looked at. */
export function checkPublishedFile(tree: string, path: string, says: string): void {
  if (isMutablePath(parsePath(path))) return
  const file = join(tree, path)
  const bytes = existsSync(file) ? readFileSync(file) : new Uint8Array()
  if (says !== `${sha256(bytes)} ${String(bytes.length)}`) {
    throw new Error(`${path} is published, and its ${String(bytes.length)} bytes are not those`)
  }
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
