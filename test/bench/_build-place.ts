import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { countBlobs } from '../_count-blobs.ts'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { startFarOrigin } from './_far-origin.ts'
import type { FarOrigin } from './_far-origin.ts'
import { startNginx } from './_nginx.ts'
import type { Nginx } from './_nginx.ts'
import { makeProjectTree } from './_project.ts'
import { note, reach } from './_progress.ts'
import { BUILT, LOOPBACK, REPOSITORY, statusOf } from './_swarm.ts'

/** A place that a build downloads from. */
export interface Source {
  readonly url: string
  close(): Promise<void>
}

/** A real project's repository, and everything that builds of it may download from. */
export class BuildPlace {
  readonly work: string
  /** `group:artifact:version` of what the project depends on. */
  readonly dependency: string
  readonly origin: FarOrigin
  readonly #link: string
  /** A node that has the whole repository. */
  readonly #holder: Running
  readonly #nginx: Nginx

  private constructor(
    work: string,
    repository: { readonly dependency: string; readonly origin: FarOrigin; readonly link: string },
    servers: { readonly holder: Running; readonly nginx: Nginx },
  ) {
    this.work = work
    this.dependency = repository.dependency
    this.origin = repository.origin
    this.#link = repository.link
    this.#holder = servers.holder
    this.#nginx = servers.nginx
  }

  /** Publish the repository, keep a node that only has its index, and start one that has everything. */
  static async create(work: string): Promise<BuildPlace> {
    const tree = join(work, 'tree')
    const { what, dependency } = makeProjectTree(tree)
    note(what)
    const origin = await startFarOrigin(tree)
    const state = join(work, 'state')
    const made = await runJson([
      ...['repo', 'init', '--state', state, '--name', REPOSITORY],
      ...['--origin', origin.url],
    ])
    await runJson(['repo', 'publish', '--state', state, '--tree', tree])
    const link = String(made['link'])
    const indexed = await startNode(link, join(work, 'indexed'), [])
    await waitFor('the whole index', async () => {
      return (await statusOf(indexed)).repositories[0]?.index.complete || undefined
    })
    await indexed.stop()
    const holder = await startNode(link, join(work, 'holder'), ['--mirror', 'all'])
    const held = async (): Promise<number> => (await statusOf(holder)).store.blobs
    await reach('blobs on the holder', countBlobs(tree), held)
    const nginx = await startNginx(tree, join(work, 'nginx'))
    return new BuildPlace(work, { dependency, origin, link }, { holder, nginx })
  }

  /** Straight from the origin. */
  direct(): Source {
    return keptOpen(this.origin.url)
  }

  nginx(): Source {
    return keptOpen(this.#nginx.url)
  }

  /** From the node that has everything. */
  holder(): Source {
    return keptOpen(`${String(this.#holder.ready.http)}/${REPOSITORY}/`)
  }

  /** A node with the index and no file: a copy of one that was made so. With a peer, it knows the one that has everything. */
  async coldNode(options: { readonly peer: boolean }): Promise<Source> {
    const data = join(this.work, 'cold')
    rmSync(data, { recursive: true, force: true })
    cpSync(join(this.work, 'indexed'), data, { recursive: true })
    const known = options.peer ? ['--bootstrap', this.#holder.ready.listen[0] ?? ''] : []
    const node = await startNode(this.#link, data, known)
    if (options.peer)
      await waitFor('the peer', async () => (await statusOf(node)).peers.connected > 0 || undefined)
    return { url: `${String(node.ready.http)}/${REPOSITORY}/`, close: () => node.stop() }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#holder.stop(), this.#nginx.stop()])
    await this.origin.stop()
  }
}

const keptOpen = (url: string): Source => ({ url, close: () => Promise.resolve() })

function startNode(link: string, data: string, extra: readonly string[]): Promise<Running> {
  const args = ['start', '--data', data, '--join', link, '--no-mdns', ...LOOPBACK, ...extra]
  return startJarswarm(args, BUILT)
}
