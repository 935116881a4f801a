import { escapeXml } from './sample-pom.ts'
import type { LibraryDescription } from './sample-library.ts'

/** One build of a snapshot. */
export interface SnapshotBuild {
  /** `20260104.091500` */
  readonly timestamp: string
  /** From 1. */
  readonly buildNumber: number
}

/** Write the `maven-metadata.xml` of a project: its versions, oldest first; at least one. */
export function formatProjectMetadata(libraries: readonly LibraryDescription[]): string {
  const versions = libraries.map(({ version }) => version)
  const release = versions.findLast((version) => !version.endsWith('-SNAPSHOT'))
  const [{ group, artifact }] = libraries as [LibraryDescription]
  return document([
    `  <groupId>${escapeXml(group)}</groupId>`,
    `  <artifactId>${escapeXml(artifact)}</artifactId>`,
    '  <versioning>',
    `    <latest>${escapeXml(versions.at(-1) ?? '')}</latest>`,
    ...(release === undefined ? [] : [`    <release>${escapeXml(release)}</release>`]),
    '    <versions>',
    ...versions.map((version) => `      <version>${escapeXml(version)}</version>`),
    '    </versions>',
    `    <lastUpdated>${lastUpdated(libraries.flatMap(({ builds }) => builds))}</lastUpdated>`,
    '  </versioning>',
  ])
}

/** Write the `maven-metadata.xml` of a snapshot version: which of its builds is the newest. */
export function formatSnapshotMetadata(library: LibraryDescription): string {
  const { group, artifact, version, builds } = library
  const build = snapshotBuild(builds.at(-1) ?? '', builds.length)
  const updated = lastUpdated(builds)
  const files = ['jar', 'pom'].flatMap((extension) => [
    '      <snapshotVersion>',
    `        <extension>${extension}</extension>`,
    `        <value>${escapeXml(snapshotVersion(version, build))}</value>`,
    `        <updated>${updated}</updated>`,
    '      </snapshotVersion>',
  ])
  return document([
    `  <groupId>${escapeXml(group)}</groupId>`,
    `  <artifactId>${escapeXml(artifact)}</artifactId>`,
    `  <version>${escapeXml(version)}</version>`,
    '  <versioning>',
    '    <snapshot>',
    `      <timestamp>${build.timestamp}</timestamp>`,
    `      <buildNumber>${String(build.buildNumber)}</buildNumber>`,
    '    </snapshot>',
    `    <lastUpdated>${updated}</lastUpdated>`,
    '    <snapshotVersions>',
    ...files,
    '    </snapshotVersions>',
    '  </versioning>',
  ])
}

/** The build that was made at a time. */
export function snapshotBuild(builtAt: string, buildNumber: number): SnapshotBuild {
  const digits = digitsOf(builtAt)
  return { timestamp: `${digits.slice(0, 8)}.${digits.slice(8)}`, buildNumber }
}

/** The version in the names of a build's files: `0.5.0-20260104.091500-1`. */
export function snapshotVersion(version: string, build: SnapshotBuild): string {
  const suffix = `${build.timestamp}-${String(build.buildNumber)}`
  return version.replace(/SNAPSHOT$/, suffix)
}

function document(lines: readonly string[]): string {
  const begin = ['<?xml version="1.0" encoding="UTF-8"?>', '<metadata modelVersion="1.1.0">']
  return [...begin, ...lines, '</metadata>', ''].join('\n')
}

function lastUpdated(builds: readonly string[]): string {
  return digitsOf(builds.toSorted().at(-1) ?? '')
}

/** `2026-01-04T09:15:00Z` as `20260104091500`. */
function digitsOf(time: string): string {
  return time.replace(/\D/g, '').slice(0, 14)
}
