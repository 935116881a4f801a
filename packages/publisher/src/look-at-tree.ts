import { realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { directoryOf, nameOf, RESERVED_SEGMENT } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { describeErrno, isErrno } from './errno.ts'
import type { TreeStep } from './tree-file.ts'
import { listFiles } from './walk-tree.ts'

/** Look at some paths of a Maven tree, in the order in which they come, as `walkTree` would come by them. */
export async function* lookAtTree(
  treeDir: string,
  paths: AsyncIterable<RepositoryPath>,
  signal?: AbortSignal,
): AsyncGenerator<TreeStep> {
  const root = realpathSync(treeDir)
  let directory: string | undefined
  let steps: ReadonlyMap<string, TreeStep> = new Map()
  let problem = ''
  for await (const path of paths) {
    signal?.throwIfAborted()
    if (directoryOf(path) !== directory) {
      directory = directoryOf(path)
      const found = lookAtDirectory(root, directory)
      problem = 'problem' in found ? found.problem : ''
      steps = 'problem' in found ? new Map() : found.steps
    }
    if (problem === '') yield steps.get(nameOf(path)) ?? { kind: 'gone', path }
    else yield { kind: 'problem', path, reason: problem }
  }
}

type Directory = { readonly steps: ReadonlyMap<string, TreeStep> } | { readonly problem: string }

function lookAtDirectory(root: string, directory: string): Directory {
  let realPath: string
  try {
    realPath = realpathSync(join(root, directory))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return { steps: new Map() }
    return { problem: `cannot look at its directory: ${describeErrno(error)}` }
  }
  const hidden = join(root, RESERVED_SEGMENT)
  const isOutside = realPath !== root && !realPath.startsWith(root + sep)
  if (isOutside || realPath === hidden || realPath.startsWith(hidden + sep)) {
    return { problem: `behind a link that leaves the tree, to ${realPath}` }
  }
  return listFiles({ path: directory, realPath }, root)
}
