import { writeFileSync } from 'node:fs'
import { namePath } from '@jarswarm/files'
import { access } from 'node:fs/promises'
import { buildIndexFrom, removedObjects, updateIndex } from '@jarswarm/manifest'
import type { Digest, IndexEntry, IndexNode, IndexTotals } from '@jarswarm/manifest'
import type { ChangeLog } from './change-log.ts'
import type { PublishPlaces } from './complete-state.ts'
import { isErrno } from './errno.ts'
import { DISK_PARALLEL, inParallel } from './in-parallel.ts'
import { recordOf } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import type { RecordDraft } from './record-draft.ts'
import { recordPaths } from './record-files.ts'
import { readScanRecord } from './scan-record.ts'
import { readOptional } from './state-directory.ts'

/** More changes than this are not applied to the old index in memory: the new one is built from the scan record. */
export const MAX_UPDATE_CHANGES = 20_000

/** An index node, in memory or staged in the tree's directory of unfinished files. */
export interface StagedNode {
  readonly digest: Digest
  readonly content: Uint8Array | string
}

export interface ObjectUpdate {
  readonly totals: IndexTotals
  /** Nodes that are new. */
  readonly nodes: readonly StagedNode[]
  /** Nodes that are no longer used; to be asked when the new ones stand in the tree. */
  readonly removed: () => AsyncIterable<Digest> | Iterable<Digest>
}

/** Where the old index is and what changed. */
export interface ObjectUpdateInit {
  readonly before: PublishedState | undefined
  readonly changes: ChangeLog
  /** How the scan record differs. */
  readonly draft: RecordDraft
  /** @defaultValue {@link MAX_UPDATE_CHANGES} */
  readonly maxUpdateChanges?: number
}

/** Make the nodes of the next index. Nothing is given its name yet. */
export async function updateObjects(
  places: PublishPlaces,
  init: ObjectUpdateInit,
): Promise<ObjectUpdate> {
  const { before, changes, maxUpdateChanges = MAX_UPDATE_CHANGES } = init
  if (before === undefined || changes.size > maxUpdateChanges) return rebuild(places, init)
  const put: IndexEntry[] = []
  const remove: IndexEntry['path'][] = []
  for await (const { before: was, after } of changes) {
    if (after !== undefined) put.push(after)
    else if (was !== undefined) remove.push(was.path)
  }
  const source = objectSource(places)
  const { totals, added, removed } = await updateIndex(source, before.head.index, { put, remove })
  const nodes = added.map(({ digest, bytes }) => ({ digest, content: bytes }))
  return { totals, nodes, removed: () => removed }
}

/** Reads published index nodes and piece lists. */
export function objectSource({
  tree,
}: PublishPlaces): (digest: Digest) => Promise<Uint8Array | undefined> {
  return (digest) => readOptional(tree.object(digest))
}

async function rebuild(
  places: PublishPlaces,
  { before, draft }: ObjectUpdateInit,
): Promise<ObjectUpdate> {
  const made: StagedNode[] = []
  const stage = ({ digest, bytes }: IndexNode): void => {
    // The index is built in one go: nobody waits meanwhile whom a synchronous write could hold up.
    const content = places.treeFiles.temporaryPath()
    writeStaged(content, bytes)
    made.push({ digest, content })
  }
  const files = [...recordPaths(recordOf(before)), ...draft.files]
  const totals = await buildIndexFrom(entriesOf(files), stage)
  const nodes = before === undefined ? made : await withoutPublished(places, made)
  return { totals, nodes, removed: () => leavingNodes(places, before, totals) }
}

async function* entriesOf(files: readonly string[]): AsyncGenerator<IndexEntry> {
  for await (const { entry } of readScanRecord(files)) yield entry
}

async function* leavingNodes(
  places: PublishPlaces,
  before: PublishedState | undefined,
  after: IndexTotals,
): AsyncGenerator<Digest> {
  if (before === undefined) return
  const step = { before: before.head.index.root, after: after.root }
  for await (const { kind, digest } of removedObjects(objectSource(places), step)) {
    if (kind === 'node') yield digest
  }
}

/** What stands in the tree is used by the state before, or retired already: it may not be noted as an orphan. */
async function withoutPublished(
  { tree }: PublishPlaces,
  nodes: readonly StagedNode[],
): Promise<StagedNode[]> {
  const missing = new Set<Digest>()
  await inParallel(nodes, DISK_PARALLEL, async ({ digest }) => {
    try {
      await access(tree.object(digest))
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
      missing.add(digest)
    }
  })
  return nodes.filter(({ digest }) => missing.has(digest))
}

function writeStaged(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes, { flag: 'wx' })
  } catch (error) {
    namePath(error, path)
    throw error
  }
}
