import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { freePort } from '../_free-port.ts'
import type { Host } from '../_namespaces.ts'
import { waitFor } from '../_wait-for.ts'
import { torrentOf } from './_torrent.ts'
import { startTracker } from './_tracker.ts'
import type { Tracker } from './_tracker.ts'

const PROGRAM = '/usr/bin/aria2c'

/** Whether aria2 is installed, and the Debian package it comes in. */
export const missingAria2: string | undefined = existsSync(PROGRAM)
  ? undefined
  : 'aria2 is not installed (apt-get install aria2)'

/** Nothing but the tracker tells about peers. */
const ALONE = [
  ...['--no-conf', '--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false'],
  ...['--enable-peer-exchange=false', '--disable-ipv6', '--file-allocation=none'],
  ...['--console-log-level=error', '--summary-interval=0', '--show-console-readout=false'],
]
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

export interface Aria2Init {
  readonly torrent: string
  readonly directory: string
  readonly port: number
  /** @defaultValue the loopback of this process's namespace */
  readonly host?: Host
  readonly extra: readonly string[]
}

/** Run aria2 over one torrent. */
export function spawnAria2({ torrent, directory, port, host, extra }: Aria2Init): ChildProcess {
  const enter = host === undefined ? [] : ['ip', 'netns', 'exec', host.namespace]
  const at = ['--interface', host?.address ?? '127.0.0.1', `--listen-port=${String(port)}`]
  const words = [...enter, PROGRAM, ...ALONE, ...at, ...extra, `--dir=${directory}`, torrent]
  return spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** One file that aria2 gives by BitTorrent, its only seed, and the tracker that names it. */
export class Aria2Seed {
  readonly #torrent: string
  readonly #tracker: Tracker
  readonly #seed: ChildProcess

  private constructor(torrent: string, tracker: Tracker, seed: ChildProcess) {
    this.#torrent = torrent
    this.#tracker = tracker
    this.#seed = seed
  }

  /** @param work directory for the torrent */
  static async start(file: string, work: string): Promise<Aria2Seed> {
    const tracker = await startTracker()
    const folder = dirname(file)
    const [directory, name] = [dirname(folder), basename(folder)]
    const torrent = join(work, `${basename(file)}.torrent`)
    const { announce } = tracker
    writeFileSync(
      torrent,
      torrentOf({ directory, folder: name, paths: [basename(file)], announce }),
    )
    const extra = ['--seed-ratio=0', '--bt-seed-unverified=true']
    const seed = spawnAria2({ torrent, directory, port: await freePort(), extra })
    seed.stdout?.resume()
    await waitFor('the seed', () => tracker.peers() > 0 || undefined)
    return new Aria2Seed(torrent, tracker, seed)
  }

  /**
   * Download the file by a process of its own, into a folder that is named as the one that it stands in.
   *
   * @returns bytes a second, as it says itself, so that its start does not count
   */
  async download(directory: string): Promise<number> {
    const port = await freePort()
    const torrent = this.#torrent
    const child = spawnAria2({ torrent, directory, port, extra: ['--seed-time=0'] })
    if (child.stdout === null) throw new Error('Cannot measure: aria2c has no standard output')
    const [said] = await Promise.all([text(child.stdout), once(child, 'close')])
    const [, rate, unit = ''] = /\|OK *\| *([\d.]+)([KMG]?i?B)\/s\|/.exec(said) ?? []
    const factor = BYTES[unit]
    if (child.exitCode !== 0 || factor === undefined)
      throw new Error(`Cannot measure: aria2c ended with ${String(child.exitCode)}:\n${said}`)
    return Number(rate) * factor
  }

  async stop(): Promise<void> {
    const gone = once(this.#seed, 'exit')
    this.#seed.kill()
    await gone
    this.#tracker.stop()
  }
}
