import { DatabaseFailedError } from '@jarswarm/files'
import { describeFailure, OriginLostError, UnusableAnswerError } from '@jarswarm/http'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { isErrno } from './errno.ts'
import { TreeShrunkError } from './errors.ts'
import { judgeMissing, judgeReading, wait } from './judge-file.ts'
import type { Verdict } from './judge-file.ts'
import type { Observation } from './observation-store.ts'
import { observeFile } from './observe-file.ts'
import type { Observer } from './observe-file.ts'
import type { RecordedFile } from './scan-record.ts'
import type { Judge } from './scan-tree.ts'
import type { ScannedFile } from './tree-file.ts'

/** What the scan record says of a file that was seen at an origin: the rest stands in the store of observations. */
const SEEN_STAMP = '1'

/** So few may go at once without a question. */
const MIN_GONE = 10

export interface JudgeOriginOptions {
  /** Ask for known releases too. */
  readonly recheck: boolean
  readonly signal: AbortSignal | undefined
}

export interface OriginJudge extends Judge<ScannedFile> {
  /**
   * Whether what the origin lost can be true.
   *
   * @throws {TreeShrunkError} when more than half of the published mutable files that it was asked for are gone
   */
  readonly checkGone: (url: string) => void
  /**
   * Whether the origin answered at all when it was asked.
   *
   * @throws {OriginLostError} when it did not, not once
   */
  readonly checkAnswers: (url: string) => void
}

/** What came of asking an origin. */
interface Tally {
  answered: number
  failed: number
  /** Why a file could not be had, the last time. */
  reason: string
}

/** Says what becomes of the files of an origin that is looked at from outside. */
export function judgeOrigin(observer: Observer, options: JudgeOriginOptions): OriginJudge {
  const mutable = { asked: 0, gone: 0 }
  const tally: Tally = { answered: 0, failed: 0, reason: '' }
  return {
    checkAnswers: (url) => {
      const { answered, failed, reason } = tally
      if (failed === 0 || answered > 0) return
      throw new OriginLostError(
        url,
        `none of ${String(failed)} files could be read, the last one with: ${reason}`,
      )
    },
    checkGone: (url) => {
      const wanted = Math.ceil(mutable.asked / 2)
      const found = mutable.asked - mutable.gone
      if (mutable.gone < MIN_GONE || found >= wanted) return
      throw new TreeShrunkError(url, { found, wanted })
    },
    known: ({ path }, recorded) => {
      // A release never changes: it is asked for once, unless something was wrong with it or somebody wants to know.
      const isDone = recorded?.stamp !== undefined && recorded.refused === undefined
      return isDone && !options.recheck && !isMutablePath(path) ? { recorded } : undefined
    },
    look: async ({ path }, recorded) => {
      const verdict = await look({ ...observer, tally }, { path, recorded }, options)
      if (recorded !== undefined && isMutablePath(path)) {
        mutable.asked += 1
        if (verdict.missing !== undefined) mutable.gone += 1
      }
      return verdict
    },
  }
}

interface Listed {
  readonly path: RepositoryPath
  readonly recorded: RecordedFile | undefined
}

async function look(
  observer: Observer & { readonly tally: Tally },
  listed: Listed,
  { recheck, signal }: JudgeOriginOptions,
): Promise<Verdict> {
  const { path, recorded } = listed
  signal?.throwIfAborted()
  const seen = await readUsable(observer, listed)
  // A release that was seen, but not published before the run ended.
  const isNew = recorded === undefined && !recheck && !isMutablePath(path)
  if (isNew && seen !== undefined && seen.mismatch === undefined) {
    return judge(observer, listed, seen)
  }
  try {
    const sight = await observeFile(observer, path, seen)
    observer.tally.answered += 1
    if (sight.kind === 'absent') {
      return judgeMissing(recorded, `the origin answers ${String(sight.status)}`)
    }
    const { observation, readBytes } = sight
    const verdict = await judge(observer, listed, observation)
    return { ...verdict, ...(readBytes > 0 && { hashedBytes: readBytes }) }
  } catch (error) {
    signal?.throwIfAborted()
    if (isOurs(error)) throw error
    const reason = describeFailure(error)
    noteFailure(observer.tally, error, reason)
    return wait(recorded, `cannot read it: ${reason}`)
  }
}

/** A refusal is an answer. */
function noteFailure(tally: Tally, error: unknown, reason: string): void {
  if (error instanceof UnusableAnswerError) tally.answered += 1
  else {
    tally.failed += 1
    tally.reason = reason
  }
}

/** What was seen, if what is needed to publish it is still there. */
async function readUsable(
  { store }: Observer,
  { path, recorded }: Listed,
): Promise<Observation | undefined> {
  const seen = await store.get(path)
  if (seen === undefined || seen.digest === recorded?.entry.digest) return seen
  if (seen.pieceList !== undefined && !(await store.has(seen.pieceList))) return undefined
  return isMutablePath(path) && !(await store.has(seen.digest)) ? undefined : seen
}

async function judge(
  { store }: Observer,
  { path, recorded }: Listed,
  seen: Observation,
): Promise<Verdict> {
  const { pieceList, mismatch } = seen
  return judgeReading(
    {
      path,
      digests: seen,
      mtimeSeconds: seen.mtimeSeconds,
      stamp: SEEN_STAMP,
      copyPath: isMutablePath(path) ? store.pathOf(seen.digest) : undefined,
      isKept: true,
      stagePieces: () =>
        Promise.resolve(
          pieceList === undefined
            ? undefined
            : { digest: pieceList, path: store.pathOf(pieceList) },
        ),
      checkSidecars: () =>
        Promise.resolve(mismatch === undefined ? [] : [{ algorithm: 'sha1', reason: mismatch }]),
      binding: ['sha1'],
    },
    recorded,
  )
}

/** What ends the whole crawl: the origin is lost, or our own disk fails. */
function isOurs(error: unknown): boolean {
  return (
    error instanceof OriginLostError ||
    isErrno(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE') ||
    error instanceof DatabaseFailedError
  )
}
