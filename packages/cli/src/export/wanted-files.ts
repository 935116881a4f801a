import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  formatCoordinates,
  InvalidPathError,
  isPath,
  parseCoordinates,
  parsePom,
} from '@jarswarm/maven'
import type { ClosureArtifact, Dependency, PomId } from '@jarswarm/maven'
import type { NodeControl } from '@jarswarm/node'
import { readTree } from '../local-tree.ts'
import { UsageError } from '../usage-error.ts'
import { DependencyWalk } from './dependency-walk.ts'
import { readDepsEdn, readProjectClj, wantedOf } from './project-dependencies.ts'
import { readResolved } from './read-resolved.ts'

/** Where the list of files comes from: exactly one of them. */
export interface FilesSource {
  /** `deps.edn`, `project.clj` or `pom.xml`. */
  readonly project?: string | undefined
  /** A client's local repository. */
  readonly cache?: string | undefined
  /** What a build tool resolved, as text. */
  readonly resolved?: string | undefined
}

/** Files that somebody wants the digests of. */
export interface WantedFiles {
  /** `closure` is our reading of a project file; the others are what a client did. */
  readonly kind: 'closure' | 'resolved' | 'cache'
  /** Repository paths, ascending, each once. */
  readonly paths: readonly string[]
  /** Paths that are wanted where they exist. */
  readonly optional: readonly string[]
  /** What was not understood or not had. */
  readonly remarks: readonly string[]
}

/**
 * Find out which files are wanted.
 *
 * @throws {UsageError} when a file cannot be read as what it should be
 */
export async function findWanted(
  node: NodeControl,
  { project, cache, resolved }: FilesSource,
  signal: AbortSignal,
): Promise<WantedFiles> {
  if (cache !== undefined) return await fromCache(cache, signal)
  const walk = new DependencyWalk(node, signal)
  const file = resolved ?? project ?? ''
  const text = await readText(file)
  if (resolved !== undefined) {
    const artifacts = text.split(/\r?\n/).map(readResolved)
    const found = artifacts.filter((artifact) => artifact !== undefined)
    if (found.length === 0) {
      throw new UsageError(`Cannot read ${file}: found no artifact in it, wanted one a line`)
    }
    await walk.readPoms(found)
    return toWanted({ kind: 'resolved', artifacts: found, remarks: [] }, walk)
  }
  const { root, dependencies, remarks } = await readProject(walk, file, text)
  const found = await walk.walk(root, wantedOf(dependencies))
  return toWanted({ kind: 'closure', artifacts: found, remarks }, walk)
}

async function fromCache(cache: string, signal: AbortSignal): Promise<WantedFiles> {
  const paths: string[] = []
  for await (const { files } of readTree(cache, signal)) {
    for (const { path } of files) if (parseCoordinates(path) !== undefined) paths.push(path)
  }
  return { kind: 'cache', paths: paths.toSorted(), optional: [], remarks: [] }
}

interface Project {
  readonly root: PomId
  readonly dependencies: readonly Dependency[]
  readonly remarks: readonly string[]
}

/** No artifact has these coordinates. */
const ROOT: PomId = { group: 'project', artifact: 'project', version: '0' }

async function readProject(walk: DependencyWalk, file: string, text: string): Promise<Project> {
  try {
    if (/\.edn$/.test(file)) return { root: ROOT, ...readDepsEdn(text) }
    if (/\.clj$/.test(file)) return { root: ROOT, ...readProjectClj(text) }
    if (/(?:\.|^|\/)(?:xml|pom)$/.test(file)) {
      const dependencies = await walk.dependenciesOf(ROOT, parsePom(Buffer.from(text)))
      return { root: ROOT, dependencies, remarks: [] }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError) && !hasCode(error, 'ERR_INVALID_POM')) throw error
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
  }
  throw new UsageError(
    `Cannot read ${basename(file)}: a deps.edn, project.clj or pom.xml is wanted; ` +
      'name a list of artifacts with --from',
  )
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

interface FoundArtifacts {
  readonly kind: WantedFiles['kind']
  readonly artifacts: readonly ClosureArtifact[]
  readonly remarks: readonly string[]
}

function toWanted({ kind, artifacts, remarks }: FoundArtifacts, walk: DependencyWalk): WantedFiles {
  const paths = new Set<string>()
  const odd: string[] = []
  const add = (artifact: ClosureArtifact, to: Set<string>): void => {
    try {
      to.add(formatCoordinates({ ...artifact, timestamp: undefined }))
    } catch (error) {
      if (!(error instanceof InvalidPathError)) throw error
      odd.push(error.message)
    }
  }
  const optional = new Set<string>()
  for (const artifact of artifacts) add(artifact, paths)
  for (const id of walk.poms()) {
    add({ ...id, classifier: undefined, extension: 'pom' }, paths)
    // What Gradle reads in place of the POM, where there is one.
    add({ ...id, classifier: undefined, extension: 'module' }, optional)
  }
  return {
    kind,
    paths: [...paths].filter(isPath).toSorted(),
    optional: [...optional].filter(isPath).toSorted(),
    remarks: [...remarks, ...odd, ...walk.remarks()],
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
  }
}
