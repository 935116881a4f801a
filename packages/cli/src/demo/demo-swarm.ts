import { join } from 'node:path'
import { parseLink, formatLink } from '@jarswarm/trust'
import { runCommand, startCommand } from './child-process.ts'
import type { RunningCommand } from './child-process.ts'

export const REPOSITORY_NAME = 'demo'
const NODE_COUNT = 3

/** Any free port of this machine, for peers on this machine only. */
const LOOPBACK = ['--listen', '/ip4/127.0.0.1/tcp/0']
const ANY_HTTP = ['--http', '127.0.0.1:0']

/** What `repo publish` says of its work, as far as the demo tells it. */
export interface Published {
  readonly files: number
  readonly bytes: number
}

interface NodeRole {
  readonly link: string
  readonly mirror: 'all' | 'none'
}

/** The processes of the demo. Whoever made it stops it. */
export class DemoSwarm {
  readonly #dir: string
  readonly #signal: AbortSignal
  readonly #running: RunningCommand[] = []
  #link = ''

  /** @param dir directory of the demo alone, with the tree in `tree` */
  constructor(dir: string, signal: AbortSignal) {
    this.#dir = dir
    this.#signal = signal
  }

  /** Directory of the Maven repository that the primary serves. */
  get treeDir(): string {
    return join(this.#dir, 'tree')
  }

  /** Swarm link that names the primary and the bootstrap as peers. */
  get link(): string {
    return this.#link
  }

  async publish(): Promise<Published> {
    await runCommand(['repo', 'init', ...this.#state(), '--name', REPOSITORY_NAME], this.#signal)
    const args = ['repo', 'publish', ...this.#state(), '--tree', this.treeDir]
    return (await runCommand(args, this.#signal)) as Published
  }

  async startPrimary(): Promise<RunningCommand> {
    const places = [...this.#state(), '--tree', this.treeDir]
    const primary = await this.#start(['repo', 'serve', ...places, ...ANY_HTTP, ...LOOPBACK])
    this.#link = primary.ready.link ?? ''
    return primary
  }

  async startBootstrap(): Promise<RunningCommand> {
    const data = ['--data', join(this.#dir, 'bootstrap')]
    const bootstrap = await this.#start([
      'bootstrap',
      ...data,
      ...['--join', this.#link, '--no-mdns'],
      ...LOOPBACK,
    ])
    const link = parseLink(this.#link)
    this.#link = formatLink({ ...link, peers: [...bootstrap.ready.listen, ...link.peers] })
    return bootstrap
  }

  /** The first node mirrors everything. Its own link, as one hands it to a colleague, brings in the others. */
  async startNodes(): Promise<readonly RunningCommand[]> {
    const first = await this.#startNode(1, { link: this.#link, mirror: 'all' })
    const others = Array.from({ length: NODE_COUNT - 1 }, (_, index) =>
      this.#startNode(index + 2, { link: first.ready.link ?? '', mirror: 'none' }),
    )
    return [first, ...(await Promise.all(others))]
  }

  /** End all processes that still run. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.map((command) => command.stop()))
  }

  #startNode(number: number, node: NodeRole): Promise<RunningCommand> {
    return this.#start([
      'start',
      ...['--data', join(this.#dir, `node-${String(number)}`)],
      ...['--join', node.link, '--mirror', node.mirror],
      ...['--no-mdns', '--share', 'all'],
      ...ANY_HTTP,
      ...LOOPBACK,
    ])
  }

  async #start(args: readonly string[]): Promise<RunningCommand> {
    const command = await startCommand(args, this.#signal)
    this.#running.push(command)
    return command
  }

  #state(): readonly string[] {
    return ['--state', join(this.#dir, 'state')]
  }
}
