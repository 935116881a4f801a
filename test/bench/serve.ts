import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inParallel } from '@jarswarm/publisher'
import { median } from '../_percentile.ts'
import { needAll } from './_missing.ts'
import { missingNginx, startNginx } from './_nginx.ts'
import { note } from './_progress.ts'
import type { Bench, Row } from './_row.ts'
import { startBenchSwarm } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'
import { writeTree } from './_tree.ts'
import { measureThroughput, missingWrk } from './_wrk.ts'
import type { Load, Throughput } from './_wrk.ts'

const JARS = 20_000
const JAR_BYTES = 30_000
/** 12 MB: what one build asks for again and again. */
const HOT_JARS = 400
const CONNECTIONS = 16
const SECONDS = 5
const ROUNDS = 5

interface Server {
  readonly name: string
  /** Without trailing slash. */
  readonly url: string
  readonly rounds: Throughput[]
}

/** The node, and nginx. */
type Both = readonly [Server, Server]

/** Forget what the system read of files, where that is allowed. */
function dropPageCache(): boolean {
  // What was not written yet cannot be forgotten.
  spawnSync('sync')
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3')
    return true
  } catch {
    return false
  }
}

/** Both must give what was published, byte by byte, else no rate is worth anything. */
async function check(
  servers: readonly Server[],
  tree: string,
  jars: readonly string[],
): Promise<void> {
  for (const { name, url } of servers) {
    await inParallel(jars, CONNECTIONS, async (jar) => {
      const wanted = await readFile(join(tree, jar))
      const body = new Uint8Array(await (await fetch(`${url}/${jar}`)).arrayBuffer())
      assert.ok(wanted.equals(body), `${url}/${jar} has other bytes`)
    })
    note(`all ${String(jars.length)} jars of ${name} are as published`)
  }
}

const perSecond = ({ rounds }: Server): number => median(rounds.map((round) => round.perSecond))
const p99 = ({ rounds }: Server): number => median(rounds.map(({ p99Ms }) => p99Ms))

const besideNginx = (value: number): Row['beside'] & {} => ({ what: 'nginx, one worker', value })

const rate = (what: string, [node, nginx]: Both, target: string): Row => ({
  bench: 'serve',
  what,
  value: perSecond(node),
  unit: '/s',
  beside: besideNginx(perSecond(nginx)),
  target,
})

const slowest = ([node, nginx]: Both, target?: string): Row => ({
  bench: 'serve',
  what: 'the same, 99 of 100 within',
  value: p99(node),
  unit: 'ms',
  beside: besideNginx(p99(nginx)),
  ...(target !== undefined && { target }),
})

/** What was measured of both in turn, several times. */
async function measureBoth(servers: Both, load: Load, before: () => unknown): Promise<Both> {
  const both = servers.map((server): Server => ({ ...server, rounds: [] })) as [Server, Server]
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, url, rounds } of both) {
      before()
      const { pathname } = new URL(url)
      const prefix = pathname === '/' ? '' : pathname
      const paths = load.paths.map((path) => `${prefix}/${path}`)
      const found = await measureThroughput(url, { ...load, paths })
      note(
        `${name}: ${found.perSecond.toFixed(0)} /s, 99 of 100 within ${found.p99Ms.toFixed(1)} ms`,
      )
      rounds.push(found)
    }
  }
  return both
}

async function measure(work: string, files: number): Promise<readonly Row[]> {
  const tree = join(work, 'tree')
  const jars = writeTree(tree, { jars: files, sizeBytes: JAR_BYTES, poms: false })
  note(`${String(files)} jars are written`)
  const swarm = await startBenchSwarm(tree, files)
  const nginx = await startNginx(tree, join(work, 'nginx'), { workers: 1 })
  const servers: Both = [
    { name: 'node', url: swarm.url(swarm.holder).slice(0, -1), rounds: [] },
    { name: 'nginx', url: nginx.url.slice(0, -1), rounds: [] },
  ]
  const load = { connections: CONNECTIONS, script: join(work, 'paths.lua') }
  try {
    await check(servers, tree, jars)
    const hotJars = jars.slice(0, HOT_JARS)
    const hotLoad: Load = { ...load, paths: hotJars, until: { seconds: SECONDS } }
    const hot = await measureBoth(servers, hotLoad, () => undefined)
    const from = dropPageCache() ? 'from disk' : 'from the page cache'
    const coldLoad: Load = { ...load, paths: jars, until: 'each once' }
    const cold = await measureBoth(servers, coldLoad, dropPageCache)
    const each = `${String(hotJars.length)} jars of 30 KB again and again, ${String(CONNECTIONS)} connections`
    const once = `${String(files)} different jars, each once, ${from}`
    return [
      rate(each, hot, 'at least nginx'),
      slowest(hot, 'at most 2 times nginx'),
      rate(once, cold, 'at least 0.6 times nginx'),
      slowest(cold),
    ]
  } finally {
    await nginx.stop()
    await swarm.stop()
  }
}

export const serve: Bench = {
  name: 'serve',
  about: 'the Maven endpoint of a node that has everything, beside nginx',
  run: async ({ files = JARS }) => {
    needAll(missingNginx, missingWrk)
    return await withTemporary((work) => measure(work, files))
  },
}
