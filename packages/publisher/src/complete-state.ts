import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseHead, sha256 } from '@jarswarm/manifest'
import { manifestVersions, parseManifest, readRootTerms } from '@jarswarm/trust'
import type { DurableFiles } from './durable-files.ts'
import { StateMismatchError } from './errors.ts'
import type { PublishedLayout } from './layout.ts'
import { stateFiles, stateNumbers } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { readOptional } from './state-directory.ts'
import type { StateDirectory } from './state-directory.ts'

/** Where a publish reads and writes. */
export interface PublishPlaces {
  readonly state: StateDirectory
  readonly tree: PublishedLayout
  /** Writes in the state directory. */
  readonly stateFiles: DurableFiles
  /** Writes below `.jarswarm/` of the tree. */
  readonly treeFiles: DurableFiles
}

/**
 * Bring the tree to a state that was decided: log tiles and roots, then, when these are durable, the manifest.
 * Index nodes, piece lists, blobs and the pack are there already. Doing it twice does no harm.
 */
export async function completeState(places: PublishPlaces, state: PublishedState): Promise<void> {
  const { tree, treeFiles } = places
  const names = stateFiles(state.directory)
  for (const path of await listFiles(names.log)) {
    await treeFiles.copy(path, tree.log(relative(names.log, path)))
  }
  for (const [index, root] of places.state.roots.entries()) {
    await treeFiles.writeOnce(tree.root(index + 1), root)
  }
  await treeFiles.settle()
  await treeFiles.write(tree.manifest, state.manifest)
  await treeFiles.settle()
  if (!state.wasPublished) await places.stateFiles.write(names.published, Buffer.alloc(0))
  for (const seq of await stateNumbers(places.state.layout)) {
    if (seq < state.head.seq) await places.stateFiles.remove(places.state.layout.state(seq))
  }
  await places.stateFiles.settle()
}

/**
 * Compare what stands published in the tree with the newest state, and complete that one if its publish was cut off.
 *
 * @throws {StateMismatchError} when one of the two is not what the other goes on from
 */
export async function reconcile(
  places: PublishPlaces,
  state: PublishedState | undefined,
): Promise<void> {
  const published = await readOptional(places.tree.manifest)
  if (state === undefined) {
    if (published !== undefined) checkPublished(places, published, state)
    return
  }
  const isThere = published !== undefined && Buffer.from(state.manifest).equals(published)
  if (isThere && state.wasPublished) return
  if (!isThere && published !== undefined) checkPublished(places, published, state)
  if (published === undefined && state.wasPublished) {
    throw mismatch(places, 'no manifest', `that of seq ${String(state.head.seq)}`)
  }
  await places.treeFiles.start()
  await completeState(places, state)
}

/** Only what a publish of `state` that was cut off can leave may stand in the tree. */
function checkPublished(
  places: PublishPlaces,
  published: Uint8Array,
  state: PublishedState | undefined,
): void {
  const parts = parseManifest(published)
  const { seq } = parseHead(parts.head)
  const known = places.state.roots[parts.rootNumber - 1]
  if (known === undefined || !Buffer.from(known).equals(parts.root)) {
    throw mismatch(places, 'the manifest of another repository', places.state.repository.id)
  }
  if (state === undefined) {
    throw mismatch(
      places,
      `seq ${String(seq)}`,
      'nothing, as the state directory knows of no publish',
    )
  }
  if (isVoid(places.state.roots, known)) return
  const wanted = `seq ${String(state.head.seq)} as in the state directory`
  if (seq > state.head.seq) throw mismatch(places, `seq ${String(seq)}`, wanted)
  if (seq === state.head.seq) {
    // Two heads of one number: whatever is right, this must not become worse.
    if (sha256(parts.head) !== state.headDigest) {
      throw mismatch(places, `another head of seq ${String(seq)}`, wanted)
    }
    const found = manifestVersions(published).timestamp
    const own = manifestVersions(state.manifest).timestamp
    if (found >= own)
      throw mismatch(places, `timestamp ${String(found)}`, `one before ${String(own)}`)
    return
  }
  if (state.wasPublished || seq !== state.head.seq - 1) {
    throw mismatch(places, `seq ${String(seq)}`, wanted)
  }
}

/**
 * Whether what was signed under a root is void: a later root gave the online roles other keys. Whoever stole the old ones
 * may have signed and put there what they liked, so it does not count.
 */
function isVoid(roots: readonly Uint8Array[], madeUnder: Uint8Array): boolean {
  const newest = readRootTerms(roots.at(-1) ?? madeUnder).roles
  const before = readRootTerms(madeUnder).roles
  return (['timestamp', 'snapshot', 'targets'] as const).some(
    (role) => JSON.stringify(newest[role]) !== JSON.stringify(before[role]),
  )
}

function mismatch(places: PublishPlaces, found: string, wanted: string): StateMismatchError {
  return new StateMismatchError(
    `Cannot publish with ${places.state.path}: found ${found} in ${places.tree.manifest}, wanted ${wanted}; ` +
      'one of the two was lost or restored from a backup: bring back the newest copy of the older one, for two ' +
      'different heads of one number would be held against the keys for ever',
  )
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
