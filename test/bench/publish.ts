import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runJson } from '../_jarswarm.ts'
import { median } from '../_percentile.ts'
import type { Bench, Row } from './_row.ts'
import { timed } from './_measure.ts'
import { measurePublishing } from './_publish-shaped.ts'
import { withTemporary } from './_temporary.ts'
import { writeTree } from './_tree.ts'

const MAKE_REAL = fileURLToPath(
  new URL('../../../shared/clients/make-real-repo.sh', import.meta.url),
)
const ROUNDS = 5
const GENERATED_JARS = 3_650

/** The real repository where its script is at hand, else a generated one of the same number of files. */
function makeTree(tree: string): string {
  if (existsSync(MAKE_REAL) && spawnSync('bash', [MAKE_REAL, tree]).status === 0) {
    return 'the real repository of 7 300 files'
  }
  rmSync(tree, { recursive: true, force: true })
  writeTree(tree, { jars: GENERATED_JARS, sizeBytes: 11_000 })
  return 'a generated repository of 7 300 files'
}

async function measure(work: string): Promise<readonly Row[]> {
  const tree = join(work, 'tree')
  const state = join(work, 'state')
  const what = makeTree(tree)
  await runJson(['repo', 'init', '--state', state, '--name', 'bench'])
  const publish = ['repo', 'publish', '--state', state, '--tree', tree]
  const first = Number((await runJson(publish))['ms'])
  const again: number[] = []
  const list: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    again.push(Number((await runJson(publish))['ms']))
    list.push(
      await timed(() => Promise.resolve(spawnSync('find', [tree, '-type', 'f', '-size', '+0']))),
    )
  }
  const hashed = await timed(() =>
    Promise.resolve(
      spawnSync('sh', ['-c', 'find "$0" -type f -print0 | xargs -0 sha256sum', tree], {
        maxBuffer: 1 << 26,
      }),
    ),
  )
  return [
    {
      bench: 'publish',
      what: `first publish of ${what}`,
      value: first,
      unit: 'ms',
      beside: { what: 'sha256sum of the same tree', value: hashed },
    },
    {
      bench: 'publish',
      what: `publishing ${what} again unchanged, median of ${String(ROUNDS)}`,
      value: median(again),
      unit: 'ms',
      beside: { what: 'find with a stat of each file', value: median(list) },
      target: 'at most 1 000 ms',
    },
  ]
}

export const publish: Bench = {
  name: 'publish',
  about: 'scan, hash, sign and write a repository',
  run: ({ files }) =>
    withTemporary((work) => (files === undefined ? measure(work) : measurePublishing(work, files))),
}
