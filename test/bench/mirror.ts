import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cpuSeconds, readBytes } from '../_process-figures.ts'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { timed } from './_measure.ts'
import { needAll } from './_missing.ts'
import { note, reach } from './_progress.ts'
import type { Bench, Row } from './_row.ts'
import { missingRsync, rsync } from './_rsync.ts'
import { ShapedPrimary } from './_shaped-primary.ts'
import { BUILT, LOOPBACK, statusOf } from './_swarm.ts'
import { withTemporary } from './_temporary.ts'

const FILES = 20_000
const PEERS = 4
const MEBIBYTE = 1024 * 1024

async function blobsOf(node: Running): Promise<number> {
  return (await statusOf(node)).store.blobs
}

/** Wait until a node holds so many blobs. */
async function holds(node: Running, blobs: number): Promise<void> {
  await reach('blobs', blobs, () => blobsOf(node))
}

/** Full mirrors of one repository whose primary is gone, and the link by which others find them. */
class Mirrors {
  readonly #work: string
  readonly #link: string
  readonly #running: Running[] = []

  private constructor(work: string, link: string) {
    this.#work = work
    this.#link = link
  }

  /**
   * Fill one from the primary, and copy it; the copies share its files, and have names of their own.
   *
   * @returns them, and how long the first took
   */
  static async fill(work: string, primary: ShapedPrimary): Promise<[Mirrors, number]> {
    const origin = await primary.serve()
    const mirrors = new Mirrors(work, String(origin.ready.link))
    const ms = await timed(async () => {
      await holds(await mirrors.start('peer-0'), primary.shape.files)
    })
    await mirrors.stop()
    await origin.stop('SIGKILL')
    for (let n = 1; n < PEERS; n += 1) mirrors.#copy(`peer-${String(n)}`)
    for (let n = 0; n < PEERS; n += 1) await mirrors.start(`peer-${String(n)}`)
    return [mirrors, ms]
  }

  /** Start one more, which knows those that run. */
  async start(name: string): Promise<Running> {
    const known = this.#running.flatMap(({ ready }) => ['--bootstrap', String(ready.listen[0])])
    const follow = ['--join', this.#link, '--no-mdns', '--mirror', 'all', ...known]
    const data = ['--data', join(this.#work, name)]
    const node = await startJarswarm(['start', ...data, ...follow, ...LOOPBACK], BUILT)
    this.#running.push(node)
    return node
  }

  async end(node: Running, signal?: NodeJS.Signals): Promise<void> {
    this.#running.splice(this.#running.indexOf(node), 1)
    await node.stop(signal)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((node) => node.stop()))
  }

  #copy(name: string): void {
    const [from, to] = [join(this.#work, 'peer-0'), join(this.#work, name)]
    // Blobs never change in place; the database does.
    const linked = spawnSync('cp', ['-a', '--link', from, to])
    if (linked.status !== 0) throw new Error(`Cannot go on: cp ended with ${String(linked.status)}`)
    for (const entry of readdirSync(to)) {
      if (entry === 'blobs') continue
      rmSync(join(to, entry), { recursive: true })
      if (entry !== 'peer.key')
        cpSync(join(from, entry), join(to, entry), { recursive: true, preserveTimestamps: true })
    }
  }
}

/** Mirror all of it, killed half-way and started again. */
async function measureResumed(
  mirrors: Mirrors,
  blobs: number,
): Promise<{ readonly ms: number; readonly missing: number; readonly readBytes: number }> {
  const killed = await mirrors.start('killed')
  await holds(killed, blobs / 2)
  const had = await blobsOf(killed)
  await mirrors.end(killed, 'SIGKILL')
  let resumed: Running | undefined
  const ms = await timed(async () => {
    resumed = await mirrors.start('killed')
    await holds(resumed, blobs)
  })
  const read = readBytes(resumed?.process.pid ?? 0)
  if (resumed !== undefined) await mirrors.end(resumed)
  return { ms, missing: blobs - had, readBytes: read }
}

async function measure(work: string, files: number): Promise<readonly Row[]> {
  const primary = await ShapedPrimary.create(work, files)
  await primary.publish()
  note(`${primary.what} are published`)
  const { files: blobs, bytes } = primary.shape
  const [mirrors, fromOrigin] = await Mirrors.fill(work, primary)
  try {
    note('four full mirrors run')
    let node: Running | undefined
    const fromPeers = await timed(async () => {
      node = await mirrors.start('mirror')
      await holds(node, blobs)
    })
    const cpuMs = cpuSeconds(node?.process.pid ?? 0) * 1_000
    if (node !== undefined) await mirrors.end(node)
    note(`a fifth was filled from them in ${(fromPeers / 1_000).toFixed(1)} s`)
    const copied = await rsync(primary.tree, join(work, 'copy'), ['--exclude', '/.jarswarm'])
    const synced = await rsync(primary.tree, join(work, 'synced'), [
      '--exclude',
      '/.jarswarm',
      '--fsync',
    ])
    const resumed = await measureResumed(mirrors, blobs)
    const rate = (what: string, count: number, ms: number): Row => ({
      bench: 'mirror',
      what: `${what}, ${primary.what}`,
      value: count / (ms / 1_000),
      unit: '/s',
    })
    const peers = `${String(PEERS)} peers`
    return [
      {
        ...rate(`--mirror all from ${peers}, from the start of the process`, blobs, fromPeers),
        beside: { what: 'rsync --fsync, first copy', value: blobs / (synced.ms / 1_000) },
        target: 'at least 1 500 /s',
      },
      {
        ...rate(`the same`, blobs, fromPeers),
        beside: { what: 'rsync, which syncs nothing', value: blobs / (copied.ms / 1_000) },
      },
      {
        bench: 'mirror',
        what: `processor time of the mirror itself, start included, each file, ${primary.what}`,
        value: cpuMs / blobs,
        unit: 'ms',
      },
      rate('--mirror all from the primary alone', blobs, fromOrigin),
      rate(`from ${peers}, killed at the half: the rest`, resumed.missing, resumed.ms),
      {
        bench: 'mirror',
        what: `read from disk and network after that, ${primary.what}`,
        value: resumed.readBytes / MEBIBYTE,
        unit: 'MiB',
        beside: { what: 'what was missing', value: (bytes * resumed.missing) / blobs / MEBIBYTE },
      },
    ]
  } finally {
    await mirrors.stop()
  }
}

export const mirror: Bench = {
  name: 'mirror',
  about: 'a full mirror from four others (reads /proc, so Linux only)',
  run: async ({ files = FILES }) => {
    needAll(missingRsync)
    return await withTemporary((work) => measure(work, files))
  },
}
