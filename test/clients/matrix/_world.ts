import { join } from 'node:path'
import { startJarswarm } from '../../_jarswarm.ts'
import type { Place, Running } from '../../_jarswarm.ts'
import { waitFor } from '../../_wait-for.ts'
import { startWirePeer } from '../../swarm/_wire-peer.ts'
import type { Manner, WirePeer } from '../../swarm/_wire-peer.ts'
import type { Scheme } from './_client.ts'
import { FaultyOrigin } from './_faulty-origin.ts'
import type { PublishedTree } from './_published-tree.ts'
import { Tap } from './_tap.ts'

interface Status {
  readonly repositories: readonly { readonly index: { readonly complete: boolean } }[]
}

interface WorldInit {
  readonly published: PublishedTree
  /** A folder of its own; the caller removes it. */
  readonly work: string
  /** How clients reach the node; undefined in a world without one. */
  readonly scheme: Scheme | undefined
  readonly place: Place
}

/** Everything around one build: an origin, a node behind taps, and peers. */
export class World {
  readonly published: PublishedTree
  readonly origin: FaultyOrigin
  readonly http: Tap
  readonly https: Tap
  readonly #init: WorldInit
  readonly #endings: (() => Promise<void> | void)[] = []
  #node: Running | undefined

  private constructor(init: WorldInit, parts: readonly [FaultyOrigin, Tap, Tap]) {
    this.#init = init
    this.published = init.published
    ;[this.origin, this.http, this.https] = parts
  }

  static async create(init: WorldInit): Promise<World> {
    return new World(init, [
      await FaultyOrigin.start(init.published.tree),
      await Tap.start(),
      await Tap.start(),
    ])
  }

  get hasNode(): boolean {
    return this.#init.scheme !== undefined
  }

  get data(): string {
    return join(this.#init.work, 'data')
  }

  /** Start the node, and wait until it serves. */
  async startNode(): Promise<void> {
    if (!this.hasNode || this.#node !== undefined) return
    this.#node = await startJarswarm(
      [
        'start',
        ...['--data', this.data, '--join', this.published.linkTo(this.origin.url)],
        ...['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns'],
        // Clients reach it through the taps, by their ports.
        ...['--allow-host', '127.0.0.1', '--log-level', 'debug'],
        ...(this.#init.scheme === 'https' ? ['--https', '127.0.0.1:0'] : []),
      ],
      this.#init.place,
    )
    const { http, https } = this.#node.ready
    this.http.pointTo(portOf(http))
    this.https.pointTo(portOf(https))
    await Promise.all([this.http.open(), this.https.open()])
  }

  /** Stop the node; its ports refuse connections. */
  async stopNode(): Promise<void> {
    await Promise.all([this.http.close(), this.https.close()])
    await this.#node?.stop()
    this.#node = undefined
  }

  /** Wait until the node has the whole index. */
  async indexComplete(): Promise<void> {
    const node = this.#node
    if (node === undefined) return
    await waitFor('the whole index', async () => {
      const status = (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as Status
      return status.repositories[0]?.index.complete === true ? true : undefined
    })
  }

  /** Connect a peer that claims to hold everything. */
  async addPeer(manner: Manner): Promise<WirePeer | undefined> {
    if (this.#node === undefined) return undefined
    const endings = this.#endings
    const peer = await startWirePeer(
      { after: (ending) => void endings.push(ending) },
      { repository: this.published.id, manner, blobs: this.published.artifacts() },
    )
    await peer.connect(this.#node.ready.listen[0] ?? '')
    return peer
  }

  /** Longest silence of the node before an answer, in seconds. */
  longestWaitSeconds(): number {
    return Math.max(this.http.longestWaitMs, this.https.longestWaitMs) / 1_000
  }

  /** What the node wrote to its log. */
  log(): string {
    return this.#node?.errors() ?? ''
  }

  async stop(): Promise<void> {
    for (const ending of this.#endings) await ending()
    await this.stopNode()
    await this.origin.close()
  }
}

const portOf = (url: string | null | undefined): number =>
  url === null || url === undefined ? 0 : Number(new URL(url).port)
