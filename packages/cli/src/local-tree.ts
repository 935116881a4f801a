import { stat } from 'node:fs/promises'
import { walkTree } from '@jarswarm/publisher'
import type { TreeFile, TreeProblem } from '@jarswarm/publisher'
import { UsageError } from './usage-error.ts'

/** Files asked about at a time: enough that the questions cost little beside the reading. */
const FILES_PER_BATCH = 128

/** Some files of a directory in the order of their paths, and what of it cannot be read. */
export interface TreeBatch {
  readonly files: readonly TreeFile[]
  readonly problems: readonly TreeProblem[]
}

/** The artifacts of a Maven tree or of a client's cache, such as `~/.m2/repository`, in batches. */
export async function* readTree(directory: string, signal: AbortSignal): AsyncGenerator<TreeBatch> {
  await checkDirectory(directory)
  let files: TreeFile[] = []
  let problems: TreeProblem[] = []
  for await (const step of walkTree(directory, signal)) {
    if (step.kind === 'file') files.push(step)
    if (step.kind === 'problem') problems.push(step)
    if (files.length + problems.length < FILES_PER_BATCH) continue
    yield { files, problems }
    files = []
    problems = []
  }
  if (files.length + problems.length > 0) yield { files, problems }
}

/** How many files `readTree` would give; reads directories only. */
export async function countFiles(directory: string, signal: AbortSignal): Promise<number> {
  let count = 0
  for await (const { files } of readTree(directory, signal)) count += files.length
  return count
}

async function checkDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (found?.isDirectory() === true) return
  throw new UsageError(
    `Cannot read ${directory}: found ${found === undefined ? 'nothing' : 'a file'} there, ` +
      'a Maven repository is wanted, such as ~/.m2/repository',
  )
}
