import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { sha256 } from '@jarswarm/manifest'
import { createRoot, createSigner, formatLink, generateKeyPair } from '@jarswarm/trust'
import type { KeyPair, RepositoryId, RoleName } from '@jarswarm/trust'
import { DurableFiles } from './durable-files.ts'
import { isErrno } from './errno.ts'
import { StateDirectoryError } from './errors.ts'
import { stateLayout } from './layout.ts'
import type { StateLayout } from './layout.ts'
import { openStateDirectory, readOptional, STATE_MARKER } from './state-directory.ts'

const ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const satisfies readonly RoleName[]

export interface InitRepositoryOptions {
  /** Directory to make, or an empty one. Holds private keys: keep it, and keep it to yourself. */
  readonly stateDir: string
  /** Name under which nodes serve the repository. */
  readonly name: string
  /** HTTP base URL of the tree. */
  readonly origin?: string | undefined
  /** Full multiaddrs of peers for newcomers. */
  readonly bootstrap?: readonly string[] | undefined
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
}

/** What names a repository. */
export interface RepositoryIdentity {
  readonly id: RepositoryId
  readonly name: string
  /** Swarm link: all that a newcomer needs. */
  readonly link: string
}

/**
 * Make the keys and the first root of a new repository.
 *
 * The directory appears whole or not at all.
 *
 * @throws {StateDirectoryError} when it is there already and holds anything
 * @throws {InvalidRootError} when the name, the origin or a peer is none
 */
export async function initRepository(options: InitRepositoryOptions): Promise<RepositoryIdentity> {
  const stateDir = resolve(options.stateDir)
  await refuseOccupied(stateDir)
  const keys = new Map(ROLES.map((role) => [role, generateKeyPair()]))
  const root = createFirstRoot(options, keys)
  const id = sha256(root)
  // Before anything is written: what cannot be linked to cannot be joined.
  const link = formatLink({
    id,
    name: options.name,
    origin: options.origin,
    peers: options.bootstrap ?? [],
  })
  await makeParents(dirname(stateDir))
  const unfinished = join(dirname(stateDir), `.${basename(stateDir)}.${crypto.randomUUID()}`)
  try {
    await mkdir(unfinished, { mode: 0o700 })
    await writeState(unfinished, { keys, root })
    await rename(unfinished, stateDir)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return { id, name: options.name, link }
}

/**
 * The identity of the repository whose state directory this is.
 *
 * @throws {StateDirectoryError} when it is not one
 */
export async function readPublishedLink(stateDir: string): Promise<RepositoryIdentity> {
  const { repository } = await openStateDirectory(resolve(stateDir))
  const { id, name, origin, bootstrap } = repository
  return { id, name, link: formatLink({ id, name, origin, peers: bootstrap }) }
}

/** Not by `recursive`: below `/proc`, where nothing can be made, Node tries that again for ever. */
async function makeParents(directory: string): Promise<void> {
  if (existsSync(directory)) return
  await makeParents(dirname(directory))
  await mkdir(directory)
}

async function refuseOccupied(stateDir: string): Promise<void> {
  let names: readonly string[]
  try {
    names = await readdir(stateDir)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    throw error
  }
  if (names.length === 0) return
  const marker = await readOptional(stateLayout(stateDir).marker)
  const found = marker === undefined ? `${String(names.length)} other files` : 'a repository'
  throw new StateDirectoryError(
    `Cannot make a repository in ${stateDir}: found ${found} in it, wanted an empty directory or none`,
  )
}

function createFirstRoot(
  options: InitRepositoryOptions,
  keys: ReadonlyMap<RoleName, KeyPair>,
): Uint8Array {
  const roleKeys = (role: RoleName): { publicKeys: string[]; threshold: number } => ({
    publicKeys: [keys.get(role)?.publicKey ?? ''],
    threshold: 1,
  })
  return createRoot({
    version: 1,
    name: options.name,
    origin: options.origin ?? null,
    bootstrap: options.bootstrap ?? [],
    roles: {
      root: roleKeys('root'),
      timestamp: roleKeys('timestamp'),
      snapshot: roleKeys('snapshot'),
      targets: roleKeys('targets'),
    },
    nowMs: options.nowMs ?? Date.now(),
    signers: [createSigner(keys.get('root')?.privateKey ?? '')],
  })
}

async function writeState(
  directory: string,
  state: { readonly keys: ReadonlyMap<RoleName, KeyPair>; readonly root: Uint8Array },
): Promise<void> {
  const layout: StateLayout = stateLayout(directory)
  const files = new DurableFiles(layout.temporary)
  await files.start()
  await mkdir(layout.keys, { mode: 0o700 })
  for (const [role, { privateKey }] of state.keys) {
    // Private from the first byte on, whatever the umask says.
    const temporary = files.temporaryPath()
    await writeFile(temporary, privateKey, { mode: 0o600, flag: 'wx' })
    await chmod(temporary, 0o600)
    await files.sync(temporary)
    await files.adopt(temporary, layout.key(role))
  }
  await files.makeDirectory(layout.states)
  await files.write(layout.root(1), state.root)
  await files.write(layout.marker, Buffer.from(STATE_MARKER))
  await files.settle()
  await files.stop()
}
