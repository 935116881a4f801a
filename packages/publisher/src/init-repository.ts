import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { sha256 } from '@jarswarm/manifest'
import { createSigner, formatLink, generateKeyPair, RootProposal } from '@jarswarm/trust'
import type { KeyPair, RepositoryId, RoleKeys } from '@jarswarm/trust'
import { DurableFiles, syncDirectory } from './durable-files.ts'
import { isErrno } from './errno.ts'
import { StateDirectoryError } from './errors.ts'
import { stateLayout } from './layout.ts'
import { openStateDirectory, readOptional, STATE_MARKER } from './state-directory.ts'

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

/** Root keys to make: so many, of which so many must sign the next root. */
export interface NewRootKeys {
  readonly count: number
  readonly threshold: number
  /** Under which their files are put; undefined leaves them unencrypted. */
  readonly passphrase?: string | undefined
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
 * The directory appears whole or not at all. Root keys stand in it as `keys/root.pem`, or `keys/root-1.pem` and so on:
 * publishing does not need them, so they are to be moved offline.
 *
 * @throws {StateDirectoryError} when it is there already and holds anything
 * @throws {InvalidRootError} when the name, the origin, a peer or the threshold is none
 * @throws {RangeError} when the passphrase is too short
 */
export async function initRepository(
  options: InitRepositoryOptions & { readonly rootKeys?: NewRootKeys | undefined },
): Promise<RepositoryIdentity> {
  const { count, threshold, passphrase } = options.rootKeys ?? { count: 1, threshold: 1 }
  const stateDir = resolve(options.stateDir)
  await refuseOccupied(stateDir)
  const online = makeOnlineKeys()
  const rootKeys = Array.from({ length: count }, () => generateKeyPair(passphrase))
  const publicKeys = rootKeys.map(({ publicKey }) => publicKey)
  const { root } = rootKeys.reduce(
    (signed, { privateKey }) => signed.sign(createSigner(privateKey, passphrase)),
    proposeFirstRoot(options, { publicKeys, threshold }, online),
  )
  const id = sha256(root)
  // Before anything is written: what cannot be linked to cannot be joined.
  const link = formatLink({
    id,
    name: options.name,
    origin: options.origin,
    peers: options.bootstrap ?? [],
  })
  const names = rootKeys.map((_, index) => (count === 1 ? 'root' : `root-${String(index + 1)}`))
  const keys = [
    ...Object.entries(online),
    ...rootKeys.map((pair, index) => [names[index] ?? '', pair] as const),
  ]
  await makeStateDirectory(stateDir, { keys, root, proposal: undefined })
  return { id, name: options.name, link }
}

/**
 * Make the online keys of a new repository, and propose its first root to the holders of root keys that were made
 * elsewhere. It has no identity until `applyRoot` gets enough of their signatures.
 *
 * @returns name of the proposal's file
 * @throws {StateDirectoryError} when the directory is there already and holds anything
 * @throws {InvalidRootError} when the name, the origin, a peer or the threshold is none
 */
export async function prepareRepository(
  options: InitRepositoryOptions & { readonly rootKeys: RoleKeys },
): Promise<string> {
  const stateDir = resolve(options.stateDir)
  await refuseOccupied(stateDir)
  const online = makeOnlineKeys()
  const proposal = proposeFirstRoot(options, options.rootKeys, online).format()
  await makeStateDirectory(stateDir, { keys: Object.entries(online), root: undefined, proposal })
  return stateLayout(stateDir).proposal
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

interface OnlineKeys {
  /** Signs what is published: targets and snapshot. */
  readonly publisher: KeyPair
  /** Signs that it is current. */
  readonly timestamp: KeyPair
}

function makeOnlineKeys(): OnlineKeys {
  return { publisher: generateKeyPair(), timestamp: generateKeyPair() }
}

function proposeFirstRoot(
  options: InitRepositoryOptions,
  root: RoleKeys,
  { publisher, timestamp }: OnlineKeys,
): RootProposal {
  const alone = ({ publicKey }: KeyPair): RoleKeys => ({ publicKeys: [publicKey], threshold: 1 })
  return RootProposal.create([], {
    name: options.name,
    origin: options.origin ?? null,
    bootstrap: options.bootstrap ?? [],
    withdrawals: [],
    roles: {
      root,
      timestamp: alone(timestamp),
      snapshot: alone(publisher),
      targets: alone(publisher),
    },
    nowMs: options.nowMs ?? Date.now(),
  })
}

interface NewState {
  readonly keys: readonly (readonly [name: string, pair: KeyPair])[]
  readonly root: Uint8Array | undefined
  readonly proposal: Uint8Array | undefined
}

async function makeStateDirectory(stateDir: string, state: NewState): Promise<void> {
  await makeParents(dirname(stateDir))
  const unfinished = join(dirname(stateDir), `.${basename(stateDir)}.${crypto.randomUUID()}`)
  try {
    await mkdir(unfinished, { mode: 0o700 })
    await writeState(unfinished, state)
    await rename(unfinished, stateDir)
    await keepName(stateDir)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** A name that may be lost is none: with it go the keys of a repository that others may have joined by then. */
async function keepName(stateDir: string): Promise<void> {
  try {
    await syncDirectory(dirname(stateDir))
  } catch (error) {
    // Nobody was told of it, so that it can be made again.
    await rm(stateDir, { recursive: true, force: true })
    throw error
  }
}

async function writeState(directory: string, { keys, root, proposal }: NewState): Promise<void> {
  const layout = stateLayout(directory)
  const files = new DurableFiles(layout.temporary)
  await files.start()
  await mkdir(layout.keys, { mode: 0o700 })
  for (const [name, { privateKey }] of keys) await files.writePrivate(layout.key(name), privateKey)
  await files.makeDirectory(layout.states)
  if (root !== undefined) await files.write(layout.root(1), root)
  if (proposal !== undefined) await files.write(layout.proposal, proposal)
  await files.write(layout.marker, Buffer.from(STATE_MARKER))
  await files.settle()
  await files.stop()
}
