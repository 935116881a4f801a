import type { Dependency, LibraryDescription } from './sample-library.ts'

/** Write the POM of a library. */
export function formatPom(library: LibraryDescription): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    '  <modelVersion>4.0.0</modelVersion>',
    ...formatCoordinates(library).map((line) => `  ${line}`),
    '  <packaging>jar</packaging>',
    `  <name>${escapeXml(library.artifact)}</name>`,
    `  <description>${escapeXml(library.description)}</description>`,
    '  <licenses>',
    '    <license>',
    '      <name>Eclipse Public License 2.0</name>',
    '      <url>https://www.eclipse.org/legal/epl-2.0/</url>',
    '    </license>',
    '  </licenses>',
    ...formatDependencies(library.dependencies),
    '</project>',
    '',
  ].join('\n')
}

/** Write the `pom.properties` that stands beside the POM in a jar. */
export function formatPomProperties({ group, artifact, version }: LibraryDescription): string {
  return `groupId=${group}\nartifactId=${artifact}\nversion=${version}\n`
}

/** Make a text safe between two tags. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function formatDependencies(dependencies: readonly Dependency[]): readonly string[] {
  if (dependencies.length === 0) return []
  const items = dependencies.flatMap((dependency) => [
    '    <dependency>',
    ...formatCoordinates(dependency).map((line) => `      ${line}`),
    '    </dependency>',
  ])
  return ['  <dependencies>', ...items, '  </dependencies>']
}

function formatCoordinates({ group, artifact, version }: Dependency): readonly string[] {
  return [
    `<groupId>${escapeXml(group)}</groupId>`,
    `<artifactId>${escapeXml(artifact)}</artifactId>`,
    `<version>${escapeXml(version)}</version>`,
  ]
}
