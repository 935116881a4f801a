import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { inParallel } from '@jarswarm/publisher'
import { COUNTED_SHARE } from '../../packages/mirror/src/donate/copies-goal.ts'
import { waitFor } from '../_wait-for.ts'
import type { FarOrigin } from './_far-origin.ts'
import { startFarOrigin } from './_far-origin.ts'
import { build } from './_maven-build.ts'
import { startNginx } from './_nginx.ts'
import type { Artifact, OutageModel, Project } from './_outage-model.ts'
import { OutageNodes } from './_outage-nodes.ts'
import type { OutageNode, OutageNodeInit } from './_outage-nodes.ts'
import { note, reach } from './_progress.ts'

/** What builds have besides the origin. */
export interface Supply {
  readonly name: string
  /** Whether every build is to succeed while the origin is down, too. @defaultValue false */
  readonly hasAll?: boolean
  /** Made while the origin is up; has seen what users built by then. */
  readonly start: (world: World) => Promise<RunningSupply>
}

export interface World {
  readonly work: string
  readonly model: OutageModel
  readonly tree: string
  readonly origin: FarOrigin
  /** How long each request to the origin waits while builds are measured. */
  readonly delayMs: number
  /** What each user built so far. */
  readonly users: readonly (readonly Project[])[]
}

export interface Machine {
  /** With a trailing slash. */
  readonly url: string
  stop(): Promise<void>
}

export interface RunningSupply {
  /** Where a build on a new machine asks, and how to clear that machine away. */
  newMachine(): Promise<Machine>
  stop(): Promise<void>
}

const TEAM = 5
/** Processes that the nodes of a swarm share, beside the one of the builds. */
const PROCESSES = 4
/** Copies of everything that the donated space of all would take. */
const ROOM = 6
/** Copies of a file, on average, that donors have before the origin may go. */
const COPIES = 4
/** Nodes that a newcomer is told of. */
const BOOTSTRAPS = 3
const PARALLEL_USERS = 4
const NOTED_NODES = 10

const nothingToStop = (): Promise<void> => Promise.resolve()

const fixed = (url: string, stop = nothingToStop): RunningSupply => ({
  newMachine: () => Promise.resolve({ url, stop: nothingToStop }),
  stop,
})

const nothing: Supply = {
  name: 'nothing',
  start: ({ origin }) => Promise.resolve(fixed(origin.url)),
}

const nginxCache: Supply = {
  name: "a team's nginx cache",
  start: async (world) => {
    const { origin, tree, users } = world
    const folder = join(world.work, 'nginx-cache')
    const nginx = await startNginx(tree, folder, {
      http: `proxy_cache_path ${folder}/cache keys_zone=jars:10m max_size=10g inactive=30d;`,
      server: `location / { proxy_pass ${origin.url}; proxy_cache jars; proxy_cache_valid 200 1d; proxy_connect_timeout 2s;
        proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504; }`,
    })
    await buildAll(world, users.slice(0, TEAM).flat(), nginx.url)
    return fixed(nginx.url, () => nginx.stop())
  },
}

/** As far away as the origin is. */
const httpMirror: Supply = {
  name: 'one HTTP mirror',
  start: async ({ tree, delayMs }) => {
    const mirror = await startFarOrigin(tree)
    mirror.setDelay(delayMs)
    return fixed(mirror.url, () => mirror.stop())
  },
}

const caches = (count: number): Supply => ({
  name: count === 1 ? '1 cache node' : `${String(count)} cache nodes`,
  start: async (world) => {
    const swarm = new NodeSwarm(world)
    const nodes = await swarm.add(count)
    await inParallel(nodes.entries(), PARALLEL_USERS, ([user, { url }]) =>
      buildAll(world, world.users[user] ?? [], url),
    )
    return swarm
  },
})

const donors = (count: number): Supply => ({
  name: `${String(count)} nodes that donate`,
  hasAll: true,
  start: async (world) => {
    const { bytes, files } = world.model
    const swarm = new NodeSwarm(world)
    const nodes = await swarm.add(count, { donatedBytes: Math.ceil((bytes * ROOM) / count) })
    // Nobody holds two copies, and not all of the space is planned with.
    const copies = Math.max(1, Math.min(COPIES, Math.floor(COUNTED_SHARE * count)))
    await swarm.until(nodes, `blobs on ${String(count)} donors`, copies * files)
    return swarm
  },
})

const fullMirror: Supply = {
  name: 'one full mirror',
  hasAll: true,
  start: async (world) => {
    const swarm = new NodeSwarm(world)
    await swarm.until(
      await swarm.add(1, { mirror: 'all' }),
      'blobs on the full mirror',
      world.model.files,
    )
    return swarm
  },
}

/** In the order of the table. */
export const supplies = (nodes: number): readonly Supply[] => [
  nothing,
  nginxCache,
  httpMirror,
  ...[...new Set([1, TEAM, nodes])].map(caches),
  donors(nodes),
  fullMirror,
]

/** Nodes of a swarm, and the machines of builds with a node each that has nothing yet. */
class NodeSwarm implements RunningSupply {
  readonly #world: World
  readonly #nodes = new OutageNodes(PROCESSES)
  readonly #machines = new OutageNodes(1)
  readonly #addresses: string[] = []
  #made = 0

  constructor(world: World) {
    this.#world = world
  }

  async add(
    count: number,
    init: Pick<OutageNodeInit, 'mirror' | 'donatedBytes'> = {},
  ): Promise<readonly OutageNode[]> {
    const added: OutageNode[] = []
    for (let made = 0; made < count; made += 1) {
      const node = await this.#nodes.start({ ...this.#init(), ...init })
      this.#addresses.push(...node.addresses)
      added.push(node)
      if (added.length % NOTED_NODES === 0) note(`${String(added.length)} nodes run`)
    }
    return added
  }

  /** Wait until nodes hold so many blobs together. */
  async until(nodes: readonly OutageNode[], what: string, blobs: number): Promise<void> {
    await reach(what, blobs, async () => {
      const all = await Promise.all(nodes.map((node) => node.status()))
      return all.reduce((sum, { store }) => sum + store.blobs, 0)
    })
  }

  async newMachine(): Promise<OutageNode> {
    const node = await this.#machines.start(this.#init())
    await waitFor('a peer and the index on the new machine', async () => {
      const { peers, repositories } = await node.status()
      return (peers.connected > 0 && repositories[0]?.index.complete === true) || undefined
    })
    return node
  }

  async stop(): Promise<void> {
    await Promise.all([this.#machines.stop(), this.#nodes.stop()])
  }

  #init(): OutageNodeInit {
    this.#made += 1
    const at = this.#made
    const { length } = this.#addresses
    const bootstrap = Array.from(
      { length: Math.min(BOOTSTRAPS, length) },
      (_, step) => this.#addresses[(at * 7 + step * 13) % length] ?? '',
    )
    return {
      dataDir: mkdtempSync(join(this.#world.work, 'node-')),
      link: this.#world.model.builder.link(),
      bootstrap: [...new Set(bootstrap)],
    }
  }
}

/** Build projects one after the other, as somebody did before the bench begins. */
async function buildAll(
  { model }: World,
  projects: readonly Project[],
  url: string,
): Promise<void> {
  const all = new Set<Artifact>(projects.flat())
  const { succeeded, reason } = await build(url, model.builder, [...all])
  if (!succeeded) throw new Error(`Cannot build while the origin is up: ${String(reason)}`)
}
