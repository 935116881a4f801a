import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { formatHead, formatHistoryLine, HistoryTree } from '@jarswarm/manifest'
import type { Digest, Head, HistoryFile } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import { manifestMirrors, manifestVersions, signManifest } from '@jarswarm/trust'
import type { ChangeLog } from './change-log.ts'
import type { PublishPlaces } from './complete-state.ts'
import { isErrno } from './errno.ts'
import { StateMismatchError } from './errors.ts'
import type { TreeChange } from './judge-file.ts'
import { DISK_PARALLEL, inParallel } from './in-parallel.ts'
import { objectSource, updateObjects } from './index-objects.ts'
import { foldWithdrawals, withWithdrawals } from './next-withdrawals.ts'
import type { ObjectUpdate, StagedNode } from './index-objects.ts'
import { isPackDue, writePack } from './pack-writer.ts'
import { placeRecord } from './place-record.ts'
import { formatCarriedState, readNewestState, recordOf, stateFiles } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import type { RecordDraft } from './record-draft.ts'
import { refuseFork } from './refuse-fork.ts'
import { RetiredFiles } from './retired-files.ts'
import type { RetiredKind } from './retired-files.ts'
import { readSigners } from './state-directory.ts'

/** What a scan found to publish. */
export interface NextStateInit {
  /** The state to go on from; undefined before the first. */
  readonly before: PublishedState | undefined
  /** Ascending by path. */
  readonly changes: ChangeLog
  /** How its scan record differs. */
  readonly draft: RecordDraft
  /** Base URL that somebody else than its operator saw these files at, or null. */
  readonly observed: string | null
  readonly nowMs: number
}

/**
 * Decide the next state: everything that is named by its digest is written into the tree, and all else into one
 * directory of the state directory, whose last rename is the decision.
 *
 * Nothing that readers of the tree look at has changed then; `completeState` does that.
 *
 * @throws {StateMismatchError} when the same keys signed a later state, or another publisher does so now
 */
export async function decideNextState(
  places: PublishPlaces,
  init: NextStateInit,
): Promise<PublishedState> {
  await refuseFork(places.state, init.before, init.nowMs)
  const issuedSeconds = Math.floor(init.nowMs / 1000)
  const seq = (init.before?.head.seq ?? 0) + 1
  const withdrawn = await foldWithdrawals(init, { seq, issuedSeconds })
  const update = withWithdrawals(await updateObjects(places, init), init.before, withdrawn)
  await noteComing(places, init, update)
  await writeObjects(places, init, update.nodes)
  const retired = await retire(init, update)
  const pack = await nextPack(places, init, update)
  retirePack(retired, init, pack.pack.digest)
  const directory = await openStateDraft(places)
  const history = await extendHistory(init, seq, ({ path, bytes }) =>
    places.stateFiles.write(join(directory, 'log', path), bytes),
  )
  const head: Head = {
    seq,
    issued: `${new Date(init.nowMs).toISOString().slice(0, 19)}Z`,
    index: update.totals,
    history: { size: history.size, root: history.root },
    previous: init.before?.headDigest ?? null,
    observed: init.observed,
    pack: pack.pack,
    withdrawn: update.withdrawals,
  }
  const record = await placeRecord(
    places.stateFiles,
    { before: recordOf(init.before), draft: init.draft },
    directory,
  )
  const { manifest } = signManifest({
    root: places.state.roots.at(-1) ?? new Uint8Array(),
    head: formatHead(head),
    previous: init.before && manifestVersions(init.before.manifest),
    mirrors: init.before ? manifestMirrors(init.before.manifest) : [],
    nowMs: init.nowMs,
    signers: await readSigners(places.state.layout),
  })
  await commit(places, { seq, directory }, [
    ['history', history.toBytes()],
    ['state.json', formatCarriedState({ pack, withdrawn, record })],
    ['retired', Buffer.from(retired.toString())],
    ['manifest', manifest],
  ])
  const decided = await readNewestState(places.state.layout)
  if (decided?.head.seq !== seq) throw new Error(`Cannot read back state ${String(seq)}`)
  return decided
}

/** Note in the state before what is about to be written, for it belongs to nothing until the new state is decided. */
async function noteComing(
  places: PublishPlaces,
  { before, changes, nowMs }: NextStateInit,
  update: ObjectUpdate,
): Promise<void> {
  if (before === undefined) return
  const sinceSeconds = Math.floor(nowMs / 1000)
  const orphans = before.retired.copy(sinceSeconds)
  for await (const [kind, digest] of coming(changes, update)) {
    orphans.add({ sinceSeconds, kind, digest })
  }
  await places.stateFiles.write(
    stateFiles(before.directory).retired,
    Buffer.from(orphans.toString()),
  )
  await places.stateFiles.settle()
}

type NamedFile = readonly [kind: RetiredKind, digest: Digest]

async function* leaving(changes: ChangeLog, update: ObjectUpdate): AsyncGenerator<NamedFile> {
  for await (const digest of update.removed()) yield ['object', digest]
  for await (const { before } of changes) {
    if (before?.pieceList !== undefined) yield ['object', before.pieceList]
    if (before !== undefined && isMutablePath(before.path)) yield ['blob', before.digest]
  }
}

