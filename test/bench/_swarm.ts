import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import type { Place, Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { reach } from './_progress.ts'

/** What the repository of all benches is called. */
export const REPOSITORY = 'bench'
/** Where nodes of benches run: as they were built. */
export const BUILT: Place = { built: true }
/** Free ports on the loopback. */
export const LOOPBACK: readonly string[] = [
  '--http',
  '127.0.0.1:0',
  '--listen',
  '/ip4/127.0.0.1/tcp/0',
]

/** Two nodes as separate processes; the origin is gone, and only the first holds the files. */
export interface BenchSwarm {
  /** How others follow the repository. */
  readonly link: string
  readonly holder: Running
  readonly asker: Running
  /** Base URL of the repository at a node. */
  url(node: Running): string
  stop(): Promise<void>
}

/** As much of a node's status as benches look at. */
export interface Status {
  readonly store: { readonly blobs: number; readonly bytes: number }
  readonly repositories: readonly {
    readonly head: { readonly seq: number } | null
    readonly index: { readonly complete: boolean; readonly files: number }
  }[]
  readonly peers: { readonly connected: number }
}

/** What a node says of itself. */
export async function statusOf(node: Running): Promise<Status> {
  return (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as Status
}

/** Whether it has the whole index of a head; to be waited for. */
export async function isSynced(node: Running, seq: number): Promise<true | undefined> {
  const [repository] = (await statusOf(node)).repositories
  return (repository?.head?.seq === seq && repository.index.complete) || undefined
}

/**
 * Publish `tree`, let one node mirror it and another follow, then kill the primary.
 *
 * @param blobs how many different blobs the tree has: the holder is waited for until it has them
 */
export async function startBenchSwarm(tree: string, blobs: number): Promise<BenchSwarm> {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-bench-'))
  const state = join(work, 'state')
  await runJson(['repo', 'init', '--state', state, '--name', REPOSITORY])
  await runJson(['repo', 'publish', '--state', state, '--tree', tree], BUILT)
  const primary = await startJarswarm(
    ['repo', 'serve', '--state', state, '--tree', tree, ...LOOPBACK],
    BUILT,
  )
  const start = (name: string, extra: readonly string[]): Promise<Running> => {
    const follow = ['--join', String(primary.ready.link), '--no-mdns']
    return startJarswarm(
      ['start', '--data', join(work, name), ...follow, ...LOOPBACK, ...extra],
      BUILT,
    )
  }
  const holder = await start('holder', ['--mirror', 'all'])
  const asker = await start('asker', ['--bootstrap', String(holder.ready.listen[0])])
  await reach('blobs on the holder', blobs, async () => (await statusOf(holder)).store.blobs)
  await waitFor('the whole index on the asker', async () =>
    (await statusOf(asker)).repositories[0]?.index.complete === true ? true : undefined,
  )
  await primary.stop('SIGKILL')
  return {
    link: String(primary.ready.link),
    holder,
    asker,
    url: (node) => `${String(node.ready.http)}/${REPOSITORY}/`,
    stop: async () => {
      await Promise.all([holder.stop(), asker.stop()])
      rmSync(work, { recursive: true, force: true })
    },
  }
}
