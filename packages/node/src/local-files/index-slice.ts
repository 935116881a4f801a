import type { IndexEntry } from '@jarswarm/manifest'
import { MAX_ENTRIES_READ } from '@jarswarm/mirror'
import type { Mirror } from '@jarswarm/mirror'
import type { AbortOptions } from '@jarswarm/ports'
import { NotFoundError } from '../errors.ts'

/** Which entries of an index are wanted. */
export interface IndexQuery {
  /** Name of a followed repository. */
  readonly repository: string
  /** Draw so many at random, instead of reading them in order. At most 10 000. */
  readonly sample?: number | undefined
  /** Go on behind this path. @defaultValue from the first */
  readonly after?: string | undefined
}

/** Some entries of a signed index. */
export interface IndexSlice {
  readonly repository: string
  /** Number of the newest head; the entries are of its index, or of the one before while that is taken up. */
  readonly seq: number
  /** Files that the whole index names. */
  readonly files: number
  readonly entries: readonly IndexEntry[]
  /** Where to go on; null at the end, and for a sample. */
  readonly next: string | null
}

/**
 * Read some entries of the index of a followed repository.
 *
 * @throws {NotFoundError} when there is no such repository
 * @throws {UnavailableError} when the index is not complete here
 */
export async function readIndexSlice(
  mirror: Mirror,
  { repository: name, sample, after = '' }: IndexQuery,
  options: AbortOptions,
): Promise<IndexSlice> {
  const repository = mirror.find(name)
  if (repository === undefined) {
    throw new NotFoundError(`Cannot read the index of ${name}: no such repository is followed here`)
  }
  const { entries } = repository
  const found =
    sample === undefined
      ? await entries.page(after, MAX_ENTRIES_READ, options)
      : await entries.sample(sample, Math.random, options)
  const isMore = sample === undefined && found.length === MAX_ENTRIES_READ
  return {
    repository: name,
    seq: repository.head?.seq ?? 0,
    files: repository.status().index.files,
    entries: found,
    next: isMore ? (found.at(-1)?.path ?? null) : null,
  }
}
