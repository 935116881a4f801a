import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from '../_percentile.ts'
import { missingNginx, startNginx } from './_nginx.ts'
import type { Bench, Row } from './_row.ts'
import { startBenchSwarm } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'
import { writeTree } from './_tree.ts'
import { measureThroughput, missingWrk } from './_wrk.ts'
import type { Throughput } from './_wrk.ts'

const JARS = 20_000
const JAR_BYTES = 30_000
/** 12 MB: what one build asks for again and again. */
const HOT_JARS = 400
const CONNECTIONS = 16
const SECONDS = 5
const ROUNDS = 5
const CHECKED = 100

interface Server {
  /** Without trailing slash. */
  readonly url: string
  readonly rounds: Throughput[]
}

/** Forget what the system read of files, where that is allowed. */
function dropPageCache(): boolean {
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3')
    return true
  } catch {
    return false
  }
}

/** Both must give what was published, else no rate is worth anything. */
async function check(
  servers: readonly Server[],
  tree: string,
  jars: readonly string[],
): Promise<void> {
  for (const jar of jars.slice(0, CHECKED)) {
    const wanted = createHash('sha256')
      .update(await readFile(join(tree, jar)))
      .digest('hex')
    for (const { url } of servers) {
      const body = new Uint8Array(await (await fetch(`${url}/${jar}`)).arrayBuffer())
      assert.equal(createHash('sha256').update(body).digest('hex'), wanted, `${url}/${jar}`)
    }
  }
}

const perSecond = ({ rounds }: Server): number => median(rounds.map((round) => round.perSecond))
const p99 = ({ rounds }: Server): number => median(rounds.map(({ p99Ms }) => p99Ms))

async function measure(work: string): Promise<readonly Row[]> {
  const tree = join(work, 'tree')
  const jars = writeTree(tree, { jars: JARS, sizeBytes: JAR_BYTES })
  const swarm = await startBenchSwarm(tree, 2 * JARS)
  const nginx = await startNginx(tree, join(work, 'nginx'), { workers: 1 })
  const script = join(work, 'paths.lua')
  const load = { connections: CONNECTIONS, seconds: SECONDS, script }
  const both = (): { node: Server; nginx: Server } => ({
    node: { url: swarm.url(swarm.holder).slice(0, -1), rounds: [] },
    nginx: { url: nginx.url.slice(0, -1), rounds: [] },
  })
  const measured = async (paths: readonly string[], before: () => unknown) => {
    const servers = both()
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const server of [servers.node, servers.nginx]) {
        before()
        const { pathname } = new URL(server.url)
        const prefix = pathname === '/' ? '' : pathname
        const own = paths.map((path) => `${prefix}/${path}`)
        server.rounds.push(await measureThroughput(server.url, { ...load, paths: own }))
      }
    }
    return servers
  }
  try {
    const { node, nginx: other } = both()
    await check([node, other], tree, jars)
    const hot = await measured(jars.slice(0, HOT_JARS), () => undefined)
    const from = dropPageCache() ? 'from disk' : 'from the page cache'
    const cold = await measured(jars, dropPageCache)
    return [
      {
        bench: 'serve',
        what: `${String(HOT_JARS)} jars of 30 KB again and again, ${String(CONNECTIONS)} connections`,
        value: perSecond(hot.node),
        unit: '/s',
        beside: { what: 'nginx, one worker', value: perSecond(hot.nginx) },
        target: 'at least nginx',
      },
      {
        bench: 'serve',
        what: 'the same, 99 of 100 within',
        value: p99(hot.node),
        unit: 'ms',
        beside: { what: 'nginx, one worker', value: p99(hot.nginx) },
        target: 'at most 2 times nginx',
      },
      {
        bench: 'serve',
        what: `${String(JARS)} different jars, ${from}`,
        value: perSecond(cold.node),
        unit: '/s',
        beside: { what: 'nginx, one worker', value: perSecond(cold.nginx) },
        target: 'at least 0.6 times nginx',
      },
    ]
  } finally {
    await nginx.stop()
    await swarm.stop()
  }
}

export const serve: Bench = {
  name: 'serve',
  about: 'the Maven endpoint of a node that has everything, beside nginx',
  run: async () => {
    const missing = [missingNginx, missingWrk].filter((what) => what !== undefined)
    if (missing.length > 0) throw new Error(`Cannot measure: ${missing.join('; ')}`)
    return await withTemporary(measure)
  },
}
