import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ControlClient, ControlError } from '@jarswarm/node'
import { initRepository, publishTree } from '@jarswarm/publisher'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import type { HostNetwork, Host } from '../_namespaces.ts'
import { cpuSeconds } from '../_process-figures.ts'
import { waitFor } from '../_wait-for.ts'
import { addVersion, jarOf } from '../swarm/_tiny-repository.ts'
import { startNginx } from './_nginx.ts'
import { note } from './_progress.ts'
import type { Nginx } from './_nginx.ts'

const NAME = 'bench'
/** So many neighbours a node has before anything is published, or all when there are fewer. */
const NEIGHBOURS = 8
const LOOK_MS = 500
/** A node that looked for a newer head does not look again so soon. */
const LOOK_AGAIN_MS = 11_000
const MILLISECONDS_A_NODE = 60_000

/** An origin behind a narrow line, as nginx on a host of its own, and full mirrors on others that have nothing yet. */
export class FanOutSwarm {
  readonly #network: HostNetwork
  readonly #origin: Host
  readonly #work: string
  readonly #nodes: { readonly running: Running; readonly control: ControlClient }[] = []
  #nginx: Nginx | undefined

  constructor(network: HostNetwork, work: string) {
    const [origin] = network.hosts
    if (origin === undefined) throw new RangeError('Cannot serve from a network without hosts')
    this.#network = network
    this.#origin = origin
    this.#work = work
  }

  get tree(): string {
    return join(this.#work, 'tree')
  }

  /** Base URL of the origin, for whoever is on one of the hosts. */
  get url(): string {
    return String(this.#nginx?.url)
  }

  /** Publish a repository of one version, and start the nodes that mirror it. */
  async start(test: Pick<TestContext, 'after'>): Promise<void> {
    mkdirSync(this.tree, { recursive: true })
    this.#nginx = await startNginx(this.tree, join(this.#work, 'nginx'), { host: this.#origin })
    test.after(() => this.#nginx?.stop())
    addVersion(this.tree, '1')
    const stateDir = this.#state
    const { link } = await initRepository({ stateDir, name: NAME, origin: this.url })
    await publishTree({ stateDir, treeDir: this.tree })
    const [first, ...others] = this.#network.hosts.slice(1)
    if (first === undefined) return
    const { ready } = await this.#startNode(test, first, ['--join', link])
    const told = ['--join', link, '--bootstrap', String(ready.listen[0])]
    for (const host of others) await this.#startNode(test, host, told)
    await this.#until('the first version on all nodes', (blobs) => blobs === 2)
    const neighbours = Math.min(NEIGHBOURS, this.#nodes.length - 1)
    await this.#each('neighbours', async ({ control }) => {
      const { peers } = await control.status()
      return peers.connected >= neighbours
    })
  }

  /** Publish what the tree holds now; nobody is told yet, and all would look again. */
  async publish(): Promise<void> {
    await publishTree({ stateDir: this.#state, treeDir: this.tree })
    await delay(LOOK_AGAIN_MS)
  }

  /**
   * One node sees that there is something newer, and all fetch it, until each holds so many blobs.
   *
   * @returns milliseconds
   */
  async spread(blobs: number): Promise<number> {
    for (;;) {
      const beganMs = performance.now()
      if (await this.#looks()) {
        await this.#until(`${String(blobs)} blobs on all nodes`, (held) => held >= blobs)
        return performance.now() - beganMs
      }
      // A peer had just told it that nothing is newer.
      await delay(LOOK_AGAIN_MS)
    }
  }

  /** Processor time of all nodes since their start. */
  cpuSeconds(): number {
    return this.#nodes.reduce((sum, { running }) => sum + cpuSeconds(running.process.pid ?? 0), 0)
  }

  /** Ask the first node for what its index does not name: a reason to ask the origin for a newer one. */
  async #looks(): Promise<boolean> {
    try {
      await this.#nodes[0]?.control.get(`${NAME}/${jarOf('2')}`)
      return true
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      if (error.code === 'ERR_NOT_FOUND') return false
      // On a busy machine it looks for longer than somebody waits, and goes on behind the answer.
      if (error.code === 'ERR_UNAVAILABLE') return true
      throw error
    }
  }

  get #state(): string {
    return join(this.#work, 'state')
  }

  async #startNode(
    test: Pick<TestContext, 'after'>,
    host: Host,
    told: readonly string[],
  ): Promise<Running> {
    const data = join(this.#work, host.namespace)
    const listen = ['--listen', `/ip4/${host.address}/tcp/4870`, '--http', '127.0.0.1:0']
    const running = await startJarswarm(
      ['start', '--data', data, '--mirror', 'all', '--no-mdns', ...told, ...listen],
      { namespace: host.namespace, built: true },
    )
    test.after(() => running.stop())
    note(`node ${String(this.#nodes.length + 1)} runs`)
    this.#nodes.push({ running, control: new ControlClient(data) })
    return running
  }

  #until(what: string, isEnough: (blobs: number) => boolean): Promise<void> {
    return this.#each(what, async ({ control }) => isEnough((await control.status()).store.blobs))
  }

  /** Wait until something is true of each node; those of which it is are not asked again. */
  async #each(
    what: string,
    isTrue: (node: { readonly control: ControlClient }) => Promise<boolean>,
  ): Promise<void> {
    const left = new Set(this.#nodes)
    let lookedMs = 0
    await waitFor(
      what,
      async () => {
        if (performance.now() - lookedMs < LOOK_MS) return undefined
        const before = left.size
        for (const node of left) if (await isTrue(node)) left.delete(node)
        if (left.size < before) note(`${what}: ${String(left.size)} nodes are not there yet`)
        lookedMs = performance.now()
        return left.size === 0 || undefined
      },
      MILLISECONDS_A_NODE * this.#nodes.length,
    )
  }
}
