/** A project, in one version or all of them. */
export interface ProjectId {
  /** With dots: `org.clojure`. */
  readonly group: string
  readonly artifact: string
}

/** One version of a project: what a POM describes. */
export interface PomId extends ProjectId {
  readonly version: string
}

/** A dependency as a POM writes it; anything but type and exclusions may hold `${...}` or be absent. */
export interface PomDependency extends ProjectId {
  readonly version: string | undefined
  /** `jar` unless written. */
  readonly type: string
  readonly classifier: string | undefined
  readonly scope: string | undefined
  readonly optional: string | undefined
  /** `*` stands for every group, or every artifact. */
  readonly exclusions: readonly ProjectId[]
}

/** Where a project went: what is absent stayed as it was. */
export type Relocation = Partial<PomId>

/** A POM as written, before anything is inherited or put in. */
export interface Pom {
  readonly parent: PomId | undefined
  readonly group: string | undefined
  readonly artifact: string | undefined
  readonly version: string | undefined
  /** `jar` unless written. */
  readonly packaging: string
  readonly relocation: Relocation | undefined
  readonly properties: ReadonlyMap<string, string>
  /** dependencyManagement, BOM imports among it. */
  readonly managed: readonly PomDependency[]
  readonly dependencies: readonly PomDependency[]
}
