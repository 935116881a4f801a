import { join, resolve } from 'node:path'
import {
  busiestDay,
  countedWithdrawals,
  formatWithdrawalBatch,
  isReason,
  MAX_WITHDRAWALS_PER_DAY,
  sha256,
} from '@jarswarm/manifest'
import type { Digest, Withdrawal } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import { readRootTerms } from '@jarswarm/trust'
import type { RootProposal } from '@jarswarm/trust'
import { ChangeLog } from './change-log.ts'
import { completeState } from './complete-state.ts'
import { DurableFiles } from './durable-files.ts'
import { StateMismatchError, WithdrawalLimitError } from './errors.ts'
import { proposeRoot } from './next-root.ts'
import { decideNextState } from './next-state.ts'
import { foldWithdrawals } from './next-withdrawals.ts'
import { openPlaces } from './open-places.ts'
import type { OpenedPlaces } from './open-places.ts'
import { readNewestState, recordOf } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { RecordDraft } from './record-draft.ts'
import { recordPaths } from './record-files.ts'
import { readScanRecord } from './scan-record.ts'
import type { RecordedFile } from './scan-record.ts'
import { openStateDirectory } from './state-directory.ts'
import type { LockOptions } from './state-lock.ts'
import { sweep } from './sweep.ts'

export interface WithdrawOptions {
  readonly stateDir: string
  /** Where the published form stands. */
  readonly treeDir: string
  /** Repository paths; one that ends in a slash means all files below it. */
  readonly paths: readonly string[]
  /** Visible ASCII and single spaces, at most 200 bytes: it becomes the phrase of an HTTP answer. */
  readonly reason: string
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
  /** How long to wait for another publisher. @defaultValue not at all */
  readonly lock?: LockOptions | undefined
}

/** What a withdrawal did. Lists ascend by path. */
export interface WithdrawReport {
  /** Number of the head that is published now. */
  readonly seq: number
  /** Files that were withdrawn now, with the SHA-256 of each. */
  readonly withdrawn: readonly { readonly path: string; readonly digest: Digest }[]
  /** Paths that had been withdrawn before. */
  readonly already: readonly string[]
  /** Paths at which nothing is published. */
  readonly unknown: readonly string[]
}

/** A batch whose SHA-256 is proposed to the holders of the root. */
export interface ProposedWithdrawal {
  readonly proposal: RootProposal
  /** What `sha256sum` of the list is, and what the root is to name. */
  readonly batch: Digest
  /** File with the list, for the holders to read and compare. */
  readonly listFile: string
  readonly files: number
  readonly unknown: readonly string[]
}

/**
 * Withdraw files: they leave the index, the history says why, and no publish takes them in again unless told to. The files
 * themselves are not touched.
 *
 * @throws {TypeError} when the reason cannot stand in the history
 * @throws {WithdrawalLimitError} when it would be more than a day's
 * @throws {PublishRefusedError} when nothing was published yet, or publishing would be refused
 */
export async function withdrawPaths(options: WithdrawOptions): Promise<WithdrawReport> {
  checkReason(options.reason)
  const { nowMs = Date.now() } = options
  await using places = await openPlaces(options)
  const before = needState(places.newest, options.stateDir)
  const selection = await select(before, options.paths)
  const { leaving, already, unknown } = selection
  if (leaving.length === 0) return { seq: before.head.seq, withdrawn: [], already, unknown }
  const changes = new ChangeLog(places.stateFiles.temporaryPath())
  for (const { entry } of leaving) {
    changes.append({ kind: 'del', before: entry, after: undefined, reason: options.reason })
  }
  changes.close()
  const next = { before, changes, observed: before.head.observed, nowMs }
  await checkLimit(places, next)
  const draft = new RecordDraft(places.stateFiles.temporaryPath())
  for (const file of leaving) draft.compare(file, undefined)
  const state = await decideNextState(places, { ...next, draft })
  await completeState(places, state)
  await removeBlobs(places, state, leaving)
  await sweep(places, state, { nowMs })
  const withdrawn = leaving.map(({ entry: { path, digest } }) => ({ path, digest }))
  return { seq: state.head.seq, withdrawn, already, unknown }
}

/**
 * Propose the next root, which allows to withdraw these files with this reason, however many they are. Once it is in
 * force, `withdrawPaths` with the same paths and reason withdraws them.
 *
 * @throws {TypeError} when the reason cannot stand in the history
 * @throws {StateMismatchError} when nothing is published at any of the paths
 * @throws {ProposalUnderWayError} when another proposal was signed already
 * @throws {PublishRefusedError} of the state directory
 */
