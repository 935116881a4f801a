import type { Pom, PomDependency, PomId } from './pom.ts'
import { PomContext } from './pom-context.ts'
import type { PomLoader } from './pom-loader.ts'
import { MAX_PARENTS, MAX_IMPORT_DEPTH, MAX_POMS_PER_MODEL } from '../limits.ts'

/** What dependencyManagement says of a dependency, and where its properties get their values. */
export interface ManagedDependency {
  readonly raw: PomDependency
  readonly context: PomContext
}

/** Loads what one POM needs, within a bound. */
export class ModelReader {
  readonly #load: PomLoader
  #left = MAX_POMS_PER_MODEL

  constructor(load: PomLoader) {
    this.#load = load
  }

  /** A POM and its parents; undefined when the POM itself cannot be had. A parent that cannot ends the chain. */
  async readContext(id: PomId): Promise<PomContext | undefined> {
    const lineage: Pom[] = []
    const seen = new Set<string>()
    for (let next: PomId | undefined = id; next !== undefined;) {
      const key = formatId(next)
      if (seen.has(key) || lineage.length > MAX_PARENTS) break
      seen.add(key)
      const pom = await this.#read(next)
      if (pom === undefined) break
      lineage.push(pom)
      next = pom.parent
    }
    return lineage.length === 0 ? undefined : new PomContext(id, lineage)
  }

  /**
   * All that is managed in a context: own and inherited first, then what BOMs bring, the first word on a dependency
   * being the one that counts.
   *
   * @param importedBy keys of the BOMs that led here, so that circles end
   */
  async readManagement(
    context: PomContext,
    importedBy: readonly string[] = [],
  ): Promise<ReadonlyMap<string, ManagedDependency>> {
    const managed = new Map<string, ManagedDependency>()
    const boms: PomId[] = []
    for (const raw of context.lineage.flatMap((pom) => pom.managed)) {
      const bom = raw.scope === 'import' && raw.type === 'pom' ? context.id(raw) : undefined
      if (bom !== undefined) boms.push(bom)
      addFirst(managed, dependencyKey(raw, context), { raw, context })
    }
    const imported = await Promise.all(boms.map((bom) => this.#import(bom, importedBy)))
    for (const [key, value] of imported.flatMap((entries) => [...entries])) {
      addFirst(managed, key, value)
    }
    return managed
  }

  async #import(
    bom: PomId,
    importedBy: readonly string[],
  ): Promise<ReadonlyMap<string, ManagedDependency>> {
    const key = formatId(bom)
    if (importedBy.includes(key) || importedBy.length >= MAX_IMPORT_DEPTH) return new Map()
    const context = await this.readContext(bom)
    if (context === undefined) return new Map()
    return await this.readManagement(context, [...importedBy, key])
  }

  async #read(id: PomId): Promise<Pom | undefined> {
    if (this.#left <= 0) return undefined
    this.#left -= 1
    return await this.#load(id)
  }
}

/** What a dependency is found by in dependencyManagement; undefined when its properties are not known. */
export function dependencyKey(raw: PomDependency, context: PomContext): string | undefined {
  const group = context.text(raw.group)
  const artifact = context.text(raw.artifact)
  if (group === undefined || artifact === undefined) return undefined
  return `${group}:${artifact}:${raw.type}:${context.text(raw.classifier) ?? ''}`
}

/** `group:artifact:version` */
export function formatId({ group, artifact, version }: PomId): string {
  return `${group}:${artifact}:${version}`
}

function addFirst<T>(map: Map<string, T>, key: string | undefined, value: T): void {
  if (key !== undefined && !map.has(key)) map.set(key, value)
}
