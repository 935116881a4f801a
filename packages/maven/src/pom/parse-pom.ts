import { InvalidPomError } from '../errors.ts'
import type { Pom, PomDependency, PomId, ProjectId, Relocation } from './pom.ts'
import { childElement, childElements, childText, parseXml } from './xml.ts'
import type { XmlElement } from './xml.ts'
import { MAX_DEPENDENCIES, MAX_PROPERTIES, MAX_EXCLUSIONS } from '../limits.ts'

/**
 * Read a POM as it is written. Attackers hold the input.
 *
 * @throws {InvalidPomError} and nothing else
 */
export function parsePom(bytes: Uint8Array): Pom {
  const project = parseXml(bytes, 'project')
  const management = childElement(project, 'dependencyManagement')
  return {
    parent: parseParent(project),
    group: childText(project, 'groupId'),
    artifact: childText(project, 'artifactId'),
    version: childText(project, 'version'),
    packaging: childText(project, 'packaging') ?? 'jar',
    relocation: parseRelocation(project),
    properties: parseProperties(project),
    managed: management === undefined ? [] : parseDependencies(management),
    dependencies: parseDependencies(project),
  }
}

function parseParent(project: XmlElement): PomId | undefined {
  const parent = childElement(project, 'parent')
  if (parent === undefined) return undefined
  const id = parseProject(parent)
  const version = childText(parent, 'version')
  return id === undefined || version === undefined ? undefined : { ...id, version }
}

function parseRelocation(project: XmlElement): Relocation | undefined {
  const distribution = childElement(project, 'distributionManagement')
  const relocation =
    distribution === undefined ? undefined : childElement(distribution, 'relocation')
  if (relocation === undefined) return undefined
  const group = childText(relocation, 'groupId')
  const artifact = childText(relocation, 'artifactId')
  const version = childText(relocation, 'version')
  return {
    ...(group === undefined ? {} : { group }),
    ...(artifact === undefined ? {} : { artifact }),
    ...(version === undefined ? {} : { version }),
  }
}

function parseProperties(project: XmlElement): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  const element = childElement(project, 'properties') ?? {}
  for (const name of Object.keys(element).slice(0, MAX_PROPERTIES)) {
    const value = childText(element, name)
    if (value !== undefined) properties.set(name, value)
  }
  return properties
}

function parseDependencies(parent: XmlElement): readonly PomDependency[] {
  const list = childElement(parent, 'dependencies')
  if (list === undefined) return []
  const elements = childElements(list, 'dependency')
  if (elements.length > MAX_DEPENDENCIES) {
    throw new InvalidPomError(`${elements.length} dependencies, wanted at most ${MAX_DEPENDENCIES}`)
  }
  return elements.map(parseDependency).filter((dependency) => dependency !== undefined)
}

function parseDependency(element: XmlElement): PomDependency | undefined {
  const id = parseProject(element)
  if (id === undefined) return undefined
  const exclusions = childElement(element, 'exclusions')
  return {
    ...id,
    version: childText(element, 'version'),
    type: childText(element, 'type') ?? 'jar',
    classifier: childText(element, 'classifier'),
    scope: childText(element, 'scope'),
    optional: childText(element, 'optional'),
    exclusions: exclusions === undefined ? [] : parseExclusions(exclusions),
  }
}

function parseExclusions(list: XmlElement): readonly ProjectId[] {
  return childElements(list, 'exclusion')
    .slice(0, MAX_EXCLUSIONS)
    .map((exclusion) => ({
      group: childText(exclusion, 'groupId') ?? '*',
      artifact: childText(exclusion, 'artifactId') ?? '*',
    }))
}

function parseProject(element: XmlElement): ProjectId | undefined {
  const group = childText(element, 'groupId')
  const artifact = childText(element, 'artifactId')
  return group === undefined || artifact === undefined ? undefined : { group, artifact }
}
