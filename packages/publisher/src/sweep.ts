import { isMutablePath } from '@jarswarm/maven'
import type { PublishPlaces } from './complete-state.ts'
import { recordOf, stateFiles } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { recordPaths } from './record-files.ts'
import type { RetiredFile } from './retired-files.ts'
import { readScanRecord } from './scan-record.ts'

/**
 * A deploy leaves what has just expired to others, for up to a day: to remove anything, all that is published has to be
 * looked through, and in a repository of many deploys something expires each time.
 */
export const SWEEP_PATIENCE_MS = 86_400_000

/**
 * Remove published files whose time is over, unless something that is published uses them again.
 *
 * @param when.patienceMs nothing is removed until something's time has been over for so long. @defaultValue 0
 */
export async function sweep(
  places: PublishPlaces,
  state: PublishedState,
  { nowMs, patienceMs = 0 }: { readonly nowMs: number; readonly patienceMs?: number | undefined },
): Promise<void> {
  if (state.retired.expired(nowMs - patienceMs).length === 0) return
  const expired = new Map(
    state.retired.expired(nowMs).map((file) => [`${file.kind} ${file.digest}`, file]),
  )
  const kept = state.retired.copy(Math.floor(nowMs / 1000))
  for (const { kind, digest } of expired.values()) kept.delete(kind, digest)
  // Two paths may share a piece list or a blob, and only one of them may have gone.
  for await (const { entry } of readScanRecord(recordPaths(recordOf(state)))) {
    if (entry.pieceList !== undefined) expired.delete(`object ${entry.pieceList}`)
    if (isMutablePath(entry.path)) expired.delete(`blob ${entry.digest}`)
  }
  expired.delete(`pack ${state.carried.pack.pack.digest}`)
  for (const file of expired.values()) await places.treeFiles.remove(pathOf(places, file))
  await places.treeFiles.settle()
  await places.stateFiles.write(stateFiles(state.directory).retired, Buffer.from(kept.toString()))
  await places.stateFiles.settle()
}

function pathOf({ tree }: PublishPlaces, { kind, digest }: RetiredFile): string {
  switch (kind) {
    case 'object':
      return tree.object(digest)
    case 'blob':
      return tree.blob(digest)
    case 'pack':
      return tree.pack(digest)
  }
}
