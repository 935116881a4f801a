import type { Dependency, PomId, ProjectId } from '@jarswarm/maven'
import { keywordValues, readClojure } from './clojure-form.ts'
import type { ClojureForm } from './clojure-form.ts'

/** The dependencies that a project file names, and what of it was not understood. */
export interface ProjectDependencies {
  readonly dependencies: readonly Dependency[]
  readonly remarks: readonly string[]
}

/**
 * Read the `:deps` of a `deps.edn`. Aliases are left out.
 *
 * @throws {SyntaxError}
 */
export function readDepsEdn(text: string): ProjectDependencies {
  const deps = keywordValues(itemsOf(readClojure(text)[0])).get(':deps')
  const items = itemsOf(deps)
  const read: (Dependency | string)[] = []
  for (let at = 0; at + 1 < items.length; at += 2) read.push(fromDeps(items[at], items[at + 1]))
  return divide(read)
}

/**
 * Read the `:dependencies` of a `project.clj`, with versions from its `:managed-dependencies`. Profiles are left out.
 *
 * @throws {SyntaxError}
 */
export function readProjectClj(text: string): ProjectDependencies {
  const project = readClojure(text).find((form) => textOf(itemsOf(form)[0]) === 'defproject')
  const settings = keywordValues(itemsOf(project))
  const managed = new Map<string, string | undefined>()
  for (const form of itemsOf(settings.get(':managed-dependencies'))) {
    const [name, version] = itemsOf(form)
    managed.set(textOf(name) ?? '', stringOf(version))
  }
  return divide(itemsOf(settings.get(':dependencies')).map((form) => fromVector(form, managed)))
}

/** What a project depends on itself is fetched whatever its scope. */
export function wantedOf(dependencies: readonly Dependency[]): readonly Dependency[] {
  return dependencies
    .filter(({ scope }) => scope !== 'system' && scope !== 'import')
    .map((dependency) => ({ ...dependency, scope: 'compile', optional: false }))
}

function fromDeps(
  lib: ClojureForm | undefined,
  value: ClojureForm | undefined,
): Dependency | string {
  const name = textOf(lib)
  const settings = keywordValues(itemsOf(value))
  const version = stringOf(settings.get(':mvn/version'))
  if (name === undefined || version === undefined) {
    return `${name ?? 'a dependency'} is not from a Maven repository`
  }
  const [library = '', classifier] = name.split('$')
  const exclusions = itemsOf(settings.get(':exclusions')).map(projectOf)
  const extension = stringOf(settings.get(':extension'))
  return toDependency({ ...projectId(library), version }, { classifier, extension, exclusions })
}

function fromVector(
  form: ClojureForm,
  managed: ReadonlyMap<string, string | undefined>,
): Dependency | string {
  const [lib, second] = itemsOf(form)
  const name = textOf(lib)
  if (name === undefined) return `a dependency is not written as [group/artifact "version"]`
  const version = stringOf(second) ?? managed.get(name)
  if (version === undefined) return `the version of ${name} is not written in the file`
  const settings = keywordValues(itemsOf(form))
  return toDependency(
    { ...projectId(name), version },
    {
      classifier: stringOf(settings.get(':classifier')),
      extension: stringOf(settings.get(':extension')),
      exclusions: itemsOf(settings.get(':exclusions')).map(projectOf),
    },
  )
}

interface Extras {
  readonly classifier: string | undefined
  readonly extension: string | undefined
  readonly exclusions: readonly ProjectId[]
}

function toDependency(id: PomId, { classifier, extension, exclusions }: Extras): Dependency {
  return {
    ...id,
    type: extension ?? 'jar',
    classifier,
    scope: 'compile',
    optional: false,
    exclusions,
  }
}

/** `ring` is `ring/ring`. */
export function projectId(name: string): ProjectId {
  const [group = '', artifact = group] = name.split('/')
  return { group, artifact }
}

/** `a/b`, or `[a/b :classifier …]`. */
function projectOf(form: ClojureForm): ProjectId {
  return projectId(textOf(form) ?? textOf(itemsOf(form)[0]) ?? '')
}

function itemsOf(form: ClojureForm | undefined): readonly ClojureForm[] {
  return form !== undefined && 'items' in form ? form.items : []
}

function textOf(form: ClojureForm | undefined): string | undefined {
  return form?.kind === 'symbol' || form?.kind === 'string' ? form.text : undefined
}

function stringOf(form: ClojureForm | undefined): string | undefined {
  return form?.kind === 'string' ? form.text : undefined
}

function divide(read: readonly (Dependency | string)[]): ProjectDependencies {
  return {
    dependencies: read.filter((one) => typeof one !== 'string'),
    remarks: read.filter((one) => typeof one === 'string'),
  }
}
