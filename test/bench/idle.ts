import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { median } from '../_percentile.ts'
import { cpuSeconds, movedBytes, rssBytes } from '../_process-figures.ts'
import { waitFor } from '../_wait-for.ts'
import { riseOf } from '../faults/_rise.ts'
import { missingHelia, startHelia } from './_helia.ts'
import { OutageNodes } from './_outage-nodes.ts'
import { note } from './_progress.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { ShapedPrimary } from './_shaped-primary.ts'
import { BUILT, isSynced, LOOPBACK, statusOf } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'

const FILES = 200_000
const PEERS = 16
/** Processes that the peers share. */
const PROCESSES = 2
/** Before that a node still meets its peers. */
const SETTLE_MS = 60_000
const WATCH_SECONDS = 300
const SAMPLE_MS = 1_000
const NOTE_SAMPLES = 60
const SYNC_MS = 900_000
const MEBIBYTE = 1024 * 1024

/** What a process was and did while it was watched. */
interface Watched {
  readonly rssMiB: readonly number[]
  readonly cpuShare: number
  readonly bytesPerSecond: number
}

/** Watch processes together, as often as once a second. */
async function watch(pids: readonly number[], seconds: number): Promise<readonly Watched[]> {
  const began = performance.now()
  const before = pids.map((pid) => ({ cpu: cpuSeconds(pid), moved: movedBytes(pid) }))
  const rssMiB: number[][] = pids.map(() => [])
  for (let sample = 0; sample < seconds; sample += 1) {
    await delay(SAMPLE_MS)
    for (const [at, pid] of pids.entries()) rssMiB[at]?.push(rssBytes(pid) / MEBIBYTE)
    if (sample % NOTE_SAMPLES === 0) note(`${String(sample)} of ${String(seconds)} s watched`)
  }
  const passed = (performance.now() - began) / 1_000
  return pids.map((pid, at) => ({
    rssMiB: rssMiB[at] ?? [],
    cpuShare: (cpuSeconds(pid) - (before[at]?.cpu ?? 0)) / passed,
    bytesPerSecond: (movedBytes(pid) - (before[at]?.moved ?? 0)) / passed,
  }))
}

/** A node that has the whole index, as many peers as it is told of, and nobody to publish anything new. */
class IdleNode {
  readonly running: Running
  readonly #peers: OutageNodes

  private constructor(running: Running, peers: OutageNodes) {
    this.running = running
    this.#peers = peers
  }

  static async start(work: string, primary: ShapedPrimary): Promise<IdleNode> {
    const origin = await primary.serve()
    const link = String(origin.ready.link)
    const peers = new OutageNodes(PROCESSES)
    const addresses: string[] = []
    for (let n = 0; n < PEERS; n += 1) {
      // What they have of the index does not matter to the one that is watched.
      const dataDir = join(work, `peer-${String(n)}`)
      const node = await peers.start({ dataDir, link, bootstrap: [], syncIndex: false })
      addresses.push(...node.addresses)
    }
    const known = addresses.flatMap((address) => ['--bootstrap', address])
    const follow = ['--data', join(work, 'node'), '--join', link, '--no-mdns', ...known]
    const running = await startJarswarm(['start', ...follow, ...LOOPBACK], BUILT)
    await waitFor('the index', () => isSynced(running, 1), SYNC_MS)
    note('the whole index is there')
    await origin.stop('SIGKILL')
    await waitFor('all peers', async () => {
      return (await statusOf(running)).peers.connected >= PEERS || undefined
    })
    return new IdleNode(running, peers)
  }

  async stop(): Promise<void> {
    await this.running.stop()
    await this.#peers.stop()
  }
}

interface Beside {
  readonly what: string
  readonly pid: number
  stop(): Promise<void>
}

/** Helia with as many peers where it is installed; else a process that does nothing. */
async function startBeside(): Promise<Beside> {
  if (missingHelia !== undefined) {
    note(missingHelia)
    const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
    const stop = (): Promise<void> => Promise.resolve(void bare.kill())
    return { what: 'a Node process that does nothing', pid: bare.pid ?? 0, stop }
  }
  const peers = await startHelia('runs', { kind: 'idle', count: PEERS, peers: [] })
  const { addresses } = peers.reply
  const helia = await startHelia('runs', { kind: 'idle', count: 1, peers: addresses })
  return {
    what: `Helia with Bitswap alone, nothing stored and ${String(PEERS)} peers`,
    pid: helia.process.pid ?? 0,
    stop: async () => {
      await helia.stop()
      await peers.stop()
    },
  }
}

async function measure(
  work: string,
  { files = FILES, seconds = WATCH_SECONDS }: BenchOptions,
): Promise<readonly Row[]> {
  const primary = await ShapedPrimary.create(work, files)
  await primary.publish()
  note(`${primary.what} are published`)
  const idleNode = await IdleNode.start(work, primary)
  const beside = await startBeside()
  try {
    await delay(SETTLE_MS)
    const pids = [idleNode.running.process.pid ?? 0, beside.pid]
    const [node, other] = await watch(pids, seconds)
    if (node === undefined || other === undefined) throw new Error('Cannot measure: no process')
    const row = (
      what: string,
      of: (watched: Watched) => number,
      rest: Pick<Row, 'unit' | 'target'>,
    ): Row => {
      return {
        bench: 'idle',
        what,
        value: of(node),
        beside: { what: beside.what, value: of(other) },
        ...rest,
      }
    }
    const over = `over ${String(seconds)} s`
    return [
      row(
        `memory (RSS), ${primary.what} in its index and ${String(PEERS)} peers, median`,
        ({ rssMiB }) => median(rssMiB),
        { unit: 'MiB', target: 'at most 200 MB' },
      ),
      row(
        `the same, last sixth of the time over the first, ${over}`,
        ({ rssMiB }) => riseOf(rssMiB),
        {
          unit: 'MiB',
          target: 'about 0',
        },
      ),
      row(`processor share, ${over}`, ({ cpuShare }) => 100 * cpuShare, {
        unit: '%',
        target: 'at most 1 %',
      }),
      row(
        `read and written, sockets and files together, ${over}`,
        (of) => of.bytesPerSecond / 1e3,
        {
          unit: 'kB/s',
          target: 'at most 2 kB/s',
        },
      ),
    ]
  } finally {
    await Promise.all([beside.stop(), idleNode.stop()])
  }
}

export const idle: Bench = {
  name: 'idle',
  about: `a node with ${String(PEERS)} peers and nothing to do (reads /proc, so Linux only; --files, --seconds)`,
  run: (options) => withTemporary((work) => measure(work, options)),
}
