import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** The demo shows how a large file comes in pieces; one of this size does, and is here in a moment. */
const MAX_SHOWN_BYTES = 64 * 1024 * 1024

const ARTIFACT_NAME = /\.(?:jar|war|aar|pom)$/

/** Hashing more than this takes longer than anybody looks at a demo. */
const MAX_HASHED_BYTES = 256 * 1024 * 1024

/** A file of the demo's tree. */
export interface TreeFileFacts {
  readonly path: string
  readonly sizeBytes: number
}

/** All jars and poms of a tree, largest first. */
export async function listArtifacts(treeDir: string): Promise<readonly TreeFileFacts[]> {
  const entries = await readdir(treeDir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && ARTIFACT_NAME.test(entry.name))
  const facts = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name)
      const path = relative(treeDir, file).replaceAll('\\', '/')
      return { path, sizeBytes: (await stat(file)).size }
    }),
  )
  return facts.toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.path < b.path ? -1 : 1))
}

/** The file that the demo fetches: the largest one that does not make anybody wait. */
export function chooseArtifact(artifacts: readonly TreeFileFacts[]): TreeFileFacts | undefined {
  const jars = artifacts.filter(({ path }) => path.endsWith('.jar'))
  return (jars.length > 0 ? jars : artifacts).find(({ sizeBytes }) => sizeBytes <= MAX_SHOWN_BYTES)
}

/** How many different blobs the files are; the smallest ones only, when all together are too many to hash. */
export async function countBlobs(
  treeDir: string,
  artifacts: readonly TreeFileFacts[],
): Promise<number> {
  const digests = new Set<string>()
  let hashedBytes = 0
  for (const { path, sizeBytes } of artifacts.toReversed()) {
    hashedBytes += sizeBytes
    if (hashedBytes > MAX_HASHED_BYTES) break
    digests.add(await hashOfFile(join(treeDir, path)))
  }
  return digests.size
}

/** SHA-256 of a file, in hex. */
export async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