export async function proposeWithdrawal(
  options: Omit<WithdrawOptions, 'treeDir'> & { readonly replace?: boolean | undefined },
): Promise<ProposedWithdrawal> {
  const { stateDir, reason, replace, nowMs, lock } = options
  checkReason(reason)
  const { layout } = await openStateDirectory(resolve(stateDir))
  const state = needState(await readNewestState(layout), stateDir)
  const { leaving, unknown } = await select(state, options.paths)
  if (leaving.length === 0) {
    throw new StateMismatchError(
      `Cannot propose a withdrawal: found nothing published at these paths, wanted at least one file`,
    )
  }
  const list = formatWithdrawalBatch(
    leaving.map(({ entry: { path, digest } }) => ({ path, digest, reason })),
  )
  const batch = sha256(list)
  const change = { allowWithdrawals: [batch] }
  const proposal = await proposeRoot({ stateDir, change, replace, nowMs, lock })
  const listFile = join(resolve(stateDir), `withdrawal-${batch.slice(0, 16)}.txt`)
  const files = new DurableFiles(layout.temporary)
  await files.start()
  await files.write(listFile, list)
  await files.settle()
  await files.stop()
  return { proposal, batch, listFile, files: leaving.length, unknown }
}

/**
 * Read all that is withdrawn. Takes no lock and changes nothing.
 *
 * @throws {PublishRefusedError} when nothing was published yet, or the state directory cannot be read
 */
export async function readWithdrawn(stateDir: string): Promise<readonly Withdrawal[]> {
  const { layout } = await openStateDirectory(resolve(stateDir))
  return needState(await readNewestState(layout), stateDir).carried.withdrawn
}

function checkReason(reason: string): void {
  if (isReason(reason)) return
  throw new TypeError(
    `Cannot withdraw for the reason ${JSON.stringify(reason)}: up to 200 visible ASCII characters and single spaces are wanted`,
  )
}

function needState(state: PublishedState | undefined, stateDir: string): PublishedState {
  if (state !== undefined) return state
  throw new StateMismatchError(
    `Cannot withdraw: found no publish in ${stateDir}, wanted one; publish first`,
  )
}

interface Selection {
  readonly leaving: readonly RecordedFile[]
  readonly already: readonly string[]
  readonly unknown: readonly string[]
}

async function select(state: PublishedState, paths: readonly string[]): Promise<Selection> {
  const files = new Set(paths.filter((path) => !path.endsWith('/')))
  const folders = paths.filter((path) => path.endsWith('/'))
  const found = new Set<string>()
  const matches = (path: string): boolean => {
    const matching = folders.filter((folder) => path.startsWith(folder))
    if (files.has(path)) matching.push(path)
    for (const one of matching) found.add(one)
    return matching.length > 0
  }
  const leaving: RecordedFile[] = []
  for await (const file of readScanRecord(recordPaths(recordOf(state)))) {
    if (matches(file.entry.path)) leaving.push(file)
  }
  const already = state.carried.withdrawn.map(({ path }) => path).filter(matches)
  const unknown = [...new Set(paths)].filter((path) => !found.has(path))
  return { leaving, already: already.sort(), unknown: unknown.sort() }
}

/** As every node does: what it would hold back is not published. */
async function checkLimit(
  { state }: OpenedPlaces,
  next: { readonly before: PublishedState; readonly changes: ChangeLog; readonly nowMs: number },
): Promise<void> {
  const issuedSeconds = Math.floor(next.nowMs / 1000)
  const all = await foldWithdrawals(next, { seq: next.before.head.seq + 1, issuedSeconds })
  const allowed = new Set(state.roots.flatMap((root) => readRootTerms(root).withdrawals))
  const counted = countedWithdrawals(all, allowed)
  if (!counted.some(({ seq }) => seq > next.before.head.seq)) return
  const found = busiestDay(counted, issuedSeconds - 1)
  const wanted = MAX_WITHDRAWALS_PER_DAY
  if (found > wanted) throw new WithdrawalLimitError({ found, wanted })
}

/** Published copies of mutable files go at once: others stay for a week after they were replaced. */
async function removeBlobs(
  { tree, treeFiles }: OpenedPlaces,
  state: PublishedState,
  leaving: readonly RecordedFile[],
): Promise<void> {
  const digests = new Set(
    leaving
      .map(({ entry }) => entry)
      .filter(({ path }) => isMutablePath(path))
      .map(({ digest }) => digest),
  )
  if (digests.size === 0) return
  for await (const { entry } of readScanRecord(recordPaths(recordOf(state)))) {
    if (isMutablePath(entry.path)) digests.delete(entry.digest)
  }
  for (const digest of digests) await treeFiles.remove(tree.blob(digest))
  await treeFiles.settle()
}
