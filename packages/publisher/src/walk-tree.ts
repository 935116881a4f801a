import { lstatSync, realpathSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { join, sep } from 'node:path'
import { isBookkeeping, isPath, parsePath, RESERVED_SEGMENT, sidecarOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { DirectoryLister } from './directory-lister.ts'
import { describeErrno, isErrno } from './errno.ts'
import { inTurns } from './in-turns.ts'
import { isHidden, readDirectory } from './read-directory.ts'
import type { DirectoryEntry } from './read-directory.ts'
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

/** Lists a directory, as it can be. */
type List = (realPath: string) => readonly DirectoryEntry[]

/**
 * Walk a Maven tree in ascending order of whole paths. Sidecars come with their artifacts; bookkeeping is only
 * counted, and hidden directories and `.jarswarm/` are not entered.
 *
 * No link leads out of the tree. A link to a file or directory within it is followed, one that leaves it or leads
 * back to a directory above is a problem to report; so are what is no file, what cannot be read, and names that no
 * repository path can have.
 */
export function walkTree(
  treeDir: string,
  signal?: AbortSignal,
): AsyncGenerator<TreeStep, void, undefined> {
  return inTurns(treeSteps(treeDir, signal))
}

/**
 * As `walkTree`, for whoever lets others run already.
 *
 * @param lister of this walk, which ends it
 */
export function* treeSteps(
  treeDir: string,
  signal?: AbortSignal,
  lister: DirectoryLister = new DirectoryLister(),
): Generator<TreeStep, void, undefined> {
  using listing = lister
  const root = realpathSync(treeDir)
  // The next one last.
  const waiting: (Directory | TreeStep)[] = [
    { path: '', realPath: root, above: [root], linked: false },
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    signal?.throwIfAborted()
    if ('kind' in next) yield next
    else {
      const { realPath, linked } = next
      const coming = (): readonly string[] => [...ownPaths(waiting), realPath]
      const list: List = linked ? readDirectory : (path) => listing.list(path, coming)
      for (const item of itemsOf(next, root, list).reverse()) waiting.push(item)
    }
  }
}

/** Of the directories among them those that no link led to. */
function ownPaths(waiting: readonly (Directory | TreeStep)[]): readonly string[] {
  return waiting.flatMap((item) => ('kind' in item || item.linked ? [] : [item.realPath]))
}

/** What is in a directory, ascending. */
function itemsOf(directory: Directory, root: string, list: List): (Directory | TreeStep)[] {
  const children = listDirectory(directory, root, list)
  if ('reason' in children) return [children]
  const sidecars = sidecarsByArtifact(children)
  const items: (Directory | TreeStep)[] = []
  for (const child of children) {
    const path = directory.path + child.name
    const item =
      child.kind === 'directory'
        ? toDirectory(`${path}/`, child, directory)
        : toStep(path, child, sidecars)
    if (item !== undefined) items.push(item)
  }
  return items
}

function toDirectory(path: string, child: Child, parent: Directory): Directory {
  const { realPath } = child
  return {
    path,
    realPath,
    above: [...parent.above, realPath],
    linked: parent.linked || child.linked,
  }
}

/** The files of one directory by name, and what else in it a list of files could mean. */
export function listFiles(
  { path, realPath }: { readonly path: string; readonly realPath: string },
  root: string,
): { readonly steps: ReadonlyMap<string, TreeStep> } | { readonly problem: string } {
  const prefix = path === '' ? '' : `${path}/`
  const linked = realPath !== join(root, path)
  const directory = { path: prefix, realPath, above: [root, realPath], linked }
  const children = listDirectory(directory, root, readDirectory)
  if ('reason' in children) return { problem: children.reason }
  const sidecars = sidecarsByArtifact(children)
  const steps = new Map<string, TreeStep>()
  for (const child of children) {
    const path = prefix + child.name
    const step =
      child.kind === 'directory'
        ? problem(path, 'a directory, wanted a file')
        : toStep(path, child, sidecars)
    if (step !== undefined) steps.set(child.name, step)
  }
  return { steps }
}

/** Sidecars of something that is there come with it; the others are nobody's. */
function toStep(
  path: string,
  child: Child,
  sidecars: ReadonlyMap<string, readonly TreeSidecar[]>,
): TreeStep | undefined {
  if (child.kind === 'problem') return problem(path, child.reason)
  if (child.kind === 'left-out') return { kind: 'left-out', path }
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
    sidecars: sidecars.get(child.name) ?? [],
  } satisfies TreeFile
}

/** The sidecars of a directory by the name of their artifact, in the order of their names. */
function sidecarsByArtifact(children: readonly Child[]): ReadonlyMap<string, TreeSidecar[]> {
  const sidecars = new Map<string, TreeSidecar[]>()
  for (const { kind, name, realPath, stat } of children) {
    if (kind !== 'file' || stat === undefined || !isPath(name)) continue
    const sidecar = sidecarOf(name)
    if (sidecar === undefined) continue
    const { algorithm, artifact } = sidecar
    const ofArtifact = sidecars.get(artifact)
    const found = { algorithm, filePath: realPath, stat }
    if (ofArtifact === undefined) sidecars.set(artifact, [found])
    else ofArtifact.push(found)
  }
  return sidecars
}

function listDirectory(directory: Directory, root: string, list: List): Child[] | TreeProblem {
  let entries: readonly DirectoryEntry[]
  try {
    entries = list(directory.realPath)
  } catch (error) {
    // Removed since its parent was listed: then it holds nothing.
    if (isErrno(error, 'ENOENT') && directory.path !== '') return []
    return problem(directory.path, `cannot list it: ${describeErrno(error)}`)
  }
  const children = entries.map((entry) => inspect(entry, directory, root))
  return children.filter((child) => child !== undefined).sort(byPath)
}

/** As the whole paths sort: a directory's name goes on with `/`. */
function byPath(a: Child, b: Child): number {
  const left = a.kind === 'directory' ? `${a.name}/` : a.name
  const right = b.kind === 'directory' ? `${b.name}/` : b.name
  return left < right ? -1 : left > right ? 1 : 0
}

function inspect(entry: DirectoryEntry, directory: Directory, root: string): Child | undefined {
  const { name, kind } = entry
  // Both are clean already: to join them as if they were not costs as much as a look at the file.
  const realPath = directory.realPath + sep + name
  const child = { name, realPath, stat: NO_FILE, linked: false, reason: '' }
  if (name === RESERVED_SEGMENT && directory.path === '') return undefined
  if (kind === 'directory') return { ...child, kind: isHidden(name) ? 'left-out' : 'directory' }
  try {
    if (kind === 'link') return inspectLink(child, directory, root)
    if (kind === 'other')
      return { ...child, kind: 'problem', reason: 'neither a file nor a directory' }
    return { ...child, kind, stat: lstatSync(realPath, { bigint: true }) }
  } catch (error) {
    if (isErrno(error, 'ENOENT') && kind !== 'link') return undefined
    return { ...child, kind: 'problem', reason: `cannot look at it: ${describeErrno(error)}` }
  }
}

function inspectLink(child: Omit<Child, 'kind'>, directory: Directory, root: string): Child {
  const target = realpathSync(child.realPath)
  const hidden = join(root, RESERVED_SEGMENT)
  const refuse = (reason: string): Child => ({ ...child, kind: 'problem', reason })
  if (!isWithin(target, root)) return refuse(`a link that leaves the tree, to ${target}`)
  if (isWithin(target, hidden)) return refuse(`a link into ${RESERVED_SEGMENT}`)
  const found = statSync(target, { bigint: true })
  if (found.isFile()) return { ...child, kind: 'file', realPath: target, stat: found, linked: true }
  if (!found.isDirectory()) return refuse('a link to neither a file nor a directory')
  if (directory.above.includes(target)) return refuse(`a link that loops, to ${target}`)
  if (directory.linked) return refuse('a link to a directory below another such link')
  if (isHidden(child.name)) return { ...child, kind: 'left-out' }
  return { ...child, kind: 'directory', realPath: target, linked: true }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory + sep)
}

function problem(path: string, reason: string): TreeProblem {
  return { kind: 'problem', path, reason }
}
