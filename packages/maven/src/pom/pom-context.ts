import { interpolate } from './interpolate.ts'
import type { Pom, PomId, ProjectId } from './pom.ts'

/** One POM with its parents, as the place where names of properties get their values. */
export class PomContext {
  /** The POM itself, its parent, and so on. */
  readonly lineage: readonly Pom[]
  readonly #id: PomId

  /** @param id under which the POM was found, which it need not say itself */
  constructor(id: PomId, lineage: readonly Pom[]) {
    this.#id = id
    this.lineage = lineage
  }

  /** A text with properties put in; undefined when it is absent or names what is not known. */
  text(raw: string | undefined): string | undefined {
    return raw === undefined ? undefined : interpolate(raw, (name) => this.#lookUp(name))
  }

  /** Coordinates with properties put in. */
  id(raw: ProjectId & { readonly version: string | undefined }): PomId | undefined {
    const group = this.text(raw.group)
    const artifact = this.text(raw.artifact)
    const version = this.text(raw.version)
    if (group === undefined || artifact === undefined || version === undefined) return undefined
    return { group, artifact, version }
  }

  #lookUp(name: string): string | undefined {
    const local = name.replace(/^(?:project|pom)\./, '')
    // `${project.version}` is the model's whatever a property says, the bare `${version}` only where none does.
    return local === name
      ? (this.#property(name) ?? this.#fact(name))
      : (this.#fact(local) ?? this.#property(name))
  }

  #fact(name: string): string | undefined {
    const [pom] = this.lineage
    if (name === 'packaging') return pom?.packaging
    const ofParent = name.startsWith('parent.')
    const id = ofParent ? pom?.parent : this.#id
    switch (ofParent ? name.slice('parent.'.length) : name) {
      case 'groupId':
        return id?.group
      case 'artifactId':
        return id?.artifact
      case 'version':
        return id?.version
      default:
        return undefined
    }
  }

  #property(name: string): string | undefined {
    for (const { properties } of this.lineage) {
      const value = properties.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }
}
