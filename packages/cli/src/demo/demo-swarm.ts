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

  /** The first node mirrors everything, the others hold what they are asked for. */
  startNodes(): Promise<readonly RunningCommand[]> {
    const numbers = Array.from({ length: NODE_COUNT }, (_, index) => index + 1)
    return Promise.all(
      numbers.map((number) =>
        this.#start([
          'start',
          ...['--data', join(this.#dir, `node-${String(number)}`)],
          ...['--join', this.#link, '--no-mdns', '--share', 'all'],
          ...['--mirror', number === 1 ? 'all' : 'none'],
          ...ANY_HTTP,
          ...LOOPBACK,
        ]),
      ),
    )
  }

  /** End all processes that still run. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.map((command) => command.stop()))
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
