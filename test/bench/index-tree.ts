import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildFigures, IndexTask, UseFigures } from './_index-child.ts'
import type { Bench, BenchOptions, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'

const CHILD = fileURLToPath(new URL('_index-child.ts', import.meta.url))
/** Two sizes, to show how cost grows. */
const SMALL_FILES = 20_000
const FILES = 2_000_000
const SEED = 1
const KIBIBYTE = 1024

async function figuresOf<T extends BuildFigures | UseFigures>(task: IndexTask): Promise<T> {
  const child = fork(CHILD)
  child.send(task)
  const [outcome] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`Cannot measure: the process ended with ${String(code)}`)
    }),
  ])) as [T]
  if (child.exitCode === null) await once(child, 'exit')
  return outcome
}

async function measure(directory: string, files: number): Promise<readonly Row[]> {
  const task = { files, seed: SEED, directory: join(directory, String(files)) }
  const build = await figuresOf<BuildFigures>({ ...task, half: 'build' })
  const use = await figuresOf<UseFigures>({ ...task, half: 'use' })
  const row = (what: string, [value, unit]: readonly [number, string], target: string): Row => ({
    bench: 'index',
    what: `${what}, ${String(build.files)} files`,
    value,
    unit,
    target,
  })
  return [
    row('build from known digests', [build.buildMs / 1_000, 's'], 'at most 20 s'),
    row('memory at its peak', [build.peakBytes / KIBIBYTE ** 2, 'MiB'], 'at most 600 MB'),
    row('index, each file', [build.bytesPerFile, 'B'], 'at most 190 B'),
    row('index, each file, compressed', [use.compressedPerFile, 'B'], 'at most 90 B'),
    row('one deploy, into the store, median of 200', [use.deployMs, 'ms'], 'at most 50 ms'),
    row('new nodes of a deploy, most', [use.deployBytes / KIBIBYTE, 'KiB'], 'at most 24 KiB'),
    row('proof of presence, median', [use.presenceMs, 'ms'], 'at most 0.1 ms'),
    row('proof of absence, median', [use.absenceMs, 'ms'], 'at most 0.1 ms'),
    row('largest of 20 000 proofs', [use.largestProofBytes / KIBIBYTE, 'KiB'], 'at most 12 KiB'),
  ]
}

export const indexTree: Bench = {
  name: 'index',
  about: 'the signed index at the size of Clojars: build, change, prove',
  run: ({ files = FILES }: BenchOptions) =>
    withTemporary(async (directory) => {
      const sizes = [...new Set([SMALL_FILES, files])]
      const rows: Row[] = []
      for (const size of sizes) rows.push(...(await measure(directory, size)))
      return rows
    }),
}
