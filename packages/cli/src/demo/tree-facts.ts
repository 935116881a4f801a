import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isBookkeeping, isPath, sidecarOf } from '@jarswarm/maven'

/** The demo shows how a large file comes in pieces; one of this size does, and is here in a moment. */
const MAX_SHOWN_BYTES = 64 * 1024 * 1024

const POM_OR_ARCHIVE = /\.(?:jar|war|aar|pom)$/

/** Hashing more than this takes longer than anybody looks at a demo. */
const MAX_HASHED_BYTES = 256 * 1024 * 1024

/** A file of the demo's tree. */
export interface TreeFileFacts {
  readonly path: string
  readonly sizeBytes: number
}

/** All files of a tree that the index names, largest first. */
export async function listArtifacts(treeDir: string): Promise<readonly TreeFileFacts[]> {
  const entries = await readdir(treeDir, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(treeDir, join(parentPath, name)))
    .filter((path) => isArtifact(path))
  const facts = await Promise.all(
    paths.map(async (path) => ({ path, sizeBytes: (await stat(join(treeDir, path))).size })),
  )
  return facts.toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.path < b.path ? -1 : 1))
}

/** As `repo publish` chooses: no checksums, nothing hidden, no bookkeeping of clients. */
function isArtifact(path: string): boolean {
  return isPath(path) && sidecarOf(path) === undefined && !isBookkeeping(path)
}

/** The file that the demo fetches: the largest one that does not make anybody wait. */
export function chooseArtifact(artifacts: readonly TreeFileFacts[]): TreeFileFacts | undefined {
  const fitting = artifacts.filter(
    ({ path, sizeBytes }) => POM_OR_ARCHIVE.test(path) && sizeBytes <= MAX_SHOWN_BYTES,
  )
  return fitting.find(({ path }) => path.endsWith('.jar')) ?? fitting[0]
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
