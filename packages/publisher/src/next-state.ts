import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  buildIndex,
  formatHead,
  formatHistoryLine,
  HistoryTree,
  updateIndex,
} from '@jarswarm/manifest'
import type { Digest, Head, IndexNode, IndexTotals } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import { manifestMirrors, manifestVersions, signManifest } from '@jarswarm/trust'
import type { PublishPlaces } from './complete-state.ts'
import { isErrno } from './errno.ts'
import { StateMismatchError } from './errors.ts'
import type { TreeChange } from './judge-file.ts'
import { DISK_PARALLEL, inParallel } from './in-parallel.ts'
import { isPackDue, writePack } from './pack-writer.ts'
import { formatCarriedState, readNewestState, stateFiles } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { RetiredFiles } from './retired-files.ts'
import type { RetiredKind } from './retired-files.ts'
import { readOptional, readSigners } from './state-directory.ts'

/** What a scan found to publish. */
export interface NextStateInit {
  /** The state to go on from; undefined before the first. */
  readonly before: PublishedState | undefined
  /** Ascending by path; at least one. */
  readonly changes: readonly TreeChange[]
  /** The new scan record, staged by the state's files. */
  readonly recordPath: string
  /** Base URL that somebody else than its operator saw these files at, or null. */
  readonly observed: string | null
  readonly nowMs: number
}

/**
 * Decide the next state: everything that is named by its digest is written into the tree, and all else into one
 * directory of the state directory, whose last rename is the decision.
 *
 * Nothing that readers of the tree look at has changed then; `completeState` does that.
 */
export async function decideNextState(
  places: PublishPlaces,
  init: NextStateInit,
): Promise<PublishedState> {
  const update = await updateObjects(places, init)
  const retired = await retire(places, init, update)
  await writeObjects(places, init, update.objects)
  const pack = await nextPack(places, init, update)
  const old = init.before?.carried.pack.pack.digest
  if (old !== undefined && old !== pack.pack.digest) {
    retired.add({ sinceSeconds: Math.floor(init.nowMs / 1000), kind: 'pack', digest: old })
  }
  retired.delete('pack', pack.pack.digest)
  const seq = (init.before?.head.seq ?? 0) + 1
  const history = extendHistory(init, seq)
  const head: Head = {
    seq,
    issued: `${new Date(init.nowMs).toISOString().slice(0, 19)}Z`,
    index: update.totals,
    history: { size: history.size, root: history.root },
    previous: init.before?.headDigest ?? null,
    observed: init.observed,
    pack: pack.pack,
  }
  const { manifest } = signManifest({
    root: places.state.roots.at(-1) ?? new Uint8Array(),
    head: formatHead(head),
    previous: init.before && manifestVersions(init.before.manifest),
    mirrors: init.before ? manifestMirrors(init.before.manifest) : [],
    nowMs: init.nowMs,
    signers: await readSigners(places.state.layout),
  })
  await commit(places, seq, [
    ...history.takeFiles().map(({ path, bytes }): StateFile => [join('log', path), bytes]),
    ['history', history.toBytes()],
    ['state.json', formatCarriedState({ pack })],
    ['retired', Buffer.from(retired.toString())],
    ['manifest', manifest],
    ['record', init.recordPath],
  ])
  const decided = await readNewestState(places.state.layout)
  if (decided?.head.seq !== seq) throw new Error(`Cannot read back state ${String(seq)}`)
  return decided
}

interface ObjectUpdate {
  readonly totals: IndexTotals
  /** Nodes and piece lists that are new. */
  readonly objects: readonly IndexNode[]
  /** Nodes that are no longer used. */
  readonly removed: readonly Digest[]
}

async function updateObjects(
  { tree }: PublishPlaces,
  { before, changes }: NextStateInit,
): Promise<ObjectUpdate> {
  const put = changes.flatMap(({ after }) => after ?? [])
  const remove = changes.flatMap(({ kind, before: entry }) =>
    kind === 'del' && entry !== undefined ? [entry.path] : [],
  )
  const pieceLists = changes.flatMap(({ pieceList, after }): IndexNode[] =>
    pieceList === undefined || after?.pieceList === undefined
      ? []
      : [{ digest: after.pieceList, bytes: pieceList }],
  )
  if (before === undefined) {
    const nodes: IndexNode[] = []
    const totals = buildIndex(put, (node) => nodes.push(node))
    return { totals, objects: [...pieceLists, ...nodes], removed: [] }
  }
  const update = await updateIndex(
    (digest) => readOptional(tree.object(digest)),
    before.head.index,
    { put, remove },
  )
  return {
    totals: update.totals,
    objects: [...pieceLists, ...update.added],
    removed: update.removed,
  }
}

