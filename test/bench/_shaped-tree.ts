import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { IndexEntry } from '@jarswarm/manifest'
import { SeededRandom } from '../faults/_random.ts'
import { clojarsEntries, clojarsProjects, versionEntries } from './_clojars-shape.ts'

const SEED = 1

/** How much was written. */
export interface ShapedTree {
  /** All of different bytes. */
  readonly files: number
  readonly bytes: number
}

/**
 * Write a tree of Clojars' shape, the same each time but for the sizes: what counts here is the number of files.
 *
 * @param shape.files how many, about
 * @param shape.maxBytes larger files are cut to that
 */
export function writeShapedTree(
  directory: string,
  shape: { readonly files: number; readonly maxBytes: number },
): ShapedTree {
  let made = ''
  let files = 0
  let bytes = 0
  for (const entry of clojarsEntries(shape.files, SEED)) {
    const folder = dirname(entry.path)
    if (folder !== made) mkdirSync(join(directory, folder), { recursive: true })
    made = folder
    bytes += writeEntry(directory, entry, shape.maxBytes)
    files += 1
  }
  return { files, bytes }
}

/**
 * Deploy one more version of a project of such a tree, as a deploying tool does: pom, jar, and the project's changed metadata,
 * each with its checksum behind it.
 *
 * @param shape.version unused so far
 * @returns paths of the three
 */
export function deployVersion(
  directory: string,
  shape: { readonly files: number; readonly maxBytes: number; readonly version: string },
): readonly string[] {
  const projects = clojarsProjects(shape.files)
  const { path = '' } = projects[Math.floor(projects.length / 2)] ?? {}
  const entries = versionEntries(path, shape.version, new SeededRandom(SEED + shape.version.length))
  const metadata = `${path}/maven-metadata.xml`
  mkdirSync(join(directory, path, shape.version), { recursive: true })
  for (const entry of entries) {
    writeEntry(directory, entry, shape.maxBytes)
    writeChecksum(join(directory, entry.path))
  }
  writeFileSync(
    join(directory, metadata),
    `<metadata><release>${shape.version}</release></metadata>`,
  )
  writeChecksum(join(directory, metadata))
  return [...entries.map((entry) => entry.path), metadata]
}

function writeChecksum(file: string): void {
  writeFileSync(`${file}.sha1`, createHash('sha1').update(readFileSync(file)).digest('hex'))
}

/** Begins with what no other file has, then repeats it: nothing here looks inside. */
function writeEntry(
  directory: string,
  { path, digest, sizeBytes }: IndexEntry,
  maxBytes: number,
): number {
  const size = Math.min(sizeBytes, maxBytes)
  writeFileSync(join(directory, path), Buffer.alloc(size, `${digest} ${path}\n`))
  return size
}
