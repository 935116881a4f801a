import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { peakRssBytes, rssBytes } from '../_process-figures.ts'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { median } from '../_percentile.ts'
import { timed } from './_measure.ts'
import { note } from './_progress.ts'
import type { Bench, Row } from './_row.ts'
import { ShapedPrimary } from './_shaped-primary.ts'
import { BUILT, isSynced, LOOPBACK, REPOSITORY } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'

const FILES = 20_000
const ROUNDS = 5
const MEBIBYTE = 1024 * 1024
const BOUND_MS = 600_000
/** Then what comes after the start, such as the comparison of the store with the index, is done. */
const SETTLE_MS = 10_000
const AT_REST = 'at most 200 MB'

/** From nothing to an answer that takes the index: that a file is not there, of a head that nobody can confirm. */
async function startOnce(data: string): Promise<{ readonly node: Running; readonly ms: number }> {
  let node: Running | undefined
  const ms = await timed(async () => {
    node = await startJarswarm(['start', '--data', data, '--no-mdns', ...LOOPBACK], BUILT)
    const { status } = await fetch(`${String(node.ready.http)}/${REPOSITORY}/`)
    if (status !== 200) throw new Error(`Cannot go on: found ${String(status)}, wanted 200`)
  })
  if (node === undefined) throw new Error('Cannot go on: no node')
  return { node, ms }
}

/** The first index of an empty node, from the start of its process, and the most memory meanwhile. */
async function firstIndex(
  primary: ShapedPrimary,
  data: string,
): Promise<{ readonly ms: number; readonly peakBytes: number }> {
  const origin = await primary.serve()
  let node: Running | undefined
  const follow = ['--data', data, '--join', String(origin.ready.link), '--no-mdns']
  const ms = await timed(async () => {
    const started = await startJarswarm(['start', ...follow, ...LOOPBACK], BUILT)
    node = started
    await waitFor('the index', () => isSynced(started, 1), BOUND_MS)
  })
  if (node?.process.pid === undefined) throw new Error('Cannot go on: no node')
  const peakBytes = peakRssBytes(node.process.pid)
  await node.stop()
  await origin.stop()
  return { ms, peakBytes }
}

async function measure(work: string, files: number): Promise<readonly Row[]> {
  const primary = await ShapedPrimary.create(work, files)
  await primary.publish()
  note(`${primary.what} are published`)
  const data = join(work, 'node')
  const first = await firstIndex(primary, data)
  note(`the index is there after ${(first.ms / 1_000).toFixed(1)} s`)
  const times: number[] = []
  const bare: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const { node, ms } = await startOnce(data)
    times.push(ms)
    note(`started in ${ms.toFixed(0)} ms`)
    await node.stop()
    bare.push(await timed(() => Promise.resolve(spawnSync(process.execPath, ['-e', '0']))))
  }
  const { node } = await startOnce(data)
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
  try {
    const { pid } = node.process
    if (pid === undefined || idle.pid === undefined) throw new Error('Cannot measure: no process')
    const atOnce = rssBytes(pid)
    await delay(SETTLE_MS)
    const later = rssBytes(pid)
    const nodeAlone = {
      what: 'a Node process that does nothing',
      value: rssBytes(idle.pid) / MEBIBYTE,
    }
    const memory = (what: string, bytes: number, target?: string): Row => ({
      bench: 'start',
      what: `memory (RSS) ${what}, ${primary.what}`,
      value: bytes / MEBIBYTE,
      unit: 'MiB',
      beside: nodeAlone,
      ...(target === undefined ? {} : { target }),
    })
    return [
      {
        bench: 'start',
        what: `first index, from the start of the process, ${primary.what}`,
        value: first.ms / 1_000,
        unit: 's',
        target: 'at most 30 s',
      },
      memory('at its peak meanwhile', first.peakBytes),
      {
        bench: 'start',
        what: `start until it answers from the whole index, ${primary.what}`,
        value: median(times),
        unit: 'ms',
        beside: { what: 'a Node process that ends at once', value: median(bare) },
        target: 'at most 1 500 ms',
      },
      memory('once it answers', atOnce, AT_REST),
      memory(`${String(SETTLE_MS / 1_000)} s later`, later, AT_REST),
    ]
  } finally {
    idle.kill()
    await node.stop()
  }
}

export const start: Bench = {
  name: 'start',
  about:
    'the first index, then start with the whole index on disk and nobody to ask (reads /proc, so Linux only)',
  run: ({ files = FILES }) => withTemporary((work) => measure(work, files)),
}
