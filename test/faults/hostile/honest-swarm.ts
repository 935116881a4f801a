import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, createServer, get } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { parseLink } from '@jarswarm/trust'
import { waitFor } from '../../_wait-for.ts'
import { Child } from '../_child.ts'
import type { SeededRandom } from '../_random.ts'
import type { HonestInit, HonestQuestion, HonestState } from './honest-process.ts'

const SCRIPT = new URL('honest-process.ts', import.meta.url)
const MANIFEST = '.jarswarm/manifest'
/** Nobody listens there. */
const DEAD_ORIGIN = 'http://127.0.0.1:9/'
/** Requests that a build tool has open. */
const BUILD_PARALLEL = 4
/** A holder looks at its origin so often. */
const POLL_MS = 1_000
/** Peers that a node is told of, beside a holder. */
const MAX_KNOWN = 2

/** An honest node in its own process. */
export interface HonestNode {
  readonly child: Child
  /** As it was when it had started. */
  readonly started: HonestState
}

/** How a build takes it when a file does not come in time. */
export interface Patience {
  /** Whether it asks again, as on a machine that may be busy, until {@link waitFor} ends; otherwise the download failed. */
  readonly isPatient: boolean
}

interface HonestSwarmInit extends Patience {
  readonly random: SeededRandom
  readonly builder: SignedRepositoryBuilder
  /** Base URLs. */
  readonly origins: { readonly live: string; readonly slow: string }
}

/** A repository with its origin, nodes that hold it all, and nodes whose builds never reach the origin. */
export class HonestSwarm {
  readonly builder: SignedRepositoryBuilder
  readonly holders: HonestNode[] = []
  readonly builders: HonestNode[] = []
  readonly #test: Pick<TestContext, 'after'>
  readonly #random: SeededRandom
  readonly #isPatient: boolean
  readonly #directory = mkdtempSync(join(tmpdir(), 'jarswarm-hostile-'))
  readonly #origins: { readonly live: string; readonly slow: string }
  #shown: Uint8Array | undefined
  #made = 0

