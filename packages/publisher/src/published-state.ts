// One directory `states/<seq>/` of the state directory holds all that is known of one state:
//
// manifest   the root manifest, as it must stand in the tree
// state.json what goes on from state to state, beside the next three; it lists the files of the scan record
// history    the growing end of the history
// record.…   files of the scan record; those that stay are shared with the state before
// retired    files to be removed in time
// log/…      tiles and entry bundles that this state adds, to be copied into the tree
// published  empty; there once the manifest stands in the tree
//
// The directory gets its name by one rename, which fails when the number is taken: that is the moment when a state
// is decided. Whatever happens then, the next run only completes it.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openDocument, sealDocument } from '@jarswarm/files'
import type { DocumentMembers } from '@jarswarm/files'
import { formatWithdrawals, HistoryTree, parseHead, sha256 } from '@jarswarm/manifest'
import type { Digest, Head, Withdrawal } from '@jarswarm/manifest'
import { parseManifest } from '@jarswarm/trust'
import { CorruptStateError } from './errors.ts'
import type { StateLayout } from './layout.ts'
import type { PackState } from './pack-writer.ts'
import { checkRecordFiles } from './record-files.ts'
import type { PlacedRecord, RecordFile } from './record-files.ts'
import { RetiredFiles } from './retired-files.ts'
import { readOptional } from './state-directory.ts'

const STATE_FORMAT = 'jarswarm state 2'
/** As it was when the scan record was one file: there is no list of its files. */
const OLDER_STATE_FORMAT = 'jarswarm state 1'

/** What goes on from one state to the next in `state.json`. */
export interface CarriedState {
  readonly pack: PackState
  /** All that was withdrawn and has not come back. */
  readonly withdrawn: readonly Withdrawal[]
  /** The scan record, in the directory of the state, the oldest file first. */
  readonly record: readonly RecordFile[]
}

/** A state that was decided, and perhaps not completely published yet. */
export interface PublishedState {
  readonly directory: string
  readonly manifest: Uint8Array
  readonly head: Head
  /** SHA-256 of `head.json`. */
  readonly headDigest: Digest
  readonly carried: CarriedState
  /** Kept bytes of the history's growing end. */
  readonly history: Uint8Array
  readonly retired: RetiredFiles
  /** Whether the tree once had this state completely. */
  readonly wasPublished: boolean
}

/** Names of the files of one state. */
export interface StateFiles {
  readonly manifest: string
  readonly state: string
  readonly history: string
  readonly retired: string
  readonly log: string
  readonly published: string
}

/** Where the files of one state stand. */
export function stateFiles(directory: string): StateFiles {
  return {
    manifest: join(directory, 'manifest'),
    state: join(directory, 'state.json'),
    history: join(directory, 'history'),
    retired: join(directory, 'retired'),
    log: join(directory, 'log'),
    published: join(directory, 'published'),
  }
}

/** Where the scan record of a state is; before the first state it has no files. */
export function recordOf(state: PublishedState | undefined): PlacedRecord {
  return { directory: state?.directory ?? '', files: state?.carried.record ?? [] }
}

/** Write `state.json`, with its own checksum. */
export function formatCarriedState(carried: CarriedState): Uint8Array {
  return Buffer.from(sealDocument({ format: STATE_FORMAT, ...carried }))
}

/**
 * Read the newest state that was decided; undefined before the first.
 *
 * @throws {CorruptStateError} when it is damaged
 */
export async function readNewestState(layout: StateLayout): Promise<PublishedState | undefined> {
  const newest = (await stateNumbers(layout)).at(-1)
  if (newest === undefined) return undefined
  const directory = layout.state(newest)
  const files = stateFiles(directory)
  const manifest = await readNeeded(files.manifest)
  const { head: headBytes } = parseManifest(manifest)
  const head = parseHead(headBytes)
  if (head.seq !== newest) {
    throw new CorruptStateError(
      `Cannot read ${files.manifest}: found seq ${String(head.seq)}, wanted ${String(newest)}`,
    )
  }
  const history = await readNeeded(files.history)
  const tree = HistoryTree.fromBytes(history)
  if (tree.size !== head.history.size || tree.root !== head.history.root) {
    throw new CorruptStateError(
      `Cannot read ${files.history}: found root ${tree.root} over ${String(tree.size)} lines, ` +
        `wanted ${head.history.root} over ${String(head.history.size)} as in the head`,
    )
  }
  const carried = parseCarriedState(files.state, await readNeeded(files.state))
  const listed = formatWithdrawals(carried.withdrawn).pointer?.digest
  if (listed !== head.withdrawn?.digest) {
    throw new CorruptStateError(
      `Cannot read ${files.state}: found withdrawals of digest ${String(listed)}, wanted ${String(head.withdrawn?.digest)} as in the head`,
    )
  }
  return {
    directory,
    manifest,
    history,
    head,
    headDigest: sha256(headBytes),
    carried: { ...carried, record: await checkRecordFiles(directory, carried.record) },
    retired: RetiredFiles.parse((await readNeeded(files.retired)).toString()),
    wasPublished: (await readOptional(files.published)) !== undefined,
  }
}

/** Numbers of the states that are there, ascending; more than one only after a kill. */
export async function stateNumbers(layout: StateLayout): Promise<readonly number[]> {
  const names = await readdir(layout.states)
  return names
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

async function readNeeded(path: string): Promise<Buffer> {
  const bytes = await readOptional(path)
  if (bytes !== undefined) return bytes
  throw new CorruptStateError(`Cannot read ${path}: found nothing, wanted a file of the state`)
}

/** As it is read: one of the older format lists no files. */
type ReadState = Omit<CarriedState, 'record'> & Partial<Pick<CarriedState, 'record'>>

// Our own file, written whole: what a disk did to it is what can be wrong with it.
function parseCarriedState(path: string, bytes: Buffer): ReadState {
  const text = bytes.toString()
  const value = openDocument(text) ?? parseOlderState(text)
  if (value === undefined) {
    throw new CorruptStateError(
      `Cannot read ${path}: found it damaged, wanted ${JSON.stringify(STATE_FORMAT)} with the digest that it names`,
    )
  }
  const { format, ...carried } = value as ReadState & { readonly format: unknown }
  if (format !== STATE_FORMAT && format !== OLDER_STATE_FORMAT) {
    throw new CorruptStateError(
      `Cannot read ${path}: found format ${JSON.stringify(format)}, wanted ${JSON.stringify(STATE_FORMAT)}`,
    )
  }
  return carried
}

/** One without a checksum; the next publish gives it one. */
function parseOlderState(text: string): DocumentMembers | undefined {
  try {
    const value = JSON.parse(text) as DocumentMembers | null
    return value?.['format'] === OLDER_STATE_FORMAT ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
