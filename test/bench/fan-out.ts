import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { HostNetwork, namespacesMissing } from '../_namespaces.ts'
import type { Host } from '../_namespaces.ts'
import { addVersion } from '../swarm/_tiny-repository.ts'
import { missingAria2 } from './_aria2.ts'
import { FanOutSwarm } from './_fan-out-swarm.ts'
import { FanOutTorrent } from './_fan-out-torrent.ts'
import { timed } from './_measure.ts'
import { needAll } from './_missing.ts'
import { missingNginx } from './_nginx.ts'
import { note } from './_progress.ts'
import type { Bench, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'
import { writeTree } from './_tree.ts'
import { withEndings } from '../faults/_with-endings.ts'

const CURL = '/usr/bin/curl'
/** All files stand in it. */
const FOLDER = 'bench'
const FILES = 4_000
/** Half of the files are jars of this size, the other half their poms: 200 MB in 4 000 files. */
const JAR_BYTES = 100_000
const NODES = 20
const UPLINK_MBIT = 100
/** What every node has beside: the version that was there at the start, and the one that makes it look. */
const TINY_BLOBS = 4
/** As Maven and Leiningen have. */
const CLIENT_CONNECTIONS = 5
/** Clients of nginx take so much less each: all of them get all bytes from one line, which is long enough. */
const CLIENTS_SHARE = 10

interface FanOutInit {
  readonly nodes: number
  readonly files: number
  readonly uplinkMbit: number
}

/** Download files as quickly as one client can; throws when one is missing or not whole. */
async function download(host: Host, urls: readonly string[], bytes: number): Promise<void> {
  const list = urls.map((url) => `url = "${url}"\noutput = "/dev/null"`).join('\n')
  const parallel = ['--parallel', '--parallel-max', String(CLIENT_CONNECTIONS)]
  // Where many connect to a busy host at the same time, some are turned away.
  const again = ['--retry', '5', '--retry-all-errors']
  const told = [...again, '--fail', '--no-progress-meter', '--write-out', '%{size_download}\\n']
  const child = spawn(
    'ip',
    ['netns', 'exec', host.namespace, CURL, ...parallel, ...told, '--config', '-'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  child.stdin.end(list)
  const [sizes] = await Promise.all([text(child.stdout), once(child, 'close')])
  const came = sizes.split('\n').reduce((sum, size) => sum + Number(size), 0)
  if (child.exitCode !== 0 || came !== bytes)
    throw new Error(`Cannot download: ${String(came)} bytes came of ${String(bytes)}`)
}

async function* measure(
  test: { after(end: () => unknown): void },
  work: string,
  init: FanOutInit,
): AsyncGenerator<Row> {
  const { nodes, files, uplinkMbit } = init
  const network = new HostNetwork(test, nodes + 1)
  const [origin, ...hosts] = network.hosts as [Host, ...Host[]]
  network.shapeUplink(origin, uplinkMbit)
  const swarm = new FanOutSwarm(network, work)
  await swarm.start(test)
  const { paths, bytes } = addFiles(swarm.tree, files)
  const urls = paths.map((path) => `${swarm.url}${path}`)
  const sent = async (task: () => Promise<number>): Promise<Sent> => {
    const before = network.sentBytes(origin)
    const ms = await task()
    return { ms, bytes: network.sentBytes(origin) - before }
  }
  const once = await sent(() => timed(() => download(hosts[0] as Host, urls, bytes)))
  note(`one client took them in ${(once.ms / 1e3).toFixed(1)} s`)
  const few = urls.slice(0, files / CLIENTS_SHARE)
  const fewBytes = bytes / CLIENTS_SHARE
  const clients = await sent(() =>
    timed(() => Promise.all(hosts.map((host) => download(host, few, fewBytes)))),
  )
  const torrent = await FanOutTorrent.create(test, hosts, {
    work,
    tree: swarm.tree,
    url: swarm.url,
    folder: FOLDER,
    paths: paths.map((path) => relative(FOLDER, path)),
  })
  const aria2 = await sent(() => timed(() => torrent.run()))
  torrent.check()
  note(`all clients of aria2 had them in ${(aria2.ms / 1e3).toFixed(1)} s`)
  await swarm.publish()
  const cpuBefore = swarm.cpuSeconds()
  const all = await sent(() => swarm.spread(files + TINY_BLOBS))
  const cpuSeconds = swarm.cpuSeconds() - cpuBefore
  const copies = (bytesSent: number, share = 1): number => (bytesSent * share) / once.bytes
  const row = (what: string, value: number, unit: string): Row => ({
    bench: 'fan-out',
    what,
    value,
    unit,
  })
  const many = `${String(nodes)} nodes want ${(bytes / 1e6).toFixed(0)} MB in ${String(files)} files`
  yield row(`one client takes them over ${String(uplinkMbit)} Mbit/s`, once.ms / 1e3, 's')
  yield row(`${many}: until the last has all`, all.ms / 1e3, 's')
  yield {
    ...row('the same in times of that one client', all.ms / once.ms, 'times'),
    beside: {
      what: `${String(nodes)} clients of nginx, a tenth of the files each`,
      value: (clients.ms * CLIENTS_SHARE) / once.ms,
    },
    target: 'at most 1.5',
  }
  yield {
    ...row('bytes that left the origin', copies(all.bytes), 'copies'),
    beside: { what: 'nginx', value: copies(clients.bytes, CLIENTS_SHARE) },
    target: 'at most 1.2',
  }
  const manyOfAria2 = `${String(nodes)} of aria2, the origin as web seed`
  yield {
    ...row('time, as above', all.ms / once.ms, 'times'),
    beside: { what: manyOfAria2, value: aria2.ms / once.ms },
  }
  yield {
    ...row('bytes, as above', copies(all.bytes), 'copies'),
    beside: { what: manyOfAria2, value: copies(aria2.bytes) },
  }
  const processors = availableParallelism()
  yield row(
    `processor time of the nodes, of ${String(processors)} x ${(all.ms / 1e3).toFixed(0)} s`,
    cpuSeconds,
    's',
  )
}

interface Sent {
  readonly ms: number
  readonly bytes: number
}

/** All equally large but for the digits in them, so that a tenth of the files is a tenth of the bytes. */
function addFiles(
  tree: string,
  files: number,
): { readonly paths: readonly string[]; readonly bytes: number } {
  const jars = writeTree(tree, { jars: files / 2, sizeBytes: JAR_BYTES })
  const pom = 'x'.repeat(1_000)
  const paths = jars.flatMap((jar) => [jar, jar.replace(/jar$/, 'pom')])
  for (const [at, path] of paths.entries())
    if (path.endsWith('pom')) writeFileSync(join(tree, path), String(at).padStart(8, '0') + pom)
  addVersion(tree, '2')
  return { paths, bytes: (files / 2) * (JAR_BYTES + pom.length + 8) }
}

export const fanOut: Bench = {
  name: 'fan-out',
  about: `${String(NODES)} nodes want the same 200 MB of an origin behind ${String(UPLINK_MBIT)} Mbit/s (root only; --nodes, --files, --uplink)`,
  run: ({ files = FILES, nodes = NODES, uplinkMbit = UPLINK_MBIT }) =>
    withTemporary(async (work) => {
      const missingCurl = existsSync(CURL)
        ? undefined
        : 'curl is not installed (apt-get install curl)'
      needAll(namespacesMissing() || undefined, missingNginx, missingCurl, missingAria2)
      const rows: Row[] = []
      const init = { files, nodes, uplinkMbit }
      for await (const row of withEndings((test) => measure(test, work, init))) rows.push(row)
      return rows
    }),
}
