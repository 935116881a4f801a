import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { isBookkeeping, parsePath, RESERVED_SEGMENT, sidecarOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { describeErrno, isErrno } from './errno.ts'
import type { TreeFile, TreeProblem, TreeSidecar, TreeStep } from './tree-file.ts'

/** What the path of a directory has in common with that of a file: it stands for something that is still to come. */
interface Directory {
  /** Path below the tree, ending in `/`; `''` for the tree itself. */
  readonly path: string
  readonly realPath: string
  /** Real paths of all directories it is in, itself included: a link to one of them would never end. */
  readonly above: readonly string[]
  /** Whether a link led here. Below one no other is followed, or few links could span endless trees. */
  readonly linked: boolean
}

interface Child {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'problem' | 'left-out'
  readonly realPath: string
  readonly stat: BigIntStats | undefined
  readonly linked: boolean
  readonly reason: string
}

const NO_FILE: BigIntStats | undefined = undefined

/**
 * Walk a Maven tree in ascending order of whole paths. Sidecars come with their artifacts; bookkeeping is only
 * counted, and hidden directories and `.jarswarm/` are not entered.
 *
 * No link leads out of the tree. A link to a file or directory within it is followed, one that leaves it or leads
 * back to a directory above is a problem to report; so are what is no file, what cannot be read, and names that no
 * repository path can have.
 */
export async function* walkTree(treeDir: string, signal?: AbortSignal): AsyncGenerator<TreeStep> {
  const root = await realpath(treeDir)
  yield* walkDirectory({ path: '', realPath: root, above: [root], linked: false }, { root, signal })
}

interface Walk {
  readonly root: string
  readonly signal: AbortSignal | undefined
}

async function* walkDirectory(directory: Directory, walk: Walk): AsyncGenerator<TreeStep> {
  walk.signal?.throwIfAborted()
  const children = await listDirectory(directory, walk)
  if ('reason' in children) {
    yield children
    return
  }
  const byName = new Map(children.map((child) => [child.name, child]))
  for (const child of children) {
    const path = directory.path + child.name
    if (child.kind === 'problem') yield problem(path, child.reason)
    else if (child.kind === 'left-out') yield { kind: 'left-out', path }
    else if (child.kind === 'directory') {
      yield* walkDirectory(
        {
          path: `${path}/`,
          realPath: child.realPath,
          above: [...directory.above, child.realPath],
          linked: directory.linked || child.linked,
        },
        walk,
      )
    } else {
      const step = toStep(path, child, byName)
      if (step !== undefined) yield step
    }
  }
}

/** Sidecars of something that is there come with it; the others are nobody's. */
function toStep(
  path: string,
  child: Child,
  siblings: ReadonlyMap<string, Child>,
): TreeStep | undefined {
  let parsed: RepositoryPath
  try {
    parsed = parsePath(path)
  } catch (error) {
    return problem(path, error instanceof Error ? error.message : String(error))
  }
  if (isBookkeeping(parsed)) return { kind: 'left-out', path }
  if (sidecarOf(parsed) !== undefined || child.stat === undefined) return undefined
  return {
    kind: 'file',
    path: parsed,
    realPath: child.realPath,
    stat: child.stat,
    sidecars: sidecarsOf(child.name, siblings),
  } satisfies TreeFile
}

function sidecarsOf(name: string, siblings: ReadonlyMap<string, Child>): TreeSidecar[] {
  const sidecars: TreeSidecar[] = []
  for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512'] as const) {
    const sibling = siblings.get(`${name}.${algorithm}`)
    if (sibling?.kind !== 'file' || sibling.stat === undefined) continue
    sidecars.push({ algorithm, filePath: sibling.realPath, stat: sibling.stat })
  }
  return sidecars
}

async function listDirectory(directory: Directory, walk: Walk): Promise<Child[] | TreeProblem> {
  let entries: Dirent[]
  try {
    entries = await readdir(directory.realPath, { withFileTypes: true })
  } catch (error) {
    // Removed since its parent was listed: then it holds nothing.
    if (isErrno(error, 'ENOENT') && directory.path !== '') return []
    return problem(directory.path, `cannot list it: ${describeErrno(error)}`)
  }
  const children = await Promise.all(entries.map((entry) => inspect(entry, directory, walk.root)))
  return children.filter((child) => child !== undefined).sort(byPath)
}

/** As the whole paths sort: a directory's name goes on with `/`. */
function byPath(a: Child, b: Child): number {
  const left = a.kind === 'directory' ? `${a.name}/` : a.name
  const right = b.kind === 'directory' ? `${b.name}/` : b.name
  return left < right ? -1 : left > right ? 1 : 0
}

async function inspect(
  entry: Dirent,
  directory: Directory,
  root: string,
): Promise<Child | undefined> {
  const { name } = entry
  const realPath = join(directory.realPath, name)
  const child = { name, realPath, stat: NO_FILE, linked: false, reason: '' }
  if (name === RESERVED_SEGMENT && directory.path === '') return undefined
  if (entry.isDirectory())
    return { ...child, kind: name.startsWith('.') ? 'left-out' : 'directory' }
  try {
    if (entry.isSymbolicLink()) return await inspectLink(child, directory, root)
    if (!entry.isFile())
      return { ...child, kind: 'problem', reason: 'neither a file nor a directory' }
    return { ...child, kind: 'file', stat: await lstat(realPath, { bigint: true }) }
  } catch (error) {
    if (isErrno(error, 'ENOENT') && !entry.isSymbolicLink()) return undefined
    return { ...child, kind: 'problem', reason: `cannot look at it: ${describeErrno(error)}` }
  }
}

async function inspectLink(
  child: Omit<Child, 'kind'>,
  directory: Directory,
  root: string,
): Promise<Child> {
  const target = await realpath(child.realPath)
  const hidden = join(root, RESERVED_SEGMENT)
  const refuse = (reason: string): Child => ({ ...child, kind: 'problem', reason })
  if (!isWithin(target, root)) return refuse(`a link that leaves the tree, to ${target}`)
  if (isWithin(target, hidden)) return refuse(`a link into ${RESERVED_SEGMENT}`)
  const found = await stat(target, { bigint: true })
  if (found.isFile()) return { ...child, kind: 'file', realPath: target, stat: found, linked: true }
  if (!found.isDirectory()) return refuse('a link to neither a file nor a directory')
  if (directory.above.includes(target)) return refuse(`a link that loops, to ${target}`)
  if (directory.linked) return refuse('a link to a directory below another such link')
  if (child.name.startsWith('.')) return { ...child, kind: 'left-out' }
  return { ...child, kind: 'directory', realPath: target, linked: true }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory + sep)
}

function problem(path: string, reason: string): TreeProblem {
  return { kind: 'problem', path, reason }
}
