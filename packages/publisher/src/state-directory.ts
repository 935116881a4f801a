import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkPrivate, readPrivateFile } from '@jarswarm/files'
import { sha256 } from '@jarswarm/manifest'
import { createSigner, TrustedRepository } from '@jarswarm/trust'
import type { Signer } from '@jarswarm/trust'
import { isErrno } from './errno.ts'
import { StateDirectoryError } from './errors.ts'
import { stateLayout } from './layout.ts'
import type { StateLayout } from './layout.ts'

/** Content of the marker of a state directory. */
export const STATE_MARKER = 'jarswarm publisher 1\n'

/** Online keys, by whatever name: those of the root role are not needed to publish, and better kept elsewhere. */
const ONLINE_KEY = /^(?!root[.-]).*\.pem$/

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
  const { layout, roots } = await openStateFiles(stateDir)
  const [first] = roots
  if (first === undefined) {
    const isProposed = (await readOptional(layout.proposal)) !== undefined
    throw new StateDirectoryError(
      `Cannot open ${stateDir}: found no ${layout.root(1)}, wanted the first root` +
        (isProposed
          ? `; have it signed with "repo sign-root ${layout.proposal}", then run "repo apply-root"`
          : ''),
    )
  }
  const repository = TrustedRepository.restore(sha256(first), { roots, manifest: undefined })
  return { path: stateDir, layout, roots, repository }
}

/**
 * As `openStateDirectory`, for one whose first root may still lack signatures.
 *
 * @throws {StateDirectoryError | KeysExposedError}
 */
export async function openStateFiles(
  stateDir: string,
): Promise<Pick<StateDirectory, 'path' | 'layout' | 'roots'>> {
  const layout = stateLayout(stateDir)
  const marker = await readOptional(layout.marker)
  if (marker?.toString() !== STATE_MARKER) {
    const found =
      marker === undefined ? 'no marker' : JSON.stringify(marker.toString().slice(0, 80))
    throw new StateDirectoryError(
      `Cannot open ${stateDir}: found ${found} in ${layout.marker}, wanted ${JSON.stringify(STATE_MARKER)}; make one with "repo init"`,
    )
  }
  await checkRights({ path: stateDir, keys: layout.keys })
  return { path: stateDir, layout, roots: await readRoots(layout) }
}

/** An online key, and the file that holds it. */
export interface OnlineKey {
  readonly path: string
  readonly signer: Signer
}

/**
 * Read the online keys.
 *
 * @throws {InvalidKeyError} when a file of theirs holds something else
 */
export async function readOnlineKeys(layout: StateLayout): Promise<readonly OnlineKey[]> {
  const names = (await readdir(layout.keys)).filter((name) => ONLINE_KEY.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const path = join(layout.keys, name)
      return { path, signer: createSigner((await readPrivateFile(path)).toString()) }
    }),
  )
}

/** Read the online keys as signers. */
export async function readSigners(layout: StateLayout): Promise<readonly Signer[]> {
  return (await readOnlineKeys(layout)).map(({ signer }) => signer)
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

/** Who may change a directory may put other keys there. */
async function checkRights({ path, keys }: { path: string; keys: string }): Promise<void> {
  await checkPrivate(path)
  await checkPrivate(keys)
  for (const name of await readdir(keys)) {
    try {
      await checkPrivate(join(keys, name))
    } catch (error) {
      // Whoever rotates keys at this moment takes the old ones away.
      if (!isErrno(error, 'ENOENT')) throw error
    }
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
