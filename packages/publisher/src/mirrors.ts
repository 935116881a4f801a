import { resolve } from 'node:path'
import { manifestMirrors, manifestVersions, signManifest, toMirrorUrl } from '@jarswarm/trust'
import { formatHead } from '@jarswarm/manifest'
import { StateMismatchError } from './errors.ts'
import { openPlaces } from './open-places.ts'
import { readNewestState } from './published-state.ts'
import type { PublishedState } from './published-state.ts'
import { replaceManifest } from './resign-timestamp.ts'
import { openStateDirectory, readSigners } from './state-directory.ts'
import type { LockOptions } from './state-lock.ts'

export interface ChangeMirrorsOptions {
  readonly stateDir: string
  /** Where the published form stands. */
  readonly treeDir: string
  /** HTTP base URLs to put on the list. */
  readonly add?: readonly string[]
  /** HTTP base URLs to take off it. */
  readonly remove?: readonly string[]
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
  readonly lock?: LockOptions | undefined
}

/** The list of mirrors as it stands signed. */
export interface SignedMirrors {
  /** HTTP base URLs with a trailing slash, ascending. */
  readonly mirrors: readonly string[]
  /** Number of the head that is published with it. */
  readonly seq: number
  /** Whether something was signed anew. */
  readonly changed: boolean
}

/**
 * Change the signed list of mirrors, over the head that stands published: targets, snapshot and timestamp are signed
 * anew. What stands there already, or does not stand there, is no error, and nothing is signed without a change.
 *
 * @throws {TypeError} when a URL is none that a mirror may have
 * @throws {InvalidManifestError} when the list becomes too long
 * @throws {PublishRefusedError} when nothing was published yet, or publishing would be refused
 */
export async function changeMirrors(options: ChangeMirrorsOptions): Promise<SignedMirrors> {
  const added = (options.add ?? []).map(checkedUrl)
  const removed = new Set((options.remove ?? []).map(checkedUrl))
  await using places = await openPlaces(options)
  const state = needState(places.newest, options.stateDir)
  const before = manifestMirrors(state.manifest)
  const mirrors = [...new Set([...before, ...added])].filter((url) => !removed.has(url)).sort()
  const { seq } = state.head
  if (mirrors.join(' ') === before.join(' ')) return { mirrors, seq, changed: false }
  const { manifest } = signManifest({
    root: places.state.roots.at(-1) ?? new Uint8Array(),
    head: formatHead(state.head),
    mirrors,
    previous: manifestVersions(state.manifest),
    nowMs: options.nowMs ?? Date.now(),
    signers: await readSigners(places.state.layout),
  })
  await replaceManifest(places, state, manifest)
  return { mirrors, seq, changed: true }
}

/**
 * Read the list of mirrors as the publisher signed it last. Takes no lock and changes nothing.
 *
 * @throws {PublishRefusedError} when nothing was published yet, or the state directory cannot be read
 */
export async function readMirrors(stateDir: string): Promise<readonly string[]> {
  const { layout } = await openStateDirectory(resolve(stateDir))
  return manifestMirrors(needState(await readNewestState(layout), stateDir).manifest)
}

function needState(state: PublishedState | undefined, stateDir: string): PublishedState {
  if (state !== undefined) return state
  throw new StateMismatchError(
    `Cannot read the mirrors: found no publish in ${stateDir}, wanted one, for the list is signed with the head; publish first`,
  )
}

function checkedUrl(text: string): string {
  const url = toMirrorUrl(text)
  if (url !== undefined) return url
  throw new TypeError(
    `Cannot use ${JSON.stringify(text)} as a mirror: an http or https URL without credentials, query or fragment is wanted`,
  )
}
