import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@jarswarm/manifest'
import { createSigner, TrustedRepository } from '@jarswarm/trust'
import type { Signer } from '@jarswarm/trust'
import { isErrno } from './errno.ts'
import { KeysExposedError, StateDirectoryError } from './errors.ts'
import { stateLayout } from './layout.ts'
import type { StateLayout } from './layout.ts'

/** Content of the marker of a state directory. */
export const STATE_MARKER = 'jarswarm publisher 1\n'

const OTHERS_MAY = 0o077
const ONLINE_ROLES = ['timestamp', 'snapshot', 'targets'] as const

/** An opened state directory: whose repository it is. Its keys stay on disk until something is to be signed. */
export interface StateDirectory {
  readonly path: string
  readonly layout: StateLayout
  /** All roots, `1.root.json` first. */
  readonly roots: readonly Uint8Array[]
  /** The repository by its roots, without any head. */
  readonly repository: TrustedRepository
}

/**
 * Open a state directory that `initRepository` made, and see to it that nobody else can read its keys.
 *
 * @throws {StateDirectoryError} when it is not one, or of another version
 * @throws {KeysExposedError}
 */
export async function openStateDirectory(stateDir: string): Promise<StateDirectory> {
  const layout = stateLayout(stateDir)
  const marker = await readOptional(layout.marker)
  if (marker?.toString() !== STATE_MARKER) {
    const found =
      marker === undefined ? 'no marker' : JSON.stringify(marker.toString().slice(0, 80))
    throw new StateDirectoryError(
      `Cannot open ${stateDir}: found ${found} in ${layout.marker}, wanted ${JSON.stringify(STATE_MARKER)}; make one with "repo init"`,
    )
  }
  await checkKeyModes(layout)
  const roots = await readRoots(layout)
  const [first] = roots
  if (first === undefined) {
    throw new StateDirectoryError(
      `Cannot open ${stateDir}: found no ${layout.root(1)}, wanted the first root`,
    )
  }
  const repository = TrustedRepository.restore(sha256(first), { roots, manifest: undefined })
  return { path: stateDir, layout, roots, repository }
}

/** Read the online keys; that of the root role is not needed to publish, and better kept elsewhere. */
export async function readSigners(layout: StateLayout): Promise<readonly Signer[]> {
  return Promise.all(
    ONLINE_ROLES.map(async (role) => createSigner(await readFile(layout.key(role), 'utf8'))),
  )
}

/** Read a whole file; undefined when it is not there. */
export async function readOptional(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

async function checkKeyModes(layout: StateLayout): Promise<void> {
  // Windows has no such modes.
  if (process.platform === 'win32') return
  for (const name of await readdir(layout.keys)) {
    const path = join(layout.keys, name)
    const mode = (await stat(path)).mode & 0o7777
    if ((mode & OTHERS_MAY) !== 0) throw new KeysExposedError(path, mode)
  }
}

async function readRoots(layout: StateLayout): Promise<Uint8Array[]> {
  const roots: Uint8Array[] = []
  for (;;) {
    const root = await readOptional(layout.root(roots.length + 1))
    if (root === undefined) return roots
    roots.push(root)
  }
}
