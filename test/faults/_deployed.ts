import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SeededRandom } from './_random.ts'

/** A file of a Maven repository. */
export interface DeployedFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Every so many versions have a jar that is fetched in pieces. */
const LARGE_EVERY = 100
const LARGE_BYTES = 300_000
const MIN_BYTES = 1_000
const MAX_BYTES = 12_000

/** The files of one deploy: a release with its pom, and the metadata that names it. The same for the same version. */
export function formatDeployed(version: number): readonly DeployedFile[] {
  const name = `1.${String(version)}`
  const directory = `org/example/lib/${name}/lib-${name}`
  return [
    { path: `${directory}.pom`, bytes: Buffer.from(`<project>${name}</project>\n`) },
    { path: `${directory}.jar`, bytes: noise(version) },
    {
      path: 'org/example/lib/maven-metadata.xml',
      bytes: Buffer.from(`<metadata>${name}</metadata>\n`),
    },
  ]
}

/** Put the files of one deploy into a tree, as whatever deploys does: without a sync. */
export async function deploy(tree: string, version: number): Promise<void> {
  for (const { path, bytes } of formatDeployed(version)) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), bytes)
  }
}

/** Where the jar of a version lies. */
export function deployedJar(version: number): string {
  return `org/example/lib/1.${String(version)}/lib-1.${String(version)}.jar`
}

/** Bytes that no disk can shorten. */
function noise(version: number): Uint8Array {
  const random = new SeededRandom(version)
  const large = version % LARGE_EVERY === 0
  const size = large ? LARGE_BYTES : MIN_BYTES + random.below(MAX_BYTES - MIN_BYTES)
  const words = Uint32Array.from({ length: Math.ceil(size / 4) }, () => random.next())
  return new Uint8Array(words.buffer, 0, size)
}
