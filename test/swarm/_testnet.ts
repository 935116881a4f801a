import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createBootstrap, createNode } from '@jarswarm/node'
import type { Node, NodeInit } from '@jarswarm/node'
import { SignedRepositoryBuilder, silentLogger } from '@jarswarm/testkit'
import { formatLink, parseLink } from '@jarswarm/trust'
import { waitFor } from '../_wait-for.ts'

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
/** Nobody listens there. */
const DEAD_ORIGIN = 'http://127.0.0.1:9/'

/** What runs something at its end: a test, or a run of faults. */
export type Ending = Pick<TestContext, 'after'>

export interface TestnetNodeInit extends Partial<Omit<NodeInit, 'join' | 'bootstrap'>> {
  /** Nodes that it is told of; it is told of no other. */
  readonly knows?: readonly Pick<Node, 'listenAddresses'>[]
  /** Whether it can reach the origin. @defaultValue false */
  readonly origin?: boolean
}

/** A signed repository with its origin, and real nodes of this process that follow it over TCP. */
export class Testnet {
  readonly builder: SignedRepositoryBuilder
  readonly #directory = mkdtempSync(join(tmpdir(), 'jarswarm-testnet-'))
  readonly #origin: Server
  readonly #originUrl: string
  readonly #running: Node[] = []
  #made = 0

  private constructor(test: Ending, origin: Server, builder: SignedRepositoryBuilder) {
    this.#origin = origin
    this.#originUrl = urlOf(origin)
    this.builder = builder
    test.after(() => this.#stop())
  }

  /** Publish files, by path, at an origin of their own. */
  static async create(test: Ending, files: Readonly<Record<string, Uint8Array>>): Promise<Testnet> {
    const builder = new SignedRepositoryBuilder({ nowMs: Date.now(), origin: DEAD_ORIGIN })
    for (const [path, bytes] of Object.entries(files)) builder.put(path, bytes)
    builder.publish()
    const server = createServer((request, response) => {
      const bytes = builder.files.get(decodeURIComponent(request.url ?? '').slice(1))
      response.statusCode = bytes === undefined ? 404 : 200
      response.end(bytes)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Testnet(test, server, builder)
  }

  /** Start a node that follows the repository. */
  async node(init: TestnetNodeInit = {}): Promise<Node> {
    const node = await createNode({ http: { host: '127.0.0.1', port: 0 }, ...this.#init(init) })
    return this.#start(node)
  }

  /** A node that holds the whole repository; it has it from the origin. */
  async holder(init: TestnetNodeInit = {}): Promise<Node> {
    const node = await this.node({ mirror: 'all', origin: true, ...init })
    const { size } = new Set([...this.builder.files].filter(isArtifact).map(([, bytes]) => bytes))
    await waitFor('all files', () => (node.statusNow().store.blobs === size ? true : undefined))
    return node
  }

  /** A node that only introduces others; it has the index from the origin. */
  async bootstrap(): Promise<Node> {
    const node = await this.#start(await createBootstrap(this.#init({ origin: true })))
    await waitFor('the index', () =>
      node.statusNow().repositories[0]?.index.complete === true ? true : undefined,
    )
    return node
  }

  /** What leads a process of its own to the repository and its origin. */
  link(): string {
    return formatLink({ ...parseLink(this.builder.link()), origin: this.#originUrl })
  }

  /** The origin is down from now on. */
  async closeOrigin(): Promise<void> {
    if (!this.#origin.listening) return
    this.#origin.closeAllConnections()
    this.#origin.close()
    await once(this.#origin, 'close')
  }

  #init({ knows = [], origin = false, ...init }: TestnetNodeInit): NodeInit {
    this.#made += 1
    const link = parseLink(this.builder.link())
    return {
      dataDir: join(this.#directory, String(this.#made)),
      version: '0.0.0-test',
      listen: LOOPBACK,
      logger: silentLogger,
      join: [{ ...link, origin: origin ? this.#originUrl : DEAD_ORIGIN }],
      bootstrap: knows.flatMap((node) => node.listenAddresses()),
      ...init,
    }
  }

  async #start(node: Node): Promise<Node> {
    this.#running.push(node)
    await node.start()
    return node
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#running.map((node) => node.stop()))
    await this.closeOrigin()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** GET an artifact at a node. */
export async function get(
  node: Node,
  path: string,
): Promise<{ readonly status: number; readonly phrase: string; readonly bytes: Buffer }> {
  const answer = await fetch(`${String(node.url)}/sample/${path}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  return { status: answer.status, phrase: answer.statusText, bytes }
}

/** Ids of the peers that a node is connected to. */
export async function neighbours(node: Node): Promise<readonly string[]> {
  return (await node.peers()).filter(({ connected }) => connected).map(({ peer }) => peer)
}

/** Wait until a node is connected to a peer and knows what it follows. */
export async function waitForPeer(node: Node, peer: string): Promise<void> {
  await waitFor('a peer', async () => {
    const found = (await node.peers()).find((status) => status.peer === peer)
    return found?.connected === true && found.repositories.length > 0 ? true : undefined
  })
}

/** The id that others know a node by. */
export const nameOf = (node: Node): string => node.statusNow().peerId

const isArtifact = ([path]: readonly [string, Uint8Array]): boolean => !path.startsWith('.jarswarm')

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
