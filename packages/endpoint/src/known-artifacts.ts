import type { IndexEntry } from '@jarswarm/manifest'
import { pomOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { artifactFacts } from './file-answer.ts'
import type { FileFacts } from './file-answer.ts'

/** What follows from an entry of the index alone. */
export interface KnownArtifact {
  readonly facts: FileFacts
  /** What a client reads before it; undefined when nothing. */
  readonly pom: RepositoryPath | undefined
}

/** Remembers what follows from an entry for as long as whoever resolves paths remembers the entry itself. */
export class KnownArtifacts {
  readonly #known = new WeakMap<IndexEntry, KnownArtifact>()

  of(entry: IndexEntry, mutable: boolean): KnownArtifact {
    const known = this.#known.get(entry)
    if (known?.facts.mutable === mutable) return known
    const made = { facts: artifactFacts(entry, mutable), pom: pomOf(entry.path) }
    this.#known.set(entry, made)
    return made
  }
}
