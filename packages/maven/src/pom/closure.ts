import type { Dependency, EffectivePom } from './effective-pom.ts'
import { formatId } from './model-reader.ts'
import type { Metadata } from './parse-metadata.ts'
import type { PomId, ProjectId } from './pom.ts'
import { highestInRange, parseVersionRange } from './version-range.ts'
import { MAX_CLOSURE_POMS, MAX_CLOSURE_DEPTH, MAX_RELOCATIONS } from '../limits.ts'

/** A file of the closure beside its POM. */
export interface ClosureArtifact extends PomId {
  readonly classifier: string | undefined
  readonly extension: string
}

export interface ClosureComponents {
  /** The POM of exact coordinates; undefined when it cannot be had or read. May be asked for the same again. */
  readonly read: (id: PomId) => Promise<EffectivePom | undefined>
  /** The metadata of a project, for version ranges; undefined when it cannot be had or read. */
  readonly metadata: (project: ProjectId) => Promise<Metadata | undefined>
  /** Called once for each file, as soon as it is clear that it belongs. */
  readonly onArtifact: (artifact: ClosureArtifact) => void
  /** Called once for each file that belongs although its POM cannot be had: a client takes it without what it needs. */
  readonly onUnread?: (artifact: ClosureArtifact) => void
}

/** A POM that was read, relocations followed. */
interface ClosureNode {
  readonly id: PomId
  /** Compile and runtime dependencies, their versions exact. */
  readonly dependencies: readonly Dependency[]
}

/** Exclusions on the way from the root to a dependency. */
interface Way {
  readonly depth: number
  readonly excluded: readonly ProjectId[]
}

/** What a type means for the file's name; other types are extensions themselves. */
const TYPES: ReadonlyMap<string, { readonly extension: string; readonly classifier?: string }> =
  new Map([
    ['bundle', { extension: 'jar' }],
    ['ejb', { extension: 'jar' }],
    ['ejb-client', { extension: 'jar', classifier: 'client' }],
    ['eclipse-plugin', { extension: 'jar' }],
    ['java-source', { extension: 'jar', classifier: 'sources' }],
    ['javadoc', { extension: 'jar', classifier: 'javadoc' }],
    ['maven-plugin', { extension: 'jar' }],
    ['test-jar', { extension: 'jar', classifier: 'tests' }],
  ])

/** How the root is depended on, as far as anybody can tell from a request for its POM. */
const AS_JAR = {
  type: 'jar',
  classifier: undefined,
  scope: 'compile',
  optional: false,
  exclusions: [],
} as const

/**
 * Find what a client asks for once it depends on a POM: the POMs of all compile and runtime dependencies, and the
 * files of those versions that are nearest to the root. Optional ones are left out. POMs are read side by side, as
 * fast as they come.
 */
export async function walkClosure(root: PomId, components: ClosureComponents): Promise<void> {
  await new ClosureWalk(components).walk(root)
}

class ClosureWalk {
  readonly #components: ClosureComponents
  /** By coordinates; the promise is there before the POM is. */
  readonly #nodes = new Map<string, Promise<ClosureNode | undefined>>()
  readonly #told = new Set<string>()

  constructor(components: ClosureComponents) {
    this.#components = components
  }

  async walk(root: PomId): Promise<void> {
    const pom = await this.#components.read(root)
    // A parent or a BOM brings nothing by itself.
    if (pom === undefined || (pom.packaging === 'pom' && pom.relocation === undefined)) return
    const asked: Dependency = { ...root, ...AS_JAR }
    await this.#descend(asked, { depth: 0, excluded: [] })
    await this.#mediate(asked)
  }

