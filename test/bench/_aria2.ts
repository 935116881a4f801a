import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { freePort } from '../_free-port.ts'
import { waitFor } from '../_wait-for.ts'
import { bencode, torrentOf } from './_torrent.ts'

const PROGRAM = '/usr/bin/aria2c'

/** Whether aria2 is installed, and the Debian package it comes in. */
export const missingAria2: string | undefined = existsSync(PROGRAM)
  ? undefined
  : 'aria2 is not installed (apt-get install aria2)'

/** Nothing but the tracker tells about peers, and nothing leaves the loopback. */
const ALONE = [
  ...['--no-conf', '--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false'],
  ...['--enable-peer-exchange=false', '--disable-ipv6', '--interface=127.0.0.1'],
  ...['--file-allocation=none', '--console-log-level=warn', '--summary-interval=0'],
  // It is said how fast it was; else only that while it goes on.
  ...['--download-result=default', '--show-console-readout=false'],
]
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** One file that aria2 gives by BitTorrent, its only seed, and the tracker that names it. */
export class Aria2Seed {
  readonly #torrent: string
  readonly #tracker: Server
  readonly #seed: ChildProcess

  private constructor(torrent: string, tracker: Server, seed: ChildProcess) {
    this.#torrent = torrent
    this.#tracker = tracker
    this.#seed = seed
  }

  /** @param work directory for the torrent */
  static async start(file: string, work: string): Promise<Aria2Seed> {
    const port = await freePort()
    let announced = false
    const tracker = createServer((request, response) => {
      announced ||= request.url?.includes('left=0') === true
      // Compact, as in BEP 23: the address and port of the seed.
      const peers = Uint8Array.from([127, 0, 0, 1, port >> 8, port & 0xff])
      response.end(bencode({ interval: 1_800, peers }))
    })
    tracker.listen(0, '127.0.0.1')
    await once(tracker, 'listening')
    const announce = `http://127.0.0.1:${String((tracker.address() as AddressInfo).port)}/announce`
    const torrent = join(work, `${basename(file)}.torrent`)
    writeFileSync(torrent, torrentOf(readFileSync(file), { name: basename(file), announce }))
    const forever = ['--seed-ratio=0', '--bt-seed-unverified=true']
    const listen = `--listen-port=${String(port)}`
    const args = [...ALONE, ...forever, listen, `--dir=${dirname(file)}`, torrent]
    const seed = spawn(PROGRAM, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    await waitFor('the seed', () => announced || undefined)
    return new Aria2Seed(torrent, tracker, seed)
  }

  /**
   * Download the file by a process of its own.
   *
   * @returns bytes a second, as it says itself, so that its start does not count
   */
  async download(into: string): Promise<number> {
    const listen = `--listen-port=${String(await freePort())}`
    const args = [...ALONE, '--seed-time=0', listen, `--dir=${into}`, this.#torrent]
    const child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'inherit'] })
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
    this.#tracker.closeAllConnections()
    this.#tracker.close()
  }
}