async function* coming(changes: ChangeLog, update: ObjectUpdate): AsyncGenerator<NamedFile> {
  for (const { digest } of update.nodes) yield ['object', digest]
  for await (const { pieceListPath, copyPath, after } of changes) {
    if (after === undefined) continue
    if (pieceListPath !== undefined && after.pieceList) yield ['object', after.pieceList]
    if (copyPath !== undefined) yield ['blob', after.digest]
  }
}

/** The retired files of the new state: with what leaves, without what came. */
async function retire(
  { before, changes, nowMs }: NextStateInit,
  update: ObjectUpdate,
): Promise<RetiredFiles> {
  const sinceSeconds = Math.floor(nowMs / 1000)
  const retired = before?.retired.copy(sinceSeconds) ?? new RetiredFiles()
  for await (const [kind, digest] of leaving(changes, update)) {
    retired.add({ sinceSeconds, kind, digest })
  }
  for await (const [kind, digest] of coming(changes, update)) retired.delete(kind, digest)
  return retired
}

function retirePack(retired: RetiredFiles, { before, nowMs }: NextStateInit, digest: Digest): void {
  const old = before?.carried.pack.pack.digest
  if (old !== undefined && old !== digest) {
    retired.add({ sinceSeconds: Math.floor(nowMs / 1000), kind: 'pack', digest: old })
  }
  retired.delete('pack', digest)
}

/** Mutable files' bytes and piece lists, then nodes, durably. */
async function writeObjects(
  { tree, treeFiles }: PublishPlaces,
  { changes }: NextStateInit,
  nodes: readonly StagedNode[],
): Promise<void> {
  const place = async (from: string, to: string, change: TreeChange): Promise<void> => {
    if (change.isKept === true) await treeFiles.copy(from, to)
    else {
      await treeFiles.sync(from)
      await treeFiles.adopt(from, to)
    }
  }
  await inParallel(changes, DISK_PARALLEL, async (change) => {
    const { copyPath, pieceListPath, after } = change
    if (after === undefined) return
    if (copyPath !== undefined) await place(copyPath, tree.blob(after.digest), change)
    if (pieceListPath !== undefined && after.pieceList !== undefined) {
      await place(pieceListPath, tree.object(after.pieceList), change)
    }
  })
  await inParallel(nodes, DISK_PARALLEL, async ({ digest, content }) => {
    if (typeof content !== 'string') await treeFiles.writeOnce(tree.object(digest), content)
    else {
      await treeFiles.sync(content)
      await treeFiles.adopt(content, tree.object(digest))
    }
  })
  await treeFiles.settle()
}

async function nextPack(
  places: PublishPlaces,
  { before, changes }: NextStateInit,
  update: ObjectUpdate,
): Promise<PublishedState['carried']['pack']> {
  const { tree, treeFiles } = places
  if (before !== undefined) {
    const { pack } = before.carried
    const drifted = { ...pack, drift: pack.drift + update.nodes.length + changes.pieceLists }
    if (!isPackDue(drifted)) return drifted
  }
  const target = { files: treeFiles, layout: tree }
  const pack = await writePack(update.totals.root, objectSource(places), target)
  await treeFiles.settle()
  return pack
}

/** Append the changes, and write the log's full files on the way: not all of them are ever in memory. */
async function extendHistory(
  { before, changes }: NextStateInit,
  seq: number,
  write: (file: HistoryFile) => Promise<void>,
): Promise<HistoryTree> {
  const history = before === undefined ? new HistoryTree() : HistoryTree.fromBytes(before.history)
  for await (const { kind, before: old, after, reason } of changes) {
    const entry = after ?? old
    if (entry === undefined) continue
    const { digest, sizeBytes, path } = entry
    history.append(formatHistoryLine({ seq, kind, digest, sizeBytes, path, reason }))
    for (const file of history.takeFullFiles()) await write(file)
  }
  for (const file of history.takeFiles()) await write(file)
  return history
}

/** Its name in the state's directory, and its content. */
type StateFile = readonly [name: string, content: Uint8Array]

async function openStateDraft({ stateFiles: files }: PublishPlaces): Promise<string> {
  const directory = files.temporaryPath()
  await mkdir(join(directory, 'log'), { recursive: true })
  return directory
}

async function commit(
  { state, stateFiles: files }: PublishPlaces,
  { seq, directory }: { readonly seq: number; readonly directory: string },
  content: readonly StateFile[],
): Promise<void> {
  for (const [name, bytes] of content) await files.write(join(directory, name), bytes)
  await files.settle()
  try {
    // Compare and swap: a number that is taken is never given to another head.
    await files.adopt(directory, state.layout.state(seq))
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error
    throw new StateMismatchError(
      `Cannot publish seq ${String(seq)}: found it decided by another publisher, wanted to be the only one`,
      { cause: error },
    )
  }
  await files.settle()
}
