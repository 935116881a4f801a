import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../_percentile.ts'
import { timed } from './_measure.ts'
import type { Row } from './_row.ts'
import { rsync } from './_rsync.ts'
import { ShapedPrimary } from './_shaped-primary.ts'

const ROUNDS = 5
/** Jar, pom and metadata: so many lines of history. */
const DEPLOYED_FILES = 3
/** Shorter than what is measured by far. */
const POLL_MS = 2
/** The watches of a large tree are set within minutes, on any machine. */
const WATCH_BOUND_MS = 600_000
/** What a mirror by rsync takes: the files, not what is published about them. */
const FILES_ALONE = ['--exclude', '/.jarswarm']

/** Publish a repository of Clojars' shape first, unchanged and after deploys, with rsync beside it in turn. */
export async function measurePublishing(work: string, files: number): Promise<readonly Row[]> {
  const primary = await ShapedPrimary.create(work, files)
  const copy = join(work, 'copy')
  const hashed = await timed(() => hashAll(primary.tree))
  const first = await primary.publish()
  await rsync(primary.tree, copy, FILES_ALONE)
  const unchanged = { ours: [] as number[], rsync: [] as number[] }
  const deploys = { ours: [] as number[], rsync: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    unchanged.ours.push(await primary.publish())
    unchanged.rsync.push((await rsync(primary.tree, copy, FILES_ALONE)).ms)
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const changes = primary.deploy()
    deploys.ours.push(await timed(() => primary.publish('--changes', changes)))
    deploys.rsync.push((await rsync(primary.tree, copy, FILES_ALONE)).ms)
  }
  const watched = await measureWatching(primary)
  const row = (what: string, value: number, rest: Pick<Row, 'beside' | 'target'>): Row => {
    return { bench: 'publish', what: `${what}, ${primary.what}`, value, unit: 'ms', ...rest }
  }
  return [
    row('first publish', first, { beside: { what: 'sha256sum of the tree', value: hashed } }),
    row('publishing it again unchanged', median(unchanged.ours), {
      beside: { what: 'rsync with nothing to do', value: median(unchanged.rsync) },
      target: 'at most 3 000 ms at 200 000 files',
    }),
    row('one version that a deploy hook names, the whole process', median(deploys.ours), {
      beside: { what: 'rsync of the same', value: median(deploys.rsync) },
    }),
    row('one version by repo serve --watch, from its last byte on', median(watched), {
      beside: { what: 'rsync with nothing to do', value: median(unchanged.rsync) },
      target: 'at most 200 ms',
    }),
  ]
}

/** How long it takes until a deploy stands published, in ms, each time. */
async function measureWatching(primary: ShapedPrimary): Promise<readonly number[]> {
  const watching = await primary.serve('--watch')
  try {
    const taken: number[] = []
    // It watches and has looked at everything once it publishes the first one; the measured ones come after.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const { size } = primary.head().history
      primary.deploy()
      const published = (): boolean => primary.head().history.size >= size + DEPLOYED_FILES
      taken.push(await timed(() => until(published)))
    }
    return taken.slice(1)
  } finally {
    await watching.stop()
  }
}

async function until(isReached: () => boolean): Promise<void> {
  const endMs = performance.now() + WATCH_BOUND_MS
  while (!isReached()) {
    if (performance.now() > endMs) throw new Error('Cannot go on: a deploy was not published')
    await delay(POLL_MS)
  }
}

/** As a user would check a tree, file by file. */
function hashAll(tree: string): Promise<void> {
  const script = 'find "$0" -type f -print0 | xargs -0 sha256sum > /dev/null'
  const { status } = spawnSync('sh', ['-c', script, tree])
  if (status !== 0) throw new Error(`Cannot go on: sha256sum ended with ${String(status)}`)
  return Promise.resolve()
}
