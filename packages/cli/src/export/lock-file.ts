import { isDigest } from '@jarswarm/manifest'
import { isPath } from '@jarswarm/maven'
import { UsageError } from '../usage-error.ts'
import type { SignedFile, SignedList, SigningRepository } from './signed-list.ts'
import type { WantedFiles } from './wanted-files.ts'

const FORMAT = 'jarswarm lock 1'
/** Longest lockfile that is read; one of 10 000 files is a third of it. */
export const MAX_LOCK_BYTES = 16_777_216

/** The files of a build with the digests that were signed for them. */
export interface LockFile {
  readonly format: typeof FORMAT
  /** How the list of files was made. */
  readonly from: WantedFiles['kind']
  readonly repositories: readonly SigningRepository[]
  readonly artifacts: readonly SignedFile[]
  /** Wanted, but named by no followed index. */
  readonly missing: readonly string[]
}

export function formatLock(from: WantedFiles['kind'], list: SignedList): string {
  const { repositories, files, missing } = list
  const lock: LockFile = { format: FORMAT, from, repositories, artifacts: files, missing }
  return `${JSON.stringify(lock, undefined, 2)}\n`
}

/**
 * Read what has to be checked of a lockfile.
 *
 * @throws {UsageError} when it is none
 */
export function parseLock(text: string, name: string): Pick<LockFile, 'artifacts'> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`Cannot read ${name}: it is no JSON`, { cause: error })
  }
  const { format, artifacts } = (value ?? {}) as Partial<Record<string, unknown>>
  if (format !== FORMAT || !Array.isArray(artifacts) || !artifacts.every(isArtifact)) {
    throw new UsageError(`Cannot read ${name}: a lockfile of the format "${FORMAT}" is wanted`)
  }
  return { artifacts }
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
