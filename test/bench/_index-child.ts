// One half of the `index` bench, in a process of its own so that its memory is all that is counted.
import assert from 'node:assert/strict'
import { zstdCompressSync } from 'node:zlib'
import {
  buildIndex,
  formatPack,
  proveDirectory,
  updateIndex,
  verifyProof,
} from '@jarswarm/manifest'
import type { Digest, IndexNode, IndexTotals } from '@jarswarm/manifest'
import { createBranchMemory } from '@jarswarm/mirror'
import type { IndexStore } from '@jarswarm/ports'
import { PACK_COMPRESSION } from '@jarswarm/publisher'
import { openDataDirectory } from '@jarswarm/store'
import { limitBuffersWithHeap } from '../../packages/cli/src/buffer-limit.ts'
import { SeededRandom } from '../faults/_random.ts'
import { median, percentile } from '../_percentile.ts'
import { clojarsEntries, clojarsProjects, versionEntries } from './_clojars-shape.ts'
import { timed } from './_measure.ts'

/** What the parent wants. */
export interface IndexTask {
  readonly half: 'build' | 'use'
  readonly files: number
  readonly seed: number
  /** For the store of the second half. */
  readonly directory: string
}

export interface BuildFigures {
  readonly files: number
  /** The entries alone, which are made as they are read. */
  readonly generateMs: number
  readonly buildMs: number
  readonly peakBytes: number
  readonly bytesPerFile: number
}

export interface UseFigures {
  readonly compressedPerFile: number
  readonly deployMs: number
  readonly deployBytes: number
  readonly presenceMs: number
  readonly absenceMs: number
  readonly largestProofBytes: number
}

const BATCH = 512
const DEPLOYS = 200
const PROOFS = 5_000

async function measureBuild({ files, seed }: IndexTask): Promise<BuildFigures> {
  const generateMs = await timed(() => {
    for (const entry of clojarsEntries(files, seed)) assert.ok(entry.sizeBytes > 0)
    return Promise.resolve()
  })
  let bytes = 0
  let built = 0
  const buildMs = await timed(() => {
    const totals = buildIndex(clojarsEntries(files, seed), (node) => {
      bytes += node.bytes.length
    })
    built = totals.files
    return Promise.resolve()
  })
  const peakBytes = process.resourceUsage().maxRSS * 1024
  return {
    files: built,
    generateMs,
    buildMs: buildMs - generateMs,
    peakBytes,
    bytesPerFile: bytes / built,
  }
}

async function measureUse(task: IndexTask): Promise<UseFigures> {
  const { files, seed, directory } = task
  const data = await openDataDirectory(directory)
  const index = data.index('0'.repeat(64))
  const nodes: IndexNode[] = []
  const totals = buildIndex(clojarsEntries(files, seed), (node) => nodes.push(node))
  const pack = formatPack(nodes.map(({ bytes }) => bytes))
  const compressed = zstdCompressSync(pack, PACK_COMPRESSION).length
  for (let at = 0; at < nodes.length; at += BATCH)
    await index.putObjects(nodes.slice(at, at + BATCH))
  nodes.length = 0
  const figures = {
    compressedPerFile: compressed / totals.files,
    ...(await measureDeploys(index, totals, task)),
    ...(await measureProofs(index, totals, task)),
  }
  await data.close()
  return figures
}

/** One new version of a project at a time, with its changed metadata. */
async function measureDeploys(
  index: IndexStore,
  totals: IndexTotals,
  { files, seed }: IndexTask,
): Promise<Pick<UseFigures, 'deployMs' | 'deployBytes'>> {
  const random = new SeededRandom(seed + 1)
  const projects = clojarsProjects(files)
  const times: number[] = []
  const sizes: number[] = []
  let before = totals
  for (let deploy = 0; deploy < DEPLOYS; deploy += 1) {
    const { path } = projects[random.below(projects.length)] ?? { path: '' }
    const put = versionEntries(path, `deploy-${String(deploy)}`, random)
    let after = before
    times.push(
      await timed(async () => {
        const update = await updateIndex((digest) => index.getObject(digest), before, {
          put,
          remove: [],
        })
        await index.putObjects(update.added)
        sizes.push(update.added.reduce((sum, node) => sum + node.bytes.length, 0))
        after = update.totals
      }),
    )
    before = after
  }
  return { deployMs: median(times), deployBytes: percentile(sizes, 100) }
}

/** Prove what is there and what is not, each checked as a stranger would. */
async function measureProofs(
  index: IndexStore,
  { root }: IndexTotals,
  { files, seed }: IndexTask,
): Promise<Pick<UseFigures, 'presenceMs' | 'absenceMs' | 'largestProofBytes'>> {
  const random = new SeededRandom(seed + 2)
  const projects = clojarsProjects(files)
  let largestProofBytes = 0
  // As a node that looks paths up.
  const nodes = {
    source: (digest: Digest) => index.getObject(digest),
    branches: createBranchMemory(),
  }
  const prove = async (directory: string, isThere: boolean): Promise<number> => {
    let proof: readonly Uint8Array[] = []
    const ms = await timed(async () => {
      proof = await proveDirectory(nodes, root, directory)
    })
    assert.equal(verifyProof(root, directory, proof) !== undefined, isThere)
    largestProofBytes = Math.max(
      largestProofBytes,
      proof.reduce((sum, node) => sum + node.length, 0),
    )
    return ms
  }
  const drawn = Array.from(
    { length: PROOFS },
    () => projects[random.below(projects.length)]?.path ?? '',
  )
  const rates = { present: [] as number[], absent: [] as number[] }
  // The first round warms the store.
  for (const round of ['warm', 'measured']) {
    for (const path of drawn) {
      const present = await prove(path, true)
      const absent = await prove(`${path}/no-such-version`, false)
      if (round === 'warm') continue
      rates.present.push(present)
      rates.absent.push(absent)
    }
  }
  return {
    presenceMs: median(rates.present),
    absenceMs: median(rates.absent),
    largestProofBytes,
  }
}

// As the program does.
limitBuffersWithHeap()
process.once('message', (task: IndexTask) => {
  void (task.half === 'build' ? measureBuild(task) : measureUse(task)).then((figures) => {
    process.send?.(figures)
    process.disconnect()
  })
})
