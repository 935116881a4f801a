import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const POM = (version: string): string =>
  `<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>tiny</artifactId><version>${version}</version></project>\n`

/** Where the jar of a version lies in the repository. */
export const jarOf = (version: string): string => `org/example/tiny/${version}/tiny-${version}.jar`

/** Add a version of the one library of a tiny repository: a pom and a jar with known bytes. */
export function addVersion(tree: string, version: string): void {
  const jar = join(tree, jarOf(version))
  mkdirSync(dirname(jar), { recursive: true })
  writeFileSync(jar, jarBytes(version))
  writeFileSync(jar.replace(/jar$/, 'pom'), POM(version))
}

/** The bytes of the jar of a version. */
export const jarBytes = (version: string): Uint8Array =>
  new TextEncoder().encode(`tiny ${version}\n`.repeat(1_000))
