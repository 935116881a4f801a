import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENTS, missingClient } from '../clients/_builds.ts'
import type { Build, Client } from '../clients/_builds.ts'
import { countBlobs } from '../_count-blobs.ts'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { median } from '../_percentile.ts'
import { startFarOrigin } from './_far-origin.ts'
import type { FarOrigin } from './_far-origin.ts'
import { timed } from './_measure.ts'
import { missingNginx, startNginx } from './_nginx.ts'
import type { Nginx } from './_nginx.ts'
import { makeProjectTree } from './_project.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'

const REPOSITORY = 'bench'
const DEFAULT_RUNS = 3
/** What is put before each request to the origin, and how much of the direct build each way may take at most. */
const DELAYS = [
  { delayMs: 30, alone: 0.6, withPeer: 0.4 },
  { delayMs: 100, alone: 0.35, withPeer: 0.4 },
]
const WARM_RATIO = 1.05

/** Everything that the ways of building share. */
interface Surroundings {
  readonly work: string
  readonly origin: FarOrigin
  readonly link: string
  /** A node that has the whole repository. */
  readonly holder: Running
  readonly nginx: Nginx
}

/** A place that a build downloads from. */
interface Place {
  readonly url: string
  close(): Promise<void>
}

/** One of the ways that are run in turn. */
interface Way {
  readonly name: string
  open(): Promise<Place>
}

interface Status {
  readonly store: { readonly blobs: number }
  readonly peers: { readonly connected: number }
  readonly repositories: readonly { readonly index: { readonly complete: boolean } }[]
}

const statusOf = async (node: Running): Promise<Status> =>
  (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as Status

const open = (url: string): Promise<Place> =>
  Promise.resolve({ url, close: () => Promise.resolve() })

function startNode(link: string, data: string, extra: readonly string[]): Promise<Running> {
  const listen = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
  return startJarswarm(['start', '--data', data, '--join', link, ...listen, ...extra], {
    built: true,
  })
}

/** A node with the index and no file: a copy of one that was made so. */
async function openColdNode(place: Surroundings, bootstrap: readonly string[]): Promise<Place> {
  const data = join(place.work, 'cold')
  rmSync(data, { recursive: true, force: true })
  cpSync(join(place.work, 'indexed'), data, { recursive: true })
  const node = await startNode(place.link, data, bootstrap)
  if (bootstrap.length > 0)
    await waitFor('the peer', async () =>
      (await statusOf(node)).peers.connected > 0 ? true : undefined,
    )
  return { url: `${String(node.ready.http)}/${REPOSITORY}/`, close: () => node.stop() }
}

function waysOf(place: Surroundings): readonly Way[] {
  const { origin, holder, nginx } = place
  const far = (delayMs: number, opens: () => Promise<Place>) => async () => {
    origin.setDelay(delayMs)
    return opens()
  }
  const delayed = DELAYS.flatMap(({ delayMs }) => [
    { name: `direct ${String(delayMs)}`, open: far(delayMs, () => open(origin.url)) },
    { name: `alone ${String(delayMs)}`, open: far(delayMs, () => openColdNode(place, [])) },
    {
      name: `peer ${String(delayMs)}`,
      open: far(delayMs, () => openColdNode(place, ['--bootstrap', holder.ready.listen[0] ?? ''])),
    },
  ])
  return [
    ...delayed,
    { name: 'nginx', open: () => open(nginx.url) },
    { name: 'warm', open: () => open(`${String(holder.ready.http)}/${REPOSITORY}/`) },
  ]
}

async function buildSeconds(build: Build): Promise<number> {
  const ms = await timed(async () => {
    const { code, output } = await build.run()
    if (code !== 0) throw new Error(`Cannot measure a build that failed: ${output}`)
  })
  return ms / 1_000
}

/** Median seconds of each way, run in turn; and of the same build with all in the client's own cache. */
async function measureClient(
  client: Client,
  place: Surroundings,
  { runs, dependency }: { readonly runs: number; readonly dependency: string },
): Promise<ReadonlyMap<string, number>> {
  const ways = waysOf(place)
  const times = new Map<string, number[]>()
  const note = (name: string, seconds: number): void => {
    times.set(name, [...(times.get(name) ?? []), seconds])
    console.error(`${client.name} ${name}: ${seconds.toFixed(2)} s`)
  }
  // One that is not counted: the first run of a program reads it from the disk.
  for (let round = -1; round < runs; round += 1) {
    for (const way of round === -1 ? ways.slice(-1) : ways) {
      const opened = await way.open()
      const folder = join(place.work, client.name)
      rmSync(folder, { recursive: true, force: true })
      const repositories = ['central', 'clojars'].map((id) => ({ id, url: opened.url }))
      const build = client.build({ folder, repositories, dependencies: [dependency] })
      const seconds = await buildSeconds(build)
      if (round >= 0) note(way.name, seconds)
      if (round >= 0 && way.name === 'warm') note('floor', await buildSeconds(build))
      await opened.close()
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]))
}

