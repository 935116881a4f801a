// The scan record of a state is a stack of files: the lowest and oldest holds most, each one above it what changed since.
// A publish adds a file of what it found, and takes those together with it that are not much larger. So each file is
// more than four times as large as the one above it: there are few, a line is rarely written anew, and a deploy costs
// what it changes, however large the repository is. No file ever changes, and states share those that stay.
import { join } from 'node:path'
import type { DurableFiles } from './durable-files.ts'
import { inTurns } from './in-turns.ts'
import { RecordDraft } from './record-draft.ts'
import { nextRecordName, recordPaths } from './record-files.ts'
import type { PlacedRecord, RecordFile } from './record-files.ts'
import { mergeRecordFiles } from './scan-record.ts'

/** A file stays when it is larger by this factor than what comes above it. */
const FACTOR = 4
/** A file up to this size does not stay: to write it anew costs next to nothing. */
const SMALL_BYTES = 16_384

/** A record, and what now differs from it. */
export interface RecordStep {
  readonly before: PlacedRecord
  readonly draft: RecordDraft
}

/**
 * Put the next record into a directory: that of the next state, or once more that of the record before. Durable after
 * the next `settle()`; when that is the same directory, the files that are not listed any more are still there.
 *
 * @returns the files, the oldest first
 */
export async function placeRecord(
  stateFiles: DurableFiles,
  { before, draft }: RecordStep,
  directory: string,
): Promise<readonly RecordFile[]> {
  draft.close()
  const kept = before.files.slice(0, countKept(before.files, draft.sizeBytes))
  if (directory !== before.directory) {
    for (const { name } of kept) {
      await stateFiles.link(join(before.directory, name), join(directory, name))
    }
  }
  const upper = { ...before, files: before.files.slice(kept.length) }
  const paths = [...recordPaths(upper), ...draft.files]
  // Above nothing, there is nothing that a path which left could hide.
  const top = paths.length <= 1 ? draft : await merge(stateFiles, paths, kept.length === 0)
  const [path] = top.files
  if (path === undefined) return kept
  const name = nextRecordName(before.files)
  await stateFiles.sync(path)
  await stateFiles.adopt(path, join(directory, name))
  return [...kept, { name, sizeBytes: top.sizeBytes }]
}

/** How many of the files stay as they are, when so much comes above them. */
function countKept(files: readonly RecordFile[], draftBytes: number): number {
  if (draftBytes === 0) return files.length
  let aboveBytes = draftBytes
  const top = files.findLastIndex(({ sizeBytes }) => {
    if (sizeBytes > Math.max(SMALL_BYTES, aboveBytes * FACTOR)) return true
    aboveBytes += sizeBytes
    return false
  })
  return top + 1
}

/** Take the upper files of a record together with what comes above them. */
async function merge(
  stateFiles: DurableFiles,
  paths: readonly string[],
  isLowest: boolean,
): Promise<RecordDraft> {
  const merged = new RecordDraft(stateFiles.temporaryPath())
  try {
    for await (const line of inTurns(mergeRecordFiles(paths))) {
      if (line.file !== undefined || !isLowest) merged.append(line)
    }
    return merged
  } finally {
    merged.close()
  }
}
