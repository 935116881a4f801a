import type { IndexEntry } from '@jarswarm/manifest'
import { PIECE_BYTES } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { SeededRandom } from '../faults/_random.ts'

/** Files of the repository that the shape is given for; others are scaled. */
const SHAPED_FILES = 2_000_000
/** Projects at that size, as Clojars has. */
const SHAPED_PROJECTS = 34_000
/** Each version has a pom and a jar; each project one mutable file. */
const FILES_PER_VERSION = 2
/** Flattens the head of the long tail: the project with most versions has some thousands, not a tenth of all. */
const TAIL_OFFSET = 20
/** Sizes of jars are log-normal: half are below the median, and one in a hundred above 1 MB. */
const MEDIAN_JAR_BYTES = 25_000
const JAR_SIGMA = 1.6
/** Clojars takes no larger upload. */
const MAX_JAR_BYTES = 30_000_000
const FIRST_MTIME_SECONDS = 1_270_000_000
const MTIME_SPAN_SECONDS = 520_000_000
const TWO_TO_32 = 2 ** 32

/** A project of the generated repository. */
export interface ShapedProject {
  /** Directory such as `io/group7/artifact7`. */
  readonly path: string
  readonly versions: number
}

/**
 * The projects of a repository of Clojars' shape: few with very many versions, most with a handful.
 *
 * @param files how many artifacts all of them have, about
 */
export function clojarsProjects(files: number): readonly ShapedProject[] {
  const count = Math.max(1, Math.round((SHAPED_PROJECTS * files) / SHAPED_FILES))
  const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + TAIL_OFFSET))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const versions = (files - count) / FILES_PER_VERSION
  return weights.map((weight, at) => ({
    path: projectPath(at),
    versions: Math.max(1, Math.round((versions * weight) / sum)),
  }))
}

/**
 * The entries of such a repository, project by project; the same for the same seed. Digests are random: no file has them.
 *
 * @param files how many, about: each project has at least three
 */
export function* clojarsEntries(files: number, seed: number): Generator<IndexEntry> {
  const random = new SeededRandom(seed)
  for (const project of clojarsProjects(files)) {
    for (let version = 0; version < project.versions; version += 1)
      yield* versionEntries(project.path, versionName(version), random)
    yield entryOf(`${project.path}/maven-metadata.xml`, 300 + 30 * project.versions, random)
  }
}

/** Pom and jar of one version. */
export function versionEntries(
  project: string,
  version: string,
  random: SeededRandom,
): readonly IndexEntry[] {
  const artifact = project.slice(project.lastIndexOf('/') + 1)
  const stem = `${project}/${version}/${artifact}-${version}`
  return [
    entryOf(`${stem}.jar`, jarBytes(random), random),
    entryOf(`${stem}.pom`, 1_000 + random.below(5_000), random),
  ]
}

function projectPath(at: number): string {
  // Half of Clojars names the group like the artifact, the other half by a reversed domain.
  return at % 2 === 0
    ? `library-${String(at)}/library-${String(at)}`
    : `io/github/author${String(at % 9_973)}/library-${String(at)}`
}

function versionName(at: number): string {
  return `${String(Math.floor(at / 100))}.${String(Math.floor(at / 10) % 10)}.${String(at % 10)}`
}

function jarBytes(random: SeededRandom): number {
  const size = Math.exp(Math.log(MEDIAN_JAR_BYTES) + JAR_SIGMA * normal(random))
  return Math.min(MAX_JAR_BYTES, Math.max(500, Math.round(size)))
}

/** A number of the standard normal distribution, by Box and Muller. */
function normal(random: SeededRandom): number {
  const radius = Math.sqrt(-2 * Math.log((random.next() + 1) / TWO_TO_32))
  return radius * Math.cos((2 * Math.PI * random.next()) / TWO_TO_32)
}

function entryOf(path: string, sizeBytes: number, random: SeededRandom): IndexEntry {
  const digest = hexOf(random, 8)
  return {
    path: path as RepositoryPath,
    digest,
    sha1: hexOf(random, 5),
    sizeBytes,
    mtimeSeconds: FIRST_MTIME_SECONDS + random.below(MTIME_SPAN_SECONDS),
    pieceList: sizeBytes > PIECE_BYTES ? hexOf(random, 8) : undefined,
  }
}

/** So many words of 32 bits in hexadecimal. */
function hexOf(random: SeededRandom, words: number): string {
  let hex = ''
  for (let word = 0; word < words; word += 1) hex += random.next().toString(16).padStart(8, '0')
  return hex
}
