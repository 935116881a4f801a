import { MAX_ENTRIES_READ } from '@jarswarm/mirror'
import type { MirroredRepository } from '@jarswarm/mirror'
import type { IndexEntry, Withdrawal } from '@jarswarm/manifest'
import { isPath, sidecarOf } from '@jarswarm/maven'
import type { AbortOptions, BlobStore } from '@jarswarm/ports'
import { NotFoundError } from '../errors.ts'
import { MAX_LOOKUP_PATHS } from '../limits/limits.ts'
import type { IndexedFile, PathFinding, WithdrawnFile, WithdrawnList } from '../node-control.ts'

export interface PathLookupComponents {
  readonly blobs: BlobStore
  readonly repositories: () => readonly MirroredRepository[]
}

/** Says what the signed indexes of all followed repositories state of paths, whoever's files they name. */
export class PathLookup {
  readonly #components: PathLookupComponents

  constructor(components: PathLookupComponents) {
    this.#components = components
  }

  /** @throws {RangeError} for more than {@link MAX_LOOKUP_PATHS} */
  async findAll(
    paths: readonly string[],
    options: AbortOptions = {},
  ): Promise<readonly PathFinding[]> {
    if (paths.length > MAX_LOOKUP_PATHS) {
      throw new RangeError(
        `Cannot look up ${String(paths.length)} paths: at most ${String(MAX_LOOKUP_PATHS)} at a time`,
      )
    }
    return await Promise.all(paths.map((path) => this.#find(path, options)))
  }

  /** Each repository that names the path, with its entry. */
  async entries(
    path: string,
    options: AbortOptions = {},
  ): Promise<{
    readonly named: readonly { repository: MirroredRepository; entry: IndexEntry }[]
    readonly withdrawn: PathFinding['withdrawn']
    readonly unsure: string | undefined
  }> {
    const named: { repository: MirroredRepository; entry: IndexEntry }[] = []
    const withdrawn: WithdrawnFile[] = []
    let unsure: string | undefined
    if (!isPath(path) || sidecarOf(path) !== undefined) return { named, withdrawn, unsure }
    for (const repository of this.#components.repositories()) {
      const found = await repository.resolve(path, { ...options, indexOnly: true })
      if (found.kind === 'artifact') named.push({ repository, entry: found.entry })
      if (found.kind === 'withdrawn') withdrawn.push(toWithdrawn(repository.name, found))
      if (found.kind === 'unknown') unsure = `${repository.name}: ${found.reason}`
    }
    return { named, withdrawn, unsure }
  }

  /**
   * What is withdrawn from one of them.
   *
   * @throws {NotFoundError} when there is none of this name
   */
  withdrawn(name: string): Promise<WithdrawnList> {
    const repository = this.#components.repositories().find((one) => one.name === name)
    if (repository === undefined) {
      return Promise.reject(
        new NotFoundError(
          `Cannot tell what is withdrawn from ${name}: no such repository is followed here`,
        ),
      )
    }
    const all = repository.withdrawn
    const newest = all.slice(-MAX_ENTRIES_READ).toReversed()
    const files = newest.map((one) => ({ path: one.path, ...toWithdrawn(name, one) }))
    return Promise.resolve({ count: all.length, files })
  }

  async #find(path: string, options: AbortOptions): Promise<PathFinding> {
    const { named, withdrawn, unsure } = await this.entries(path, options)
    const indexed: IndexedFile[] = []
    for (const { repository, entry } of named) {
      const { digest, sha1, sizeBytes, mtimeSeconds } = entry
      const held = await this.#components.blobs.has(digest)
      indexed.push({ repository: repository.name, digest, sha1, sizeBytes, mtimeSeconds, held })
    }
    return { path, indexed, withdrawn, unsure: unsure ?? null }
  }
}

function toWithdrawn(
  repository: string,
  { digest, reason, issuedSeconds }: Pick<Withdrawal, 'digest' | 'reason' | 'issuedSeconds'>,
): WithdrawnFile {
  const issued = new Date(issuedSeconds * 1000).toISOString()
  return { repository, digest, reason: reason ?? null, issued }
}