  /** Read a POM and everything below it, once. */
  async #descend(dependency: Dependency, way: Way): Promise<void> {
    const key = formatId(dependency)
    if (this.#nodes.has(key) || way.depth > MAX_CLOSURE_DEPTH) return
    if (this.#nodes.size >= MAX_CLOSURE_POMS) return
    const reading = this.#read(dependency)
    this.#nodes.set(key, reading)
    const node = await reading
    if (node === undefined) return
    // Nothing is nearer than these, so their files need not wait for the rest.
    if (way.depth <= 1) this.#tell(dependency, node.id, this.#components.onArtifact)
    await Promise.all(
      node.dependencies
        .filter((child) => !isExcluded(child, way.excluded))
        .map((child) => this.#descend(child, below(child, way))),
    )
  }

  /** Go level by level: the first version of a file that is met is the one that a client takes. */
  async #mediate(root: Dependency): Promise<void> {
    const met = new Set([conflictKey(root)])
    let level = [{ dependency: root, way: { depth: 0, excluded: [] } as Way }]
    while (level.length > 0) {
      const next: typeof level = []
      for (const { dependency, way } of level) {
        const node = await this.#nodes.get(formatId(dependency))
        if (node === undefined) {
          this.#tell(dependency, dependency, this.#components.onUnread)
          continue
        }
        this.#tell(dependency, node.id, this.#components.onArtifact)
        for (const child of node.dependencies) {
          if (isExcluded(child, way.excluded) || met.has(conflictKey(child))) continue
          met.add(conflictKey(child))
          next.push({ dependency: child, way: below(child, way) })
        }
      }
      level = next
    }
  }

  /** Read a POM, or the one that it was relocated to. */
  async #read(asked: PomId): Promise<ClosureNode | undefined> {
    let id = asked
    for (let hops = 0; hops <= MAX_RELOCATIONS; hops += 1) {
      const pom = await this.#components.read(id)
      if (pom === undefined) return undefined
      if (pom.relocation === undefined) return await this.#toNode(id, pom)
      id = pom.relocation
    }
    return undefined
  }

  async #toNode(id: PomId, pom: EffectivePom): Promise<ClosureNode> {
    const wanted = pom.dependencies.filter(({ scope, optional }) => !optional && isAtRuntime(scope))
    const exact = await Promise.all(wanted.map((dependency) => this.#exact(dependency)))
    return { id, dependencies: exact.filter((dependency) => dependency !== undefined) }
  }

  /** Choose the version of a range, or of a word that stands for one. */
  async #exact(dependency: Dependency): Promise<Dependency | undefined> {
    const { version } = dependency
    const range = parseVersionRange(version)
    if (range === undefined && version !== 'LATEST' && version !== 'RELEASE') return dependency
    const metadata = await this.#components.metadata(dependency)
    if (metadata === undefined) return undefined
    const chosen =
      range === undefined
        ? version === 'LATEST'
          ? metadata.latest
          : metadata.release
        : highestInRange(range, metadata.versions)
    return chosen === undefined ? undefined : { ...dependency, version: chosen }
  }

  #tell(dependency: Dependency, id: PomId, to: ClosureComponents['onUnread']): void {
    if (to === undefined || dependency.type === 'pom') return
    const type = TYPES.get(dependency.type) ?? { extension: dependency.type }
    const classifier = dependency.classifier ?? type.classifier
    const { group, artifact, version } = id
    const file = { group, artifact, version, classifier, extension: type.extension }
    const key = `${formatId(id)}:${classifier ?? ''}:${type.extension}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    to(file)
  }
}

function below(dependency: Dependency, way: Way): Way {
  return { depth: way.depth + 1, excluded: [...way.excluded, ...dependency.exclusions] }
}

function isExcluded(project: ProjectId, excluded: readonly ProjectId[]): boolean {
  return excluded.some(
    ({ group, artifact }) =>
      (group === '*' || group === project.group) &&
      (artifact === '*' || artifact === project.artifact),
  )
}

function isAtRuntime(scope: string): boolean {
  return scope === 'compile' || scope === 'runtime'
}

/** Of the files with the same key only one version can be on a class path. */
function conflictKey({ group, artifact, type, classifier }: Dependency): string {
  return `${group}:${artifact}:${type}:${classifier ?? ''}`
}
