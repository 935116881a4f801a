import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../_percentile.ts'
import { Aria2Seed, missingAria2 } from './_aria2.ts'
import { missingHelia, startHelia } from './_helia.ts'
import type { HeliaProcess } from './_helia.ts'
import type { PeerReply, PeerTask } from './_peer-asker.ts'
import { needAll } from './_missing.ts'
import { note } from './_progress.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { REPOSITORY, startBenchSwarm } from './_swarm.ts'
import type { BenchSwarm } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'
import { seededBytes, writeTree } from './_tree.ts'
import type { HeliaStore } from './helia/_helia-process.ts'

const ASKER = fileURLToPath(new URL('_peer-asker.ts', import.meta.url))
const SMALL_FILES = 2_000
const SMALL_BYTES = 50_000
const LARGE = 'bench/large/1.0/large-1.0.jar'
const LARGE_BYTES = 100_000_000
const WARM_UP = 'bench/warm-up/1.0/warm-up-1.0.jar'
const RUNS = 5
/** Requests that stand open: Helia was the fastest with 256, of 16 to 1 000; a node as fast with 16 to 256. */
const PARALLEL = { node: 64, helia: 256 }
const MEGABYTE = 1_000_000

/** Files of the tree that go from one process to another together. */
interface Load {
  readonly paths: readonly string[]
  readonly digests: readonly string[]
  readonly bytes: number
}

function loadOf(tree: string, paths: readonly string[]): Load {
  const contents = paths.map((path) => readFileSync(join(tree, path)))
  return {
    paths,
    digests: contents.map((bytes) => createHash('sha256').update(bytes).digest('hex')),
    bytes: contents.reduce((sum, { length }) => sum + length, 0),
  }
}

/** No rate is worth anything when a byte differs. */
function check({ paths, digests }: Load, received: readonly string[]): void {
  const wrong = paths.find((_, at) => digests[at] !== received[at])
  if (wrong !== undefined || received.length !== digests.length)
    throw new Error(`Cannot measure: wrong bytes came for ${String(wrong)}`)
}

/** Everything that gives, and where those that ask keep what they got. */
interface Surroundings {
  readonly work: string
  readonly tree: string
  readonly swarm: BenchSwarm
  readonly helia: Readonly<Record<'small' | 'large', HeliaProcess<'holds'>>>
  readonly aria2: Aria2Seed
}

/** A new directory for each run; what the one before left is gone, and its memory. */
function emptied(work: string): string {
  const directory = join(work, 'asker')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  return directory
}

async function byNode({ work, swarm }: Surroundings, load: Load): Promise<PeerReply> {
  const address = (path: string): string => `${REPOSITORY}/${path}`
  const task: PeerTask = {
    dataDir: emptied(work),
    link: swarm.link,
    peer: String(swarm.holder.ready.listen[0]),
    warmUp: address(WARM_UP),
    addresses: load.paths.map(address),
    parallel: PARALLEL.node,
  }
  const child = fork(ASKER)
  child.send(task)
  const gone = once(child, 'exit')
  const [reply] = (await Promise.race([once(child, 'message'), gone])) as [PeerReply | number]
  if (typeof reply !== 'object')
    throw new Error(`Cannot measure: a node ended with ${String(reply)}`)
  child.disconnect()
  await gone
  check(load, reply.digests)
  return reply
}

async function byHelia(
  { work, helia }: Surroundings,
  load: Load,
  kept: 'in memory' | 'on disk',
): Promise<number> {
  const { address, blocks } = helia[load.paths.length > 1 ? 'small' : 'large'].reply
  const store: HeliaStore = kept === 'in memory' ? 'memory' : { directory: emptied(work) }
  const task = { kind: 'fetch', address, blocks, store, parallel: PARALLEL.helia } as const
  const fetched = await startHelia('fetched', task)
  await fetched.stop()
  check(load, fetched.reply.digests)
  return fetched.reply.ms
}

async function byAria2({ work, aria2 }: Surroundings, load: Load): Promise<number> {
  const into = emptied(work)
  const perSecond = await aria2.download(into)
  const [path = ''] = load.paths
  const file = join(into, basename(dirname(path)), basename(path))
  check(load, [createHash('sha256').update(readFileSync(file)).digest('hex')])
  return (load.bytes * 1_000) / perSecond
}