/**
 * Note what leaves with this state. In the state before, what is about to be written is noted too, for it belongs to
 * nothing until the new state is decided.
 */
async function retire(
  places: PublishPlaces,
  { before, changes, nowMs }: NextStateInit,
  update: ObjectUpdate,
): Promise<RetiredFiles> {
  const sinceSeconds = Math.floor(nowMs / 1000)
  const retired = before?.retired.copy(sinceSeconds) ?? new RetiredFiles()
  for (const [kind, digest] of leaving(changes, update)) retired.add({ sinceSeconds, kind, digest })
  const orphans = before?.retired.copy(sinceSeconds) ?? new RetiredFiles()
  for (const [kind, digest] of coming(changes, update)) {
    orphans.add({ sinceSeconds, kind, digest })
    retired.delete(kind, digest)
  }
  if (before !== undefined) {
    const path = stateFiles(before.directory).retired
    await places.stateFiles.write(path, Buffer.from(orphans.toString()))
    await places.stateFiles.settle()
  }
  return retired
}

type NamedFile = readonly [kind: RetiredKind, digest: Digest]

function* leaving(changes: readonly TreeChange[], update: ObjectUpdate): Generator<NamedFile> {
  for (const digest of update.removed) yield ['object', digest]
  for (const { before } of changes) {
    if (before?.pieceList !== undefined) yield ['object', before.pieceList]
    if (before !== undefined && isMutablePath(before.path)) yield ['blob', before.digest]
  }
}

function* coming(changes: readonly TreeChange[], update: ObjectUpdate): Generator<NamedFile> {
  for (const { digest } of update.objects) yield ['object', digest]
  for (const { copyPath, after } of changes) {
    if (copyPath !== undefined && after !== undefined) yield ['blob', after.digest]
  }
}

/** Mutable files' bytes, then piece lists and nodes, durably. */
async function writeObjects(
  { tree, treeFiles }: PublishPlaces,
  { changes }: NextStateInit,
  objects: readonly IndexNode[],
): Promise<void> {
  await inParallel(changes, DISK_PARALLEL, async ({ copyPath, after }) => {
    if (copyPath === undefined || after === undefined) return
    await treeFiles.sync(copyPath)
    await treeFiles.adopt(copyPath, tree.blob(after.digest))
  })
  await inParallel(objects, DISK_PARALLEL, ({ digest, bytes }) =>
    treeFiles.writeOnce(tree.object(digest), bytes),
  )
  await treeFiles.settle()
}

async function nextPack(
  { tree, treeFiles }: PublishPlaces,
  { before }: NextStateInit,
  update: ObjectUpdate,
): Promise<PublishedState['carried']['pack']> {
  if (before !== undefined) {
    const { pack } = before.carried
    const drifted = { ...pack, drift: pack.drift + update.objects.length }
    if (!isPackDue(drifted)) return drifted
  }
  const target = { files: treeFiles, layout: tree }
  const source = (digest: Digest): Promise<Uint8Array | undefined> =>
    readOptional(tree.object(digest))
  const pack = await writePack(update.totals.root, source, target)
  await treeFiles.settle()
  return pack
}

function extendHistory({ before, changes }: NextStateInit, seq: number): HistoryTree {
  const history = before === undefined ? new HistoryTree() : HistoryTree.fromBytes(before.history)
  for (const { kind, before: old, after } of changes) {
    const entry = after ?? old
    if (entry === undefined) continue
    const { digest, sizeBytes, path } = entry
    history.append(formatHistoryLine({ seq, kind, digest, sizeBytes, path }))
  }
  return history
}

/** Its name in the state's directory, and its content or where that is staged. */
type StateFile = readonly [name: string, content: Uint8Array | string]

async function commit(
  { state, stateFiles: files }: PublishPlaces,
  seq: number,
  content: readonly StateFile[],
): Promise<void> {
  const directory = files.temporaryPath()
  await mkdir(join(directory, 'log'), { recursive: true })
  for (const [name, bytes] of content) {
    if (typeof bytes !== 'string') await files.write(join(directory, name), bytes)
    else {
      await files.sync(bytes)
      await files.adopt(bytes, join(directory, name))
    }
  }
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
