import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHead } from '@jarswarm/manifest'
import { initRepository, publishTree } from '@jarswarm/publisher'
import { parseManifest } from '@jarswarm/trust'
import { freePort } from '../_free-port.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { deploy } from './_deployed.ts'
import { KilledCommand } from './_killed-command.ts'
import { KilledNode } from './_killed-node.ts'
import { placesOn } from './_places.ts'
import type { Places } from './_places.ts'
import { PublisherProcess } from './_publisher-process.ts'
import { ViolationError } from './_violation-error.ts'

const SMALL_QUOTA = '1M'

export interface KillSwarmInit {
  /** Nodes that may keep 1 MiB only. */
  readonly smallNodes: number
  /** Releases that are there when the work begins. Some 200 are more than a small node may keep. */
  readonly versions: number
}

/** A repository server, a full mirror, and nodes that may keep a part only, each a process; and one that publishes. */
export class KillSwarm {
  readonly primary: KilledCommand
  readonly publisher: PublisherProcess
  readonly mirror: KilledNode
  readonly small: readonly KilledNode[]
  readonly places: Pick<Places, 'state' | 'tree'>
  readonly #origin: string

  private constructor(
    parts: Pick<KillSwarm, 'primary' | 'publisher' | 'mirror' | 'small' | 'places'>,
    origin: string,
  ) {
    this.primary = parts.primary
    this.publisher = parts.publisher
    this.mirror = parts.mirror
    this.small = parts.small
    this.places = parts.places
    this.#origin = origin
  }

  /** Publish, and start the server. Nobody else runs yet. */
  static async create(test: Ending, { smallNodes, versions }: KillSwarmInit): Promise<KillSwarm> {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-kill-'))
    const ends: (() => unknown)[] = []
    test.after(async () => {
      for (const end of ends.reverse()) await end()
      rmSync(work, { recursive: true, force: true })
    })
    const places = placesOn(work)
    const { state, tree } = places
    mkdirSync(tree)
    for (let version = 1; version <= versions; version += 1) await deploy(tree, version)
    const http = `127.0.0.1:${String(await freePort())}`
    const origin = `http://${http}/`
    const { id } = await initRepository({ stateDir: state, name: 'sample', origin })
    await publishTree({ stateDir: state, treeDir: tree })
    // Compiled once, sources are loaded in half the time.
    const env = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(work, 'compiled') }
    // Both addresses stay: the link names them.
    const listen = ['--listen', `/ip4/127.0.0.1/tcp/${String(await freePort())}`]
    const where = ['--state', state, '--tree', tree, '--http', http, ...listen]
    const primary = new KilledCommand(['repo', 'serve', ...where], env)
    ends.push(() => primary.end())
    primary.start()
    const { link } = await primary.untilReady()
    const add = (name: string, ...args: readonly string[]): KilledNode => {
      const own = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
      const init = { work, name, env, repository: id }
      const node = new KilledNode({ ...init, args: ['--join', String(link), ...own, ...args] })
      ends.push(() => node.end())
      return node
    }
    const publisher = new PublisherProcess({
      places,
      versions,
      env: { ...env, NODE_OPTIONS: '--conditions=source' },
    })
    ends.push(() => publisher.kill())
    const mirror = add('mirror', '--mirror', 'all')
    const small = Array.from({ length: smallNodes }, (_, at) =>
      add(`small-${String(at + 1)}`, '--quota', SMALL_QUOTA),
    )
    return new KillSwarm({ primary, publisher, mirror, small, places }, origin)
  }

  get nodes(): readonly KilledNode[] {
    return [this.mirror, ...this.small]
  }

  /** Have each program end in peace once: only then it keeps what it compiled. */
  async warmUp(): Promise<void> {
    const { primary, publisher, mirror } = this
    mirror.start()
    publisher.start()
    await publisher.publish()
    await Promise.all([mirror.command.untilReady(), publisher.idle()])
    await Promise.all([mirror.kill('SIGTERM'), publisher.end(), primary.kill('SIGTERM')])
    primary.start()
    await primary.untilReady()
  }

  /** What the server that just started gives. @throws {ViolationError} when that is older than what was published before */
  async judgePrimary(published: number): Promise<void> {
    const answer = await fetch(`${this.#origin}.jarswarm/manifest`)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const { seq } = parseHead(parseManifest(bytes).head)
    if (seq >= published) return
    throw new ViolationError(
      'rollback',
      `the server has head ${String(seq)}, ${String(published)} was published`,
    )
  }
}
