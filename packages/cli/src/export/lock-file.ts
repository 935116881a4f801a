import { isDigest } from '@jarswarm/manifest'
import { isPath } from '@jarswarm/maven'
import { UsageError } from '../usage-error.ts'
import { leftOutOf } from './left-out.ts'
import type { LeftOut, SignedFile, SignedList, SigningRepository } from './signed-list.ts'
import type { WantedFiles } from './wanted-files.ts'

const FORMAT = 'jarswarm lock 1'
/** Longest lockfile that is read; one of 10 000 files is a third of it. */
export const MAX_LOCK_BYTES = 16_777_216

/** The files of a build with the digests that were signed for them. */
export interface LockFile extends LeftOut {
  readonly format: typeof FORMAT
  /** How the list of files was made. */
  readonly from: WantedFiles['kind']
  readonly repositories: readonly SigningRepository[]
  readonly artifacts: readonly SignedFile[]
}

export function formatLock(from: WantedFiles['kind'], list: SignedList): string {
  const { repositories, files } = list
  const lock: LockFile = {
    format: FORMAT,
    from,
    repositories,
    artifacts: files,
    ...leftOutOf(list),
  }
  return `${JSON.stringify(lock, undefined, 2)}\n`
}

/** What of a lockfile is compared. */
export interface CheckedLock {
  readonly artifacts: readonly SignedFile[]
  /** Ids of repositories by the names that they had where the lockfile was written. */
  readonly ids: ReadonlyMap<string, string>
}

/**
 * Read what has to be checked of a lockfile.
 *
 * @throws {UsageError} when it is none
 */
export function parseLock(text: string, name: string): CheckedLock {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`Cannot read ${name}: it is no JSON`, { cause: error })
  }
  const { format, repositories, artifacts } = (value ?? {}) as Partial<Record<string, unknown>>
  if (format === FORMAT && areAll(repositories, isNamed) && areAll(artifacts, isArtifact)) {
    return { artifacts, ids: new Map(repositories.map((one) => [one.name, one.id])) }
  }
  throw new UsageError(`Cannot read ${name}: a lockfile of the format "${FORMAT}" is wanted`)
}

function areAll<T>(value: unknown, is: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is)
}

function isNamed(value: unknown): value is Pick<SigningRepository, 'name' | 'id'> {
  if (typeof value !== 'object' || value === null) return false
  const { name, id } = value as Record<string, unknown>
  return typeof name === 'string' && typeof id === 'string'
}

function isArtifact(value: unknown): value is SignedFile {
  if (typeof value !== 'object' || value === null) return false
  const { path, sha256, size, repository } = value as Record<string, unknown>
  return (
    typeof path === 'string' &&
    isPath(path) &&
    typeof sha256 === 'string' &&
    isDigest(sha256) &&
    typeof size === 'number' &&
    typeof repository === 'string'
  )
}
