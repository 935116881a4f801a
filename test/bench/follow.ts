import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { countedLink } from '../swarm/_counted-link.ts'
import type { CountedLink } from '../swarm/_counted-link.ts'
import { waitFor } from '../_wait-for.ts'
import { median } from '../_percentile.ts'
import { timed } from './_measure.ts'
import { needAll } from './_missing.ts'
import { note } from './_progress.ts'
import type { Bench, Row } from './_row.ts'
import { missingRsync, rsync } from './_rsync.ts'
import { ShapedPrimary } from './_shaped-primary.ts'
import { BUILT, isSynced, LOOPBACK, REPOSITORY } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'

const FILES = 20_000
const ROUNDS = 5
const KIBIBYTE = 1024
const BOUND_MS = 600_000
/** A head that was confirmed so long ago is looked for anew. */
const CONFIRMED_MS = 11_000
/** Without a byte for so long nothing more is on its way. */
const QUIET_MS = 1_000
const FILES_ALONE = ['--exclude', '/.jarswarm']

interface Moved {
  readonly ms: number
  readonly bytes: number
}

/** A node that follows a primary, and what it moves. */
class Follower {
  readonly #primary: ShapedPrimary
  readonly #link: CountedLink
  readonly #directory: string
  #seq = 1

  constructor(primary: ShapedPrimary, link: CountedLink, directory: string) {
    this.#primary = primary
    this.#link = link
    this.#directory = directory
  }

  async start(): Promise<{ readonly node: Running; readonly moved: Moved }> {
    let node: Running | undefined
    const moved = await this.#moved(async () => {
      const follow = ['--data', this.#directory, '--join', this.#link.link, '--no-mdns']
      node = await startJarswarm(['start', ...follow, ...LOOPBACK], BUILT)
      await this.#synced(node)
    })
    if (node === undefined) throw new Error('Cannot go on: no node')
    return { node, moved }
  }

  /** What it costs to hear that nothing is new: who asks for a file that is not there makes it ask. */
  async unchanged(node: Running): Promise<Moved> {
    await delay(CONFIRMED_MS)
    return await this.#moved(async () => {
      const { status } = await fetch(
        `${String(node.ready.http)}/${REPOSITORY}/no/such/1/such-1.jar`,
      )
      if (status !== 404) throw new Error(`Cannot go on: found ${String(status)}, wanted 404`)
    })
  }

  /** From the end of a publish of one version until the node answers by it. */
  async deploy(node: Running): Promise<Moved> {
    const changes = this.#primary.deploy()
    this.#seq += 1
    const before = this.#link.bytes()
    await this.#primary.publish('--changes', changes)
    const ms = await timed(() => this.#synced(node))
    await this.#quiet()
    return { ms, bytes: this.#link.bytes() - before }
  }

  async #synced(node: Running): Promise<void> {
    await waitFor('the index', () => isSynced(node, this.#seq), BOUND_MS)
  }

  async #moved(work: () => Promise<void>): Promise<Moved> {
    const before = this.#link.bytes()
    const ms = await timed(work)
    await this.#quiet()
    return { ms, bytes: this.#link.bytes() - before }
  }

  async #quiet(): Promise<void> {
    for (let seen = -1; seen !== this.#link.bytes();) {
      seen = this.#link.bytes()
      await delay(QUIET_MS)
    }
  }
}

async function measure(work: string, files: number): Promise<readonly Row[]> {
  const primary = await ShapedPrimary.create(work, files)
  await primary.publish()
  note(`${primary.what} are published`)
  const origin = await primary.serve()
  const ends: (() => void)[] = []
  const link = await countedLink({ after: (end) => ends.push(end) }, origin)
  const follower = new Follower(primary, link, join(work, 'node'))
  const { node, moved: first } = await follower.start()
  note(`the first index took ${(first.ms / 1_000).toFixed(1)} s`)
  try {
    const copy = join(work, 'copy')
    mkdirSync(copy)
    const names = await rsync(primary.tree, copy, [...FILES_ALONE, '--dry-run'])
    await rsync(primary.tree, copy, FILES_ALONE)
    const nothing = await rsync(primary.tree, copy, FILES_ALONE)
    const unchanged = [await follower.unchanged(node), await follower.unchanged(node)]
    const deploys: Moved[] = []
    const rsyncs: Moved[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const deployed = await follower.deploy(node)
      note(`a deploy was in use after ${deployed.ms.toFixed(0)} ms`)
      deploys.push(deployed)
      const { ms, wireBytes } = await rsync(primary.tree, copy, FILES_ALONE)
      rsyncs.push({ ms, bytes: wireBytes })
    }
    const middle = (all: readonly Moved[], of: keyof Moved): number =>
      median(all.map((moved) => moved[of]))
    const row = (
      what: string,
      [value, unit]: readonly [number, string],
      [beside, target]: readonly [NonNullable<Row['beside']>, string],
    ): Row => ({ bench: 'follow', what: `${what}, ${primary.what}`, value, unit, beside, target })
    const count = primary.shape.files
    return [
      row(
        'first index, from the start of the process',
        [first.ms / 1_000, 's'],
        [{ what: 'rsync --dry-run into nothing', value: names.ms / 1_000 }, 'at most 30 s'],
      ),
      row(
        'first index, on the wire, each file',
        [first.bytes / count, 'B'],
        [{ what: 'rsync --dry-run into nothing', value: names.wireBytes / count }, 'at most 90 B'],
      ),
      row(
        'one look with nothing new',
        [middle(unchanged, 'bytes') / KIBIBYTE, 'KiB'],
        [
          { what: 'rsync with nothing to do', value: nothing.wireBytes / KIBIBYTE },
          'at most 1 KiB',
        ],
      ),
      row(
        'one deploy',
        [middle(deploys, 'bytes') / KIBIBYTE, 'KiB'],
        [
          { what: 'rsync of the same, with its files', value: middle(rsyncs, 'bytes') / KIBIBYTE },
          'at most 32 KiB',
        ],
      ),
      row(
        'one deploy, from published to in use',
        [middle(deploys, 'ms'), 'ms'],
        [{ what: 'rsync of the same', value: middle(rsyncs, 'ms') }, 'at most 1 000 ms'],
      ),
    ]
  } finally {
    for (const end of ends) end()
    await Promise.all([node.stop(), origin.stop()])
  }
}

export const follow: Bench = {
  name: 'follow',
  about: 'a node that keeps the whole index: first, unchanged, after a deploy',
  run: async ({ files = FILES }) => {
    needAll(missingRsync)
    return await withTemporary((work) => measure(work, files))
  },
}
