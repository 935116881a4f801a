import { join } from 'node:path'
import type { PublishPlaces } from './complete-state.ts'
import { placeRecord } from './place-record.ts'
import { formatCarriedState, recordOf, stateFiles } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import type { RecordDraft } from './record-draft.ts'

/**
 * Note in a state that stands published what its files are like now, while the index stays as it is. The list of the files
 * of the record changes at once, when they are durable; after a kill the files that it does not name go with the state.
 *
 * @returns the state with its new record
 */
export async function replaceRecord(
  { stateFiles: files }: PublishPlaces,
  state: PublishedState,
  draft: RecordDraft,
): Promise<PublishedState> {
  if (draft.files.length === 0) return state
  const { directory } = state
  const record = await placeRecord(files, { before: recordOf(state), draft }, directory)
  await files.settle()
  const carried = { ...state.carried, record }
  await files.write(stateFiles(directory).state, formatCarriedState(carried))
  await files.settle()
  const names = new Set(record.map(({ name }) => name))
  for (const { name } of state.carried.record) {
    if (!names.has(name)) await files.remove(join(directory, name))
  }
  await files.settle()
  return { ...state, carried }
}
