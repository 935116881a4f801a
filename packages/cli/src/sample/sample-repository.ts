import { createHash } from 'node:crypto'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packJar } from './sample-jar.ts'
import { readLibrary } from './sample-library.ts'
import type { SampleLibrary } from './sample-library.ts'
import {
  formatProjectMetadata,
  formatSnapshotMetadata,
  snapshotBuild,
  snapshotVersion,
} from './sample-metadata.ts'
import { formatPom } from './sample-pom.ts'

/** The sources of the sample libraries; the same from `src/sample/` and from `dist/sample/`. */
const SOURCES_URL = new URL('../../../../examples/sample-repository/', import.meta.url)

const SIDECARS = ['sha1', 'md5'] as const

/**
 * Pack the sample libraries into a Maven repository, as a release tool would: jars, POMs, metadata, checksums.
 *
 * The same sources give the same bytes and times of last change.
 *
 * @param outDir directory of the repository; made if it is not there
 * @returns the libraries, dependencies before their dependents
 */
export async function packSampleRepository(outDir: string): Promise<readonly SampleLibrary[]> {
  const libraries = await readSampleLibraries()
  for (const library of libraries) await packVersion(outDir, library)
  for (const versions of Map.groupBy(libraries, projectDirectory).values()) {
    const [first] = versions
    if (first === undefined) continue
    await writeArtifact(join(outDir, projectDirectory(first), 'maven-metadata.xml'), {
      content: formatProjectMetadata(versions),
      builtAt: newestBuild(versions),
    })
  }
  return libraries
}

async function readSampleLibraries(): Promise<readonly SampleLibrary[]> {
  const directory = fileURLToPath(SOURCES_URL)
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const libraries = await Promise.all(
    names.sort().map((name) => readLibrary(join(directory, name))),
  )
  // In the order in which they were built, which is that of their dependencies, and of their versions.
  return libraries.toSorted((a, b) => (a.builds[0] < b.builds[0] ? -1 : 1))
}

async function packVersion(outDir: string, library: SampleLibrary): Promise<void> {
  const { artifact, version, builds } = library
  const directory = join(outDir, projectDirectory(library), version)
  const isSnapshot = version.endsWith('-SNAPSHOT')
  for (const [index, builtAt] of builds.entries()) {
    const shown = isSnapshot ? snapshotVersion(version, snapshotBuild(builtAt, index + 1)) : version
    const stem = join(directory, `${artifact}-${shown}`)
    await writeArtifact(`${stem}.jar`, { content: packJar(library, builtAt), builtAt })
    await writeArtifact(`${stem}.pom`, { content: formatPom(library), builtAt })
  }
  if (!isSnapshot) return
  await writeArtifact(join(directory, 'maven-metadata.xml'), {
    content: formatSnapshotMetadata(library),
    builtAt: newestBuild([library]),
  })
}

interface ArtifactContent {
  readonly content: Uint8Array | string
  readonly builtAt: string
}

/** Write a file and its checksums, in the form that Clojars gives them: hex digits alone. */
async function writeArtifact(path: string, { content, builtAt }: ArtifactContent): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const sidecars = SIDECARS.map((name): [string, string] => [
    `${path}.${name}`,
    createHash(name).update(content).digest('hex'),
  ])
  for (const [file, bytes] of [[path, content] as const, ...sidecars]) {
    await writeFile(file, bytes)
    await utimes(file, new Date(builtAt), new Date(builtAt))
  }
}

function projectDirectory({ group, artifact }: SampleLibrary): string {
  return `${group.replaceAll('.', '/')}/${artifact}`
}

function newestBuild(libraries: readonly SampleLibrary[]): string {
  return (
    libraries
      .flatMap(({ builds }) => builds)
      .toSorted()
      .at(-1) ?? ''
  )
}