  private constructor(test: Pick<TestContext, 'after'>, init: HonestSwarmInit) {
    this.#test = test
    this.#random = init.random
    this.#isPatient = init.isPatient
    this.builder = init.builder
    this.#origins = init.origins
    test.after(() => {
      rmSync(this.#directory, { recursive: true, force: true })
    })
  }

  static async create(
    test: Pick<TestContext, 'after'>,
    init: Pick<HonestSwarmInit, 'random' | 'isPatient'>,
  ): Promise<HonestSwarm> {
    const builder = new SignedRepositoryBuilder({ nowMs: Date.now(), origin: DEAD_ORIGIN })
    const live = await serve(test, (request, response) => {
      const path = decodeURIComponent(request.url ?? '').slice(1)
      const bytes = (path === MANIFEST ? swarm.#shown : undefined) ?? builder.files.get(path)
      response.statusCode = bytes === undefined ? 404 : 200
      response.end(bytes)
    })
    // It takes every request, and answers none.
    const slow = await serve(test, () => undefined)
    const swarm = new HonestSwarm(test, { ...init, builder, origins: { live, slow } })
    return swarm
  }

  /** A node that fetches everything from the origin at once. */
  async addHolder(): Promise<HonestNode> {
    const heads = { pollIntervalMs: POLL_MS }
    const node = await this.#start({ mirror: 'all', mechanisms: { heads } }, this.#origins.live)
    await this.#full(node)
    this.holders.push(node)
    return node
  }

  /** A node whose origin is dead or, as chance has it, mute. */
  async addBuilder(): Promise<HonestNode> {
    const origin = this.#random.below(2) === 0 ? DEAD_ORIGIN : this.#origins.slow
    const node = await this.#start({}, origin)
    await this.#until(node, 'the index', ({ complete }) => complete)
    this.builders.push(node)
    return node
  }

  all(): readonly HonestNode[] {
    return [...this.holders, ...this.builders]
  }

  /** Let the origin show the newest manifest as it is now, whatever is published. */
  holdBack(): void {
    this.#shown = this.builder.files.get(MANIFEST)
  }

  /** Let the origin show what is newest again. */
  showNewest(): void {
    this.#shown = undefined
  }

  /** Wait until all nodes use the newest head, and have its index. */
  async converged(): Promise<void> {
    const seq = this.builder.state?.head.seq
    for (const node of this.all())
      await this.#until(node, `head ${String(seq)}`, (state) => state.head?.seq === seq)
  }

  /** Whether any node uses the newest head. */
  async isKnown(): Promise<boolean> {
    const seq = this.builder.state?.head.seq
    const states = await Promise.all(
      this.all().map(({ child }) => child.ask<HonestState>({ kind: 'state' })),
    )
    return states.some(({ head }) => head?.seq === seq)
  }

  /** Wait until the holders have all files: builders can have what is new from nobody else. */
  async held(): Promise<void> {
    for (const holder of this.holders) await this.#full(holder)
  }

  /** GET these artifacts as a build does; each must come, and be what was published. @returns milliseconds that each took */
  async build(node: HonestNode, paths: readonly string[]): Promise<readonly number[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: BUILD_PARALLEL })
    try {
      return await Promise.all(paths.map((path) => this.#download(agent, node, path)))
    } finally {
      agent.destroy()
    }
  }

  /** @returns milliseconds of its requests */
  async #download(agent: Agent, node: HonestNode, path: string): Promise<number> {
    let tookMs = 0
    await waitFor(path, async () => {
      const answer = await this.#fetch(agent, node, path)
      tookMs += answer.tookMs
      if (answer.refusal === undefined) return true
      const isLate = answer.refusal.startsWith('424 Cannot get ')
      if (this.#isPatient && isLate) return undefined
      const said = `${path} was answered ${answer.refusal}`
      throw new Error([said, ...(await this.#story(node, path))].join('\n'))
    })
    return tookMs
  }

  /** @returns what was answered instead of the right bytes, if anything was */
  async #fetch(
    agent: Agent,
    node: HonestNode,
    path: string,
  ): Promise<{ readonly tookMs: number; readonly refusal?: string }> {
    const { promise: turn, resolve } = Promise.withResolvers<number>()
    const request = get(`${node.started.url}/sample/${path}`, { agent })
    // The time in which it waits for one of the build's own connections is not the node's.
    request.once('socket', () => {
      resolve(performance.now())
    })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const hash = createHash('sha256')
    for await (const chunk of response) hash.update(chunk as Uint8Array)
    const tookMs = performance.now() - (await turn)
    const { statusCode, statusMessage } = response
    if (statusCode !== 200)
      return { tookMs, refusal: `${String(statusCode)} ${String(statusMessage)}` }
    if (hash.digest('hex') !== this.builder.entry(path).digest)
      throw new Error(`${path} has wrong bytes`)
    return { tookMs }
  }

  /** How a file came not to be had: the log of the node, its peers, and who held the file. */
  async #story({ child }: HonestNode, path: string): Promise<readonly string[]> {
    const question: HonestQuestion = { kind: 'story', path }
    const holders = this.holders.map(({ started }) => `holds everything: ${started.peer}`)
    return [...(await child.ask<readonly string[]>(question)), ...holders]
  }

  async #start(init: Partial<HonestInit>, origin: string): Promise<HonestNode> {
    this.#made += 1
    const child = Child.start(SCRIPT, {
      dataDir: join(this.#directory, String(this.#made)),
      listen: [`/ip4/127.1.0.${String(this.#made)}/tcp/0`],
      join: [{ ...parseLink(this.builder.link()), origin }],
      bootstrap: this.#someAddresses(),
      ...init,
    } satisfies HonestInit)
    this.#test.after(() => child.kill())
    return { child, started: await child.ask<HonestState>({ kind: 'start' }) }
  }

  #someAddresses(): readonly string[] {
    const known = [this.#pick(this.holders)]
    for (let more = 0; more < MAX_KNOWN; more += 1) known.push(this.#pick(this.all()))
    return [...new Set(known.flatMap((node) => node?.started.listen ?? []))]
  }

  #pick(nodes: readonly HonestNode[]): HonestNode | undefined {
    return nodes[this.#random.below(Math.max(nodes.length, 1))]
  }

  async #full(holder: HonestNode): Promise<void> {
    await this.#until(holder, 'all files', ({ blobs }) => blobs >= this.#artifacts())
  }

  async #until(
    { child }: HonestNode,
    what: string,
    holds: (state: HonestState) => boolean,
  ): Promise<void> {
    await waitFor(what, async () => {
      const question: HonestQuestion = { kind: 'state' }
      return holds(await child.ask<HonestState>(question)) ? true : undefined
    })
  }

  #artifacts(): number {
    const artifacts = [...this.builder.files].filter(([path]) => !path.startsWith('.jarswarm'))
    return artifacts.length
  }
}

async function serve(test: Pick<TestContext, 'after'>, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
}
