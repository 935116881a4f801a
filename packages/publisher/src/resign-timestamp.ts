import { formatHead } from '@jarswarm/manifest'
import {
  manifestMirrors,
  manifestVersions,
  parseManifest,
  signManifest,
  TrustedRepository,
  resignTimestamp as signAgain,
} from '@jarswarm/trust'
import { completeState } from './complete-state.ts'
import type { PublishPlaces } from './complete-state.ts'
import { StateMismatchError } from './errors.ts'
import { openPlaces } from './open-places.ts'
import { stateFiles } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { refuseFork } from './refuse-fork.ts'
import { readSigners } from './state-directory.ts'
import type { StateDirectory } from './state-directory.ts'
import type { LockOptions } from './state-lock.ts'

/** A timestamp older than this is signed anew: an hour, as often as cron is asked to look. */
export const RESIGN_AFTER_MS = 3_600_000

export interface ResignTimestampOptions {
  readonly stateDir: string
  readonly treeDir: string
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
  readonly lock?: LockOptions | undefined
}

/**
 * Sign the newest head anew, without a look at the tree's artifacts, so that it stays fresh.
 *
 * @returns number of the head
 * @throws {PublishRefusedError} when nothing was published yet, or publishing would be refused
 */
export async function resignTimestamp(
  options: ResignTimestampOptions,
): Promise<{ readonly seq: number }> {
  await using places = await openPlaces(options)
  if (places.newest === undefined) {
    throw new StateMismatchError(
      `Cannot sign the timestamp anew: found no publish in ${options.stateDir}, wanted one; publish first`,
    )
  }
  const { head } = await resignState(places, places.newest, options.nowMs ?? Date.now())
  return { seq: head.seq }
}

/** Whether a state is to be signed anew: its timestamp is old, or there is a newer root. */
export function isResignDue(
  { repository, roots }: StateDirectory,
  { manifest }: PublishedState,
  nowMs: number,
): boolean {
  if (isUnderOlderRoot(roots, manifest)) return true
  const { issuedMs, damage } = TrustedRepository.restore(repository.id, { roots, manifest })
  if (issuedMs === undefined) throw damage ?? new Error('Cannot read the published manifest')
  // One from the future was signed while the clock was wrong, and would look fresh until then.
  return Math.abs(nowMs - issuedMs) >= RESIGN_AFTER_MS
}

/** Sign anew: first in the state, so that no version is ever used twice, then in the tree. */
export async function resignState(
  places: PublishPlaces,
  state: PublishedState,
  nowMs: number,
): Promise<PublishedState> {
  const { roots, layout } = places.state
  await refuseFork(places.state, state, nowMs)
  const root = roots.at(-1) ?? new Uint8Array()
  const signing = { root, nowMs, signers: await readSigners(layout) }
  const { manifest } = isUnderOlderRoot(roots, state.manifest)
    ? // The new root may have other keys for targets and snapshot, too.
      signManifest({
        ...signing,
        head: formatHead(state.head),
        mirrors: manifestMirrors(state.manifest),
        previous: manifestVersions(state.manifest),
      })
    : signAgain({ ...signing, manifest: state.manifest })
  return replaceManifest(places, state, manifest)
}

/** Publish another manifest over the head of a state: durably in the state first, then in the tree. */
export async function replaceManifest(
  places: PublishPlaces,
  state: PublishedState,
  manifest: Uint8Array,
): Promise<PublishedState> {
  await places.stateFiles.write(stateFiles(state.directory).manifest, manifest)
  await places.stateFiles.settle()
  const replaced = { ...state, manifest }
  await completeState(places, replaced)
  return replaced
}

function isUnderOlderRoot(roots: readonly Uint8Array[], manifest: Uint8Array): boolean {
  return parseManifest(manifest).rootNumber < roots.length
}
