import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Host } from '../_namespaces.ts'
import { waitFor } from '../_wait-for.ts'
import { spawnAria2 } from './_aria2.ts'
import { note } from './_progress.ts'
import { torrentOf } from './_torrent.ts'

const TRACKER = fileURLToPath(new URL('_tracker-process.ts', import.meta.url))
const PORT = 6_881
const BOUND_MS = 1_200_000

export interface FanOutTorrentInit {
  readonly work: string
  /** What the web server of the origin serves. */
  readonly tree: string
  /** Its URL, with a trailing slash. */
  readonly url: string
  readonly folder: string
  /** Paths in the folder. */
  readonly paths: readonly string[]
}

/** Many clients that want the same files by BitTorrent, with the origin as the only one that has them: as a web seed. */
export class FanOutTorrent {
  readonly #init: FanOutTorrentInit
  readonly #hosts: readonly Host[]
  readonly #torrent: string

  private constructor(init: FanOutTorrentInit, hosts: readonly Host[], torrent: string) {
    this.#init = init
    this.#hosts = hosts
    this.#torrent = torrent
  }

  /** Make the torrent, and start a tracker on the first of the hosts. */
  static async create(
    test: Pick<TestContext, 'after'>,
    hosts: readonly Host[],
    init: FanOutTorrentInit,
  ): Promise<FanOutTorrent> {
    const [first] = hosts
    if (first === undefined) throw new RangeError('Cannot download without a host')
    const program = [process.execPath, '--conditions=source', TRACKER, first.address]
    const tracker = spawn('ip', ['netns', 'exec', first.namespace, ...program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    test.after(() => tracker.kill())
    const [announce] = (await once(createInterface(tracker.stdout), 'line')) as [string]
    const { work, tree, url, folder, paths } = init
    const torrent = join(work, 'fan-out.torrent')
    const made = torrentOf({ directory: tree, folder, paths, announce, webSeed: url })
    writeFileSync(torrent, made)
    return new FanOutTorrent(init, hosts, torrent)
  }

  /** Let all of them download all, and give to one another until the last one has it. */
  async run(): Promise<void> {
    const { work } = this.#init
    const clients = this.#hosts.map((host, at) => {
      const directory = join(work, `aria2-${String(at)}`)
      mkdirSync(directory)
      const done = join(directory, 'done')
      const hook = join(directory, 'hook')
      writeFileSync(hook, `#!/bin/sh\n: > ${done}\n`)
      chmodSync(hook, 0o755)
      // The seed never ends: who has all gives to the others.
      const extra = ['--seed-ratio=0', `--on-bt-download-complete=${hook}`]
      const child = spawnAria2({ torrent: this.#torrent, directory, port: PORT, host, extra })
      child.stdout?.resume()
      return { directory, done, child, gone: once(child, 'exit') }
    })
    let left = clients
    await waitFor(
      'all files on all clients of aria2',
      () => {
        const failed = left.find(({ child }) => child.exitCode !== null)
        if (failed !== undefined) throw new Error('Cannot go on: aria2c ended')
        const before = left.length
        left = left.filter(({ done }) => !existsSync(done))
        if (left.length < before) note(`aria2: ${String(left.length)} clients are not there yet`)
        return left.length === 0 || undefined
      },
      BOUND_MS,
    )
    for (const { child } of clients) child.kill()
    await Promise.all(clients.map(({ gone }) => gone))
  }

  /** Throws when what a client has differs from the tree; and makes room. */
  check(): void {
    const { work, tree, folder } = this.#init
    for (const at of this.#hosts.keys()) {
      const directory = join(work, `aria2-${String(at)}`)
      const { status, stdout } = spawnSync('diff', [
        '-r',
        '-q',
        join(tree, folder),
        join(directory, folder),
      ])
      if (status !== 0) throw new Error(`Cannot measure: ${String(stdout).slice(0, 500)}`)
      rmSync(directory, { recursive: true })
    }
  }
}
