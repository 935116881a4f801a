/** A process with nodes of a DHT: its servers, or the one that announces, or the one that looks up. */
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { deserialize } from 'node:v8'
import { SystemClock } from '@jarswarm/node'
import type { Swarm } from '@jarswarm/ports'
import { createSwarm } from '@jarswarm/swarm'
import {
  MemoryBlobStore,
  MemorySwarmContent,
  MemoryUpstream,
  silentLogger,
} from '@jarswarm/testkit'
import type { RepositoryId } from '@jarswarm/trust'
import { SwarmSlot } from '../../packages/node/src/swarm-slot.ts'
import { waitFor } from '../_wait-for.ts'
import type { BenchRepository } from './_donors.ts'
import { startMemoryNode } from './_memory-node.ts'

/** What the process is told as its argument, in JSON; `known` are addresses of nodes that run. */
export type DhtTask =
  | {
      readonly kind: 'serve'
      readonly repository: RepositoryId
      readonly count: number
      readonly known: readonly string[]
    }
  | {
      readonly kind: 'announce'
      /** A serialized {@link BenchRepository}; all of its files but the last are held. */
      readonly file: string
      readonly seconds: number
      readonly known: readonly string[]
    }
  | {
      readonly kind: 'look up'
      readonly repository: RepositoryId
      readonly projects: readonly string[]
      readonly known: readonly string[]
    }

export type DhtReply =
  | { readonly kind: 'serve'; readonly addresses: readonly string[] }
  | {
      readonly kind: 'announce'
      readonly peer: string
      /** Since the first of them. */
      readonly seconds: number
      readonly cpuSeconds: number
      readonly announced: readonly string[]
    }
  | {
      readonly kind: 'look up'
      /** Of each project: how long until the first holder was connected, and who that was. */
      readonly found: readonly { readonly ms: number; readonly peer: string | undefined }[]
    }

/** All nodes have one address, which else gets a share of these only. */
const LIMITS = { inboundPerSecond: 1_000, maxConnections: 1_000 }
const LISTEN = ['/ip4/127.0.0.1/tcp/0']
/** Nodes that a newcomer is told of. */
const BOOTSTRAPS = 3

const swarmInit = (known: readonly string[]) => ({
  listen: LISTEN,
  bootstrap: known,
  limits: LIMITS,
})

/** A node of the DHT that follows the repository and has nothing of it. */
async function startServer(repository: RepositoryId, known: readonly string[]): Promise<Swarm> {
  const content = new MemorySwarmContent([repository])
  // Without the index nobody can tell which projects there are, and takes all.
  content.indexComplete = false
  const components = { content, clock: new SystemClock(), logger: silentLogger }
  const swarm = await createSwarm(components, swarmInit(known))
  await swarm.start()
  return swarm
}

/** Notes which projects somebody took a record of. */
class NotingSlot extends SwarmSlot {
  readonly announced: string[] = []

  override async *provide(
    ...[repository, projects, options]: Parameters<Swarm['provide']>
  ): AsyncGenerator<string | undefined> {
    for await (const project of super.provide(repository, projects, options)) {
      if (project !== undefined) this.announced.push(project)
      yield project
    }
  }
}

async function serve({ repository, count, known }: DhtTask & { kind: 'serve' }): Promise<Ended> {
  const swarms: Swarm[] = []
  const addresses = [...known]
  for (let made = 0; made < count; made += 1) {
    const some = addresses.filter(
      (_, at) => (at + made) % Math.ceil(addresses.length / BOOTSTRAPS) === 0,
    )
    const swarm = await startServer(repository, some)
    addresses.push(...swarm.listenAddresses())
    swarms.push(swarm)
  }
  const own = swarms.flatMap((swarm) => swarm.listenAddresses())
  return {
    reply: { kind: 'serve', addresses: own },
    stop: async () => {
      await Promise.all(swarms.map((swarm) => swarm.stop()))
    },
  }
}

async function announce({ file, seconds, known }: DhtTask & { kind: 'announce' }): Promise<Ended> {
  const { id, files, digests } = deserialize(readFileSync(file)) as BenchRepository
  const blobs = new MemoryBlobStore()
  const held = new Set(digests.slice(0, -1))
  const artifacts = [...files.entries()].filter(([path]) => path.startsWith('bench/'))
  for (const [at, [, bytes]] of artifacts.entries()) {
    const digest = digests[at] ?? ''
    if (held.has(digest)) await blobs.put(digest, bytes)
  }
  const slot = new NotingSlot()
  const node = await startMemoryNode({
    blobs,
    slot,
    origin: new MemoryUpstream({ files }),
    repository: { id, name: 'bench', lookUp: false },
    swarm: swarmInit(known),
  })
  await waitFor('the first announcement', () => slot.announced.length > 0 || undefined)
  const [first, before, began] = [slot.announced.length, process.cpuUsage(), performance.now()]
  while (slot.announced.length < held.size && performance.now() - began < seconds * 1_000)
    await delay(1_000)
  const { user, system } = process.cpuUsage(before)
  return {
    reply: {
      kind: 'announce',
      peer: node.swarm.peerId,
      seconds: (performance.now() - began) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      announced: slot.announced.slice(first),
    },
    stop: () => node.stop(),
  }
}

async function lookUp(task: DhtTask & { kind: 'look up' }): Promise<Ended> {
  const { repository, projects, known } = task
  const swarm = await startServer(repository, known)
  await waitFor('a peer', () => swarm.peers().length > 0 || undefined)
  const found: { ms: number; peer: string | undefined }[] = []
  for (const project of projects) {
    const began = performance.now()
    let peer: string | undefined
    for await (const one of swarm.findProviders({ repository, project }, {})) {
      peer = one
      break
    }
    found.push({ ms: performance.now() - began, peer })
  }
  return { reply: { kind: 'look up', found }, stop: () => swarm.stop() }
}

interface Ended {
  readonly reply: DhtReply
  stop(): Promise<void>
}

function carryOut(task: DhtTask): Promise<Ended> {
  if (task.kind === 'serve') return serve(task)
  return task.kind === 'announce' ? announce(task) : lookUp(task)
}

const ended = await carryOut(JSON.parse(process.argv[2] ?? '') as DhtTask)
process.send?.(ended.reply)
await once(process, 'disconnect')
await ended.stop()
