import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createNode } from '@jarswarm/node'
import { silentLogger } from '@jarswarm/testkit'
import { parseLink } from '@jarswarm/trust'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { needAll } from './_missing.ts'
import type { Bench, Row } from './_row.ts'
import { timed } from './_measure.ts'
import { withTemporary } from './_temporary.ts'

/** Scripts that build a real repository and drive real clients; they stand beside a checkout, not in it. */
const SCRIPTS = fileURLToPath(new URL('../../../shared/clients/', import.meta.url))
/** 83 jars in all. */
const PROJECT = 'puppetlabs:trapperkeeper-webserver-jetty9:4.4.1'
const DELAYS_MS = [30, 100]
const TARGETS: Readonly<Record<number, string>> = { 30: '0.6', 100: '0.35' }

/** Run a script of the client kit; throws with what it printed when it fails. */
async function runScript(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn('bash', args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`Cannot run ${args.join(' ')}: ${output}`)
  return output
}

/** Put a server further away: each request waits before it is passed on. */
async function startDistance(target: string, delayMs: number): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const forward = async (): Promise<void> => {
      await delay(delayMs)
      const { method, headers } = incoming
      const host = new URL(target).host
      const passed = request(new URL(incoming.url ?? '/', target), {
        method,
        headers: { ...headers, host },
      })
      passed.end()
      const [answer] = (await once(passed, 'response')) as [IncomingMessage]
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    }
    forward().catch((error: unknown) => {
      console.error(String(error))
      outgoing.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`

/** Seconds that Leiningen takes for the dependencies of the project, its own caches empty. */
async function leinSeconds(url: string, tree: string): Promise<number> {
  const env = { MODES: 'profile-mirror', REF_DIR: tree }
  return (await timed(() => runScript([join(SCRIPTS, 'lein.sh'), url, PROJECT], env))) / 1000
}

/** The same through a node that has the index and nothing else, and knows the slow origin and no peer. */
async function throughNode(
  link: string,
  place: { readonly directory: string; readonly origin: string; readonly tree: string },
  prefetch: boolean,
): Promise<number> {
  const { directory, origin, tree } = place
  const node = await createNode({
    dataDir: join(directory, `node-${String(prefetch)}-${new URL(origin).port}`),
    version: 'bench',
    join: [{ ...parseLink(link), origin, peers: [] }],
    http: { host: '127.0.0.1', port: 0 },
    listen: [],
    prefetch,
    logger: silentLogger,
  })
  try {
    await node.start()
    await waitFor('the whole index', async () =>
      (await node.status()).repositories[0]?.index.complete === true ? true : undefined,
    )
    const seconds = await leinSeconds(`${String(node.url)}/bench/`, tree)
    if (prefetch) await showHits(String(node.url))
    return seconds
  } finally {
    await node.stop()
  }
}

async function showHits(url: string): Promise<void> {
  const metrics = await (await fetch(`${url}/-/metrics`)).text()
  console.error(metrics.match(/^jarswarm_prefetch_\w+ \d+$/gm)?.join(', '))
}

async function measure(directory: string): Promise<readonly Row[]> {
  const tree = join(directory, 'tree')
  const state = join(directory, 'state')
  await runScript([join(SCRIPTS, 'make-real-repo.sh'), tree])
  await runJson(['repo', 'init', '--state', state, '--name', 'bench'])
  await runJson(['repo', 'publish', '--state', state, '--tree', tree])
  const tcp = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
  const primary = await startJarswarm(['repo', 'serve', '--state', state, '--tree', tree, ...tcp])
  const rows: Row[] = []
  try {
    for (const delayMs of DELAYS_MS) {
      const distance = await startDistance(String(primary.ready.http), delayMs)
      const place = { directory, origin: urlOf(distance), tree }
      const link = String(primary.ready.link)
      const beside = { what: 'direct', value: await leinSeconds(place.origin, tree) }
      for (const prefetch of [false, true]) {
        rows.push({
          bench: 'prefetch',
          what: `lein, 83 jars, ${String(delayMs)} ms to the origin, cold node ${prefetch ? 'with' : 'without'} prefetch`,
          value: await throughNode(link, place, prefetch),
          unit: 's',
          beside,
          ...(prefetch ? { target: `at most ${String(TARGETS[delayMs])} of direct` } : {}),
        })
      }
      distance.closeAllConnections()
      distance.close()
    }
  } finally {
    await primary.stop()
  }
  return rows
}

export const prefetch: Bench = {
  name: 'prefetch',
  about:
    'a cold build of a real project by Leiningen, the origin far away (needs the client scripts)',
  run: async () => {
    needAll(existsSync(SCRIPTS) ? undefined : `the client scripts are not in ${SCRIPTS}`)
    return await withTemporary(measure)
  },
}
