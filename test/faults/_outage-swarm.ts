import { Endpoint } from '@jarswarm/endpoint'
import type { NodeStatus } from '@jarswarm/endpoint'
import { MemoryUpstream, silentLogger } from '@jarswarm/testkit'
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Rig } from '../../packages/mirror/test/_rig.ts'
import type { Node } from '../../packages/mirror/test/_rig.ts'
import type { SeededRandom } from './_random.ts'

const PROJECTS = 6
/** Step in which time passes while a build waits. */
const STEP_MS = 20
export const METADATA = 'org/example/lib/maven-metadata.xml'
/** Fewer full mirrors than this do not leave. */
const FULL_MIRRORS = 2

/** A node with the endpoint that builds talk to. */
export interface Builder {
  readonly node: Node
  readonly url: string
  readonly full: boolean
}

/** What a build was answered. */
export interface Answer {
  readonly path: string
  readonly status: number
  readonly stale: number | undefined
  /** Whether the bytes are those that were published. */
  readonly right: boolean
  /** What a refusal says. */
  readonly phrase: string
}

/** Nodes in memory whose primary is dead from the first moment on, builds at their endpoints, in a time that the test sets. */
export class OutageSwarm {
  readonly rig: Rig
  readonly releases: readonly string[]
  readonly builders: Builder[] = []
  readonly #test: Pick<TestContext, 'after'>
  readonly #random: SeededRandom

  constructor(test: Pick<TestContext, 'after'>, random: SeededRandom) {
    this.#test = test
    this.#random = random
    this.rig = new Rig(test)
    for (let project = 0; project < PROJECTS; project += 1) {
      const stem = `org/example/p${String(project)}/1.0/p${String(project)}-1.0`
      this.rig.builder.put(`${stem}.jar`, `jar ${String(project)}`).put(`${stem}.pom`, '<project/>')
    }
    this.rig.builder.publish()
    this.releases = [...this.rig.builder.files.keys()].filter(
      (path) => !path.startsWith('.jarswarm') && path !== METADATA,
    )
  }

  /** Nodes that were there before the outage: two full mirrors, and caches that hold nothing yet. */
  async begin(count: number): Promise<void> {
    for (let made = 0; made < count; made += 1) await this.#add(made < FULL_MIRRORS)
    this.rig.origin.behaviour = 'refusing'
  }

  /** Somebody new, who has nothing but a link and the peers; somebody else leaves. */
  async join(): Promise<Builder> {
    const caches = this.builders.filter(({ full }) => !full)
    const leaving = caches[this.#random.below(caches.length)]
    if (leaving !== undefined) {
      this.builders.splice(this.builders.indexOf(leaving), 1)
      await leaving.node.stop()
    }
    return await this.#add(false)
  }

  /** One of the nodes. */
  anyone(): Builder {
    const found = this.builders[this.#random.below(this.builders.length)]
    if (found === undefined) throw new Error('Cannot choose a node: there is none')
    return found
  }

  /** GET all releases, and the one mutable file. */
  async build({ url }: Builder): Promise<readonly Answer[]> {
    const paths = [...this.releases, METADATA]
    return await this.#wait(Promise.all(paths.map((path) => this.#get(url, path))))
  }

  /** What goes through real sockets takes real time, so simulated time may pass no faster while it is under way. */
  async #wait<T>(promise: Promise<T>): Promise<T> {
    const settled = promise.then(
      () => true,
      () => true,
    )
    while (!(await Promise.race([settled, delay(STEP_MS, false)]))) this.rig.clock.advance(STEP_MS)
    return await promise
  }

  async #get(url: string, path: string): Promise<Answer> {
    const response = await fetch(`${url}/sample/${path}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    const digest = createHash('sha256').update(bytes).digest('hex')
    const header = response.headers.get('x-jarswarm-stale')
    const stale = header === null ? undefined : Number(header)
    const right = digest === this.rig.builder.entry(path).digest
    return { path, status: response.status, stale, right, phrase: response.statusText }
  }

  async #add(full: boolean): Promise<Builder> {
    const upstreams = [full ? this.rig.origin : deadOrigin(this.rig)]
    const node = full ? await this.rig.fullNode({ upstreams }) : await this.rig.node({ upstreams })
    if (this.builders.length > 0) await this.rig.synced(node)
    const { clock } = this.rig
    const endpoint: Endpoint = new Endpoint(
      {
        repositories: () => node.mirror.sources(),
        status: () => statusOf(node, endpoint),
        clock,
        logger: silentLogger,
      },
      { port: 0 },
    )
    await endpoint.start()
    this.#test.after(() => this.#wait(endpoint.stop()))
    const builder = { node, url: endpoint.address(), full }
    this.builders.push(builder)
    return builder
  }
}

/** The origin as somebody finds it who comes when it is gone. */
function deadOrigin({ builder }: Rig): MemoryUpstream {
  const origin = new MemoryUpstream({ files: builder.files })
  origin.behaviour = 'refusing'
  return origin
}

function statusOf({ repository, swarm }: Node, endpoint: Endpoint): NodeStatus {
  return {
    version: '0',
    peerId: swarm.peerId,
    listen: [],
    uptimeSeconds: 0,
    repositories: [repository.status()],
    store: { blobs: 0, bytes: 0, quotaBytes: 0 },
    peers: { connected: 0, known: 0 },
    served: endpoint.served(),
  }
}
