import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { cpuSeconds, rssBytes } from '../_process-figures.ts'
import type { Bench, Row } from './_row.ts'
import { startBenchSwarm } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'
import { writeTree } from './_tree.ts'

const SETTLE_MS = 20_000
const WATCH_MS = 40_000
const MEBIBYTE = 1024 * 1024

async function measure(tree: string): Promise<readonly Row[]> {
  const jars = writeTree(tree, { jars: 3_650, sizeBytes: 1_000 })
  const swarm = await startBenchSwarm(tree, 2 * jars.length)
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
  try {
    const pid = swarm.asker.process.pid
    if (pid === undefined || bare.pid === undefined) throw new Error('Cannot measure: no process')
    await delay(SETTLE_MS)
    const before = cpuSeconds(pid)
    await delay(WATCH_MS)
    const share = (100 * (cpuSeconds(pid) - before)) / (WATCH_MS / 1000)
    return [
      {
        bench: 'idle',
        what: 'memory (RSS) of a node with 7 300 files in its index and one peer',
        value: rssBytes(pid) / MEBIBYTE,
        unit: 'MiB',
        beside: { what: 'a Node process that does nothing', value: rssBytes(bare.pid) / MEBIBYTE },
        target: 'at most 180 MB',
      },
      {
        bench: 'idle',
        what: 'processor share of the same node',
        value: share,
        unit: '%',
        target: 'about 0 %',
      },
    ]
  } finally {
    bare.kill()
    await swarm.stop()
  }
}

export const idle: Bench = {
  name: 'idle',
  about: 'a node with nothing to do (reads /proc, so Linux only)',
  run: () => withTemporary(measure),
}