/** Milliseconds of each way, all of them in turn. */
async function inTurn<Name extends string>(
  runs: number,
  ways: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(ways) as Name[]
  const times = new Map(names.map((name) => [name, [] as number[]]))
  for (let run = 0; run < runs; run += 1) {
    for (const name of names) {
      const ms = await ways[name]()
      note(`${name}: ${(ms / 1_000).toFixed(2)} s`)
      times.get(name)?.push(ms)
    }
  }
  const entries = names.map((name) => [name, median(times.get(name) ?? [])])
  return Object.fromEntries(entries) as Record<Name, number>
}

async function compare(
  place: Surroundings,
  loads: Readonly<Record<'small' | 'large', Load>>,
  runs: number,
): Promise<readonly Row[]> {
  const { small, large } = loads
  const durable: number[] = []
  const many = await inTurn(runs, {
    node: async () => {
      const { ms, durableMs } = await byNode(place, small)
      durable.push(durableMs)
      return ms
    },
    'Helia, in memory': () => byHelia(place, small, 'in memory'),
    'Helia, on disk': () => byHelia(place, small, 'on disk'),
  })
  const one = await inTurn(runs, {
    node: async () => (await byNode(place, large)).ms,
    aria2: () => byAria2(place, large),
    'Helia, in memory': () => byHelia(place, large, 'in memory'),
  })
  const perSecond = (ms: number): number => (small.paths.length * 1_000) / ms
  const megabytes = (ms: number): number => (large.bytes * 1_000) / ms / MEGABYTE
  const count = String(small.paths.length)
  const manyFiles = `${count} blobs of 50 KB from one peer, stored on disk`
  const oneFile = 'one blob of 100 MB from one peer, stored on disk'
  const row = (what: string, value: number, rest: Omit<Row, 'bench' | 'what' | 'value'>): Row => {
    return { bench: 'peer', what, value, ...rest }
  }
  return [
    row(manyFiles, perSecond(many.node), {
      unit: '/s',
      beside: {
        what: 'Helia by Bitswap, in memory',
        value: perSecond(many['Helia, in memory']),
      },
      target: 'at least 10 times Helia',
    }),
    row('the same', perSecond(many.node), {
      unit: '/s',
      beside: {
        what: 'Helia by Bitswap, on disk without sync',
        value: perSecond(many['Helia, on disk']),
      },
    }),
    row('the same, until all are durable', perSecond(median(durable)), { unit: '/s' }),
    row(oneFile, megabytes(one.node), {
      unit: 'MB/s',
      beside: { what: 'aria2 by BitTorrent, one seed', value: megabytes(one.aria2) },
      target: 'at least 200 MB/s, and aria2',
    }),
    row('the same', megabytes(one.node), {
      unit: 'MB/s',
      beside: {
        what: 'Helia by Bitswap, in memory, blocks of 1 MiB',
        value: megabytes(one['Helia, in memory']),
      },
    }),
  ]
}

function writeFiles(tree: string, files: number): Readonly<Record<'small' | 'large', Load>> {
  const jars = writeTree(tree, { jars: files, sizeBytes: SMALL_BYTES, poms: false })
  for (const [path, bytes] of [
    [LARGE, LARGE_BYTES],
    [WARM_UP, SMALL_BYTES],
  ] as const) {
    mkdirSync(join(tree, dirname(path)), { recursive: true })
    writeFileSync(join(tree, path), seededBytes(path, bytes))
  }
  return { small: loadOf(tree, jars), large: loadOf(tree, [LARGE]) }
}

async function measure(
  work: string,
  { files = SMALL_FILES, runs = RUNS }: BenchOptions,
): Promise<readonly Row[]> {
  const tree = join(work, 'tree')
  const loads = writeFiles(tree, files)
  note(`${String(files)} small files and a large one are written`)
  const swarm = await startBenchSwarm(tree, files + 2)
  await swarm.asker.stop()
  const holds = ({ paths }: Load): Promise<HeliaProcess<'holds'>> => {
    const all = paths.map((path) => join(tree, path))
    return startHelia('holds', { kind: 'hold', files: all, store: 'memory' })
  }
  const helia = { small: await holds(loads.small), large: await holds(loads.large) }
  const aria2 = await Aria2Seed.start(join(tree, LARGE), work)
  try {
    return await compare({ work, tree, swarm, helia, aria2 }, loads, runs)
  } finally {
    await Promise.all([helia.small.stop(), helia.large.stop(), aria2.stop()])
    await swarm.stop()
  }
}

export const peer: Bench = {
  name: 'peer',
  about: 'small blobs and a large one between two processes, beside Helia and aria2',
  run: async (options) => {
    needAll(missingHelia, missingAria2)
    return await withTemporary((work) => measure(work, options))
  },
}
