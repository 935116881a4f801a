import { dependencyKey, ModelReader } from './model-reader.ts'
import type { ManagedDependency } from './model-reader.ts'
import type { PomContext } from './pom-context.ts'
import type { PomLoader } from './pom-loader.ts'
import type { PomDependency, PomId, ProjectId } from './pom.ts'

/** A dependency with everything inherited, managed and put in. The version may still be a range. */
export interface Dependency extends PomId {
  readonly type: string
  readonly classifier: string | undefined
  /** `compile` unless written or managed. */
  readonly scope: string
  readonly optional: boolean
  readonly exclusions: readonly ProjectId[]
}

/** What a client makes of a POM: only what matters for the files that it will ask for. */
export interface EffectivePom {
  readonly id: PomId
  readonly packaging: string
  /** Where the project went: nothing else of this POM counts then. */
  readonly relocation: PomId | undefined
  readonly dependencies: readonly Dependency[]
}

/**
 * Make sense of a POM: parents, properties, managed versions and BOMs. Profiles are left out. What cannot be
 * understood is left out, too, for the result is a hint.
 *
 * @returns undefined when the POM itself cannot be had
 */
export async function readEffectivePom(
  id: PomId,
  load: PomLoader,
): Promise<EffectivePom | undefined> {
  const reader = new ModelReader(load)
  const context = await reader.readContext(id)
  const pom = context?.lineage[0]
  if (context === undefined || pom === undefined) return undefined
  const { packaging } = pom
  const relocation =
    pom.relocation === undefined ? undefined : context.id({ ...id, ...pom.relocation })
  if (relocation !== undefined) return { id, packaging, relocation, dependencies: [] }
  const managed = await reader.readManagement(context)
  const dependencies = [...writtenDependencies(context)]
    .map(([key, raw]) => toDependency(raw, context, managed.get(key)))
    .filter((dependency) => dependency !== undefined)
  return { id, packaging, relocation, dependencies }
}

/** Own dependencies, then inherited ones that the POM does not name itself. */
function writtenDependencies(context: PomContext): ReadonlyMap<string, PomDependency> {
  const written = new Map<string, PomDependency>()
  for (const raw of context.lineage.flatMap((pom) => pom.dependencies)) {
    const key = dependencyKey(raw, context)
    if (key !== undefined && !written.has(key)) written.set(key, raw)
  }
  return written
}

function toDependency(
  raw: PomDependency,
  context: PomContext,
  managed: ManagedDependency | undefined,
): Dependency | undefined {
  const fromManaged = (read: (raw: PomDependency) => string | undefined): string | undefined =>
    managed === undefined ? undefined : managed.context.text(read(managed.raw))
  const version = context.text(raw.version) ?? fromManaged((other) => other.version)
  const id = context.id({ ...raw, version: version ?? '' })
  if (id === undefined || version === undefined) return undefined
  const optional = context.text(raw.optional) ?? fromManaged((other) => other.optional)
  return {
    ...id,
    type: raw.type,
    classifier: context.text(raw.classifier),
    scope: context.text(raw.scope) ?? fromManaged((other) => other.scope) ?? 'compile',
    optional: optional === 'true',
    exclusions: [...raw.exclusions, ...(managed?.raw.exclusions ?? [])],
  }
}