function toRows(client: string, medians: ReadonlyMap<string, number>): readonly Row[] {
  const row = (
    what: string,
    name: string,
    other: { readonly name: string; readonly what: string; readonly ratio: number },
  ): Row => ({
    bench: 'clients',
    what: `${client}: ${what}`,
    value: medians.get(name) ?? Number.NaN,
    unit: 's',
    beside: { what: other.what, value: medians.get(other.name) ?? Number.NaN },
    target: `at most ${String(other.ratio)}`,
  })
  const delayed = DELAYS.flatMap(({ delayMs, alone, withPeer }) => {
    const ms = String(delayMs)
    const direct = { name: `direct ${ms}`, what: 'direct' }
    return [
      row(`${ms} ms, node alone`, `alone ${ms}`, { ...direct, ratio: alone }),
      row(`${ms} ms, node with one peer`, `peer ${ms}`, { ...direct, ratio: withPeer }),
    ]
  })
  const warm = { name: 'nginx', what: 'nginx on loopback', ratio: WARM_RATIO }
  const floor = medians.get('floor') ?? Number.NaN
  return [
    ...delayed,
    row('node with all files', 'warm', warm),
    { bench: 'clients', what: `${client}: nothing to download`, value: floor, unit: 's' },
  ]
}

/** Publish the tree, keep a node that only has its index, and start one that has everything. */
async function surround(work: string, tree: string, origin: FarOrigin): Promise<Surroundings> {
  const state = join(work, 'state')
  const made = await runJson([
    ...['repo', 'init', '--state', state, '--name', REPOSITORY],
    ...['--origin', origin.url],
  ])
  await runJson(['repo', 'publish', '--state', state, '--tree', tree])
  const link = String(made['link'])
  const indexed = await startNode(link, join(work, 'indexed'), [])
  await waitFor('the whole index', async () =>
    (await statusOf(indexed)).repositories[0]?.index.complete === true ? true : undefined,
  )
  await indexed.stop()
  const holder = await startNode(link, join(work, 'holder'), ['--mirror', 'all'])
  const blobs = countBlobs(tree)
  await waitFor('the whole tree on the holder', async () =>
    (await statusOf(holder)).store.blobs >= blobs ? true : undefined,
  )
  return { work, origin, link, holder, nginx: await startNginx(tree, join(work, 'nginx')) }
}

async function measure(
  work: string,
  { runs = DEFAULT_RUNS }: BenchOptions,
): Promise<readonly Row[]> {
  const present = CLIENTS.filter((client) => {
    const missing = missingClient(client)
    if (missing !== undefined) console.error(missing)
    return missing === undefined
  })
  const tree = join(work, 'tree')
  const { what, dependency } = makeProjectTree(tree)
  console.error(`${what}, ${String(runs)} runs of each`)
  const origin = await startFarOrigin(tree)
  const place = await surround(work, tree, origin)
  const rows: Row[] = []
  try {
    for (const client of present)
      rows.push(...toRows(client.name, await measureClient(client, place, { runs, dependency })))
  } finally {
    await Promise.all([place.holder.stop(), place.nginx.stop()])
    await origin.stop()
  }
  return rows
}

export const clients: Bench = {
  name: 'clients',
  about:
    'cold builds of a real project by lein, mvn, tools.deps and Gradle, direct and through a node',
  run: async (options) => {
    if (missingNginx === undefined) return withTemporary((work) => measure(work, options))
    console.error(missingNginx)
    return []
  },
}
