import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { SeededRandom } from '../faults/_random.ts'
import { seededBytes } from './_tree.ts'

/** Of the downloads at Clojars the most popular tenth of the jar versions has so much. */
const POPULAR = { versions: 0.1, downloads: 0.86 } as const
const PROJECT_ARTIFACTS = 40
const PROJECTS_OF_USER = 5
const JAR_BYTES = 20_000
const TWO_TO_32 = 2 ** 32

/** One version of a library: stem of the paths of its pom and jar. */
export type Artifact = string
/** All that a build resolves. */
export type Project = readonly Artifact[]

/** A repository whose versions are downloaded by Clojars' law of popularity, and what its users build. */
export class OutageModel {
  readonly builder: SignedRepositoryBuilder
  readonly artifacts: readonly Artifact[]
  readonly #random: SeededRandom
  /** Sum of the weights up to each artifact. */
  readonly #cumulated: readonly number[]

  /** @param init.origin where the files will be */
  constructor(init: { readonly versions: number; readonly seed: number; readonly origin: string }) {
    this.#random = new SeededRandom(init.seed)
    this.builder = new SignedRepositoryBuilder({ nowMs: Date.now(), origin: init.origin })
    this.artifacts = Array.from({ length: init.versions }, (_, at) => {
      const name = `library-${String(at)}`
      return `org/example/${name}/1.0/${name}-1.0`
    })
    for (const artifact of this.artifacts) {
      this.builder.put(`${artifact}.pom`, pomOf(artifact))
      this.builder.put(`${artifact}.jar`, seededBytes(artifact, JAR_BYTES))
    }
    this.builder.publish()
    let sum = 0
    this.#cumulated = popularity(init.versions).map((weight) => (sum += weight))
  }

  /** How many artifacts of the repository are files. */
  get files(): number {
    return 2 * this.artifacts.length
  }

  get bytes(): number {
    return this.artifacts.length * JAR_BYTES
  }

  /** An artifact by its popularity that is none of these. */
  draw(but: ReadonlySet<Artifact>): Artifact {
    for (;;) {
      const drawn = (this.#random.next() / TWO_TO_32) * (this.#cumulated.at(-1) ?? 0)
      const found = this.artifacts[this.#cumulated.findIndex((sum) => sum > drawn)]
      if (found !== undefined && !but.has(found)) return found
    }
  }

  project(): Project {
    const drawn = new Set<Artifact>()
    while (drawn.size < PROJECT_ARTIFACTS) drawn.add(this.draw(drawn))
    return [...drawn]
  }

  /** What somebody built so far. */
  user(): readonly Project[] {
    return Array.from({ length: PROJECTS_OF_USER }, () => this.project())
  }
}

/** Weights by rank, of the form 1 / rank^s, with the s that gives the popular tenth its part. */
function popularity(count: number): readonly number[] {
  let [low, high] = [0, 8]
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (popularPart(weights(count, middle)) < POPULAR.downloads) low = middle
    else high = middle
  }
  return weights(count, high)
}

const weights = (count: number, s: number): readonly number[] =>
  Array.from({ length: count }, (_, rank) => (rank + 1) ** -s)

function popularPart(all: readonly number[]): number {
  const sum = (some: readonly number[]): number => some.reduce((total, one) => total + one, 0)
  return sum(all.slice(0, Math.round(all.length * POPULAR.versions))) / sum(all)
}

function pomOf(artifact: Artifact): string {
  const [, , name] = artifact.split('/')
  return `<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>${String(name)}</artifactId><version>1.0</version></project>\n`
}
