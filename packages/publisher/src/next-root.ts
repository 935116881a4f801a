// How a repository gets its next root: it is proposed here, signed by its holders wherever they are, and applied here.
// Each step is one file that is there whole or not at all, so that it may be interrupted anywhere.
import { resolve } from 'node:path'
import { sha256 } from '@jarswarm/manifest'
import {
  generateKeyPair,
  InvalidRootError,
  keyIdOf,
  readRootTerms,
  RootProposal,
  TrustedRepository,
} from '@jarswarm/trust'
import type { RepositoryId, RootTerms } from '@jarswarm/trust'
import { DurableFiles } from './durable-files.ts'
import { ProposalUnderWayError, StateMismatchError } from './errors.ts'
import { stateLayout } from './layout.ts'
import { changeTerms, rotatedUses } from './root-change.ts'
import type { OnlineKeyUse, RootChange } from './root-change.ts'
import { openStateFiles, readOnlineKeys, readOptional } from './state-directory.ts'
import type { StateDirectory } from './state-directory.ts'
import { lockState } from './state-lock.ts'
import type { LockOptions } from './state-lock.ts'

/** Digits of a key id in the name of its file. */
const KEY_NAME_DIGITS = 16

type StateFiles = Pick<StateDirectory, 'path' | 'layout' | 'roots'>

/** The roots of a repository: what is in force, and what is proposed. */
export interface RootState {
  /** Undefined while the first root lacks signatures. */
  readonly id: RepositoryId | undefined
  readonly current: RootTerms | undefined
  readonly pending: RootProposal | undefined
  /** Name of the file of a proposal, whether there is one or not. */
  readonly proposalFile: string
}

export interface ProposeRootOptions {
  readonly stateDir: string
  readonly change: RootChange
  /** Drop a proposal under way with its signatures, and begin anew at the current root. */
  readonly replace?: boolean | undefined
  /** Milliseconds since the epoch. @defaultValue the system's clock */
  readonly nowMs?: number | undefined
  readonly lock?: LockOptions | undefined
}

export interface ApplyRootOptions {
  readonly stateDir: string
  /** Copies of the proposal that came back from key holders; that of the state directory counts as well. */
  readonly proposals: readonly Uint8Array[]
  /** What to call them in errors, in the same order. @defaultValue by their numbers, from 1 */
  readonly names?: readonly string[] | undefined
  readonly lock?: LockOptions | undefined
}

/** What came of `applyRoot`. */
export interface ApplyRootReport {
  /** Whether the root is in force now. If not, the signatures were kept, and more are wanted. */
  readonly applied: boolean
  /** Whether it was in force before, so that this run only finished what another one had begun. */
  readonly already: boolean
  readonly proposal: RootProposal
  /** Undefined while the first root lacks signatures. */
  readonly id: RepositoryId | undefined
  /** Files of online keys that the new root does not name any more; they are removed. */
  readonly removedKeys: readonly string[]
}

/**
 * Read which root is in force, and which is proposed.
 *
 * @throws {StateDirectoryError | KeysExposedError}
 */
export async function readRootState(stateDir: string): Promise<RootState> {
  const state = await openStateFiles(resolve(stateDir))
  const [first] = state.roots
  const newest = state.roots.at(-1)
  return {
    id: first && sha256(first),
    current: newest && readRootTerms(newest),
    pending: await readPending(state),
    proposalFile: state.layout.proposal,
  }
}

/** Whether root `number` of a state directory is in force. Costs one look at one file. */
export async function isRootInForce(stateDir: string, number: number): Promise<boolean> {
  return (await readOptional(stateLayout(resolve(stateDir)).root(number))) !== undefined
}

/**
 * Propose the next root. New online keys are made at once; they count once the root is in force.
 *
 * A proposal under way that nobody signed yet is changed further.
 *
 * @throws {ProposalUnderWayError} when somebody signed it, without `replace`
 * @throws {InvalidRootError} when nobody could trust such a root
 * @throws {PublishRefusedError} of the state directory
 */
export async function proposeRoot(options: ProposeRootOptions): Promise<RootProposal> {
  await using state = await openLocked(resolve(options.stateDir), options.lock)
  const terms = await termsToChange(state, options.replace === true)
  const files = new DurableFiles(state.layout.temporary)
  await files.start()
  const made = rotatedUses(terms, options.change).map((use) => ({ use, ...generateKeyPair() }))
  const newKeys = new Map<OnlineKeyUse, string>(made.map(({ use, publicKey }) => [use, publicKey]))
  const proposal = RootProposal.create(state.roots, {
    ...changeTerms(terms, options.change, newKeys),
    nowMs: options.nowMs ?? Date.now(),
  })
  // Keys before the root that names them.
  for (const { use, publicKey, privateKey } of made) {
    const name = `${use}-${keyIdOf(publicKey).slice(0, KEY_NAME_DIGITS)}`
    await files.writePrivate(state.layout.key(name), privateKey)
  }
  await files.settle()
  await files.write(state.layout.proposal, proposal.format())
  await files.settle()
  await files.stop()
  return proposal
}

/**
 * Gather signatures, and put the proposed root in force once both thresholds are met. What stands published in a tree is
 * signed anew by the next publish, or by `resignTimestamp`. Wherever it is cut off, it may be done again with the same copies.
 *
 * @throws {StateMismatchError} when there is nothing to apply, or a proposal does not follow from the roots here
 * @throws {InvalidRootError} when a proposal is malformed, or two of them say different things
 * @throws {PublishRefusedError} of the state directory
 */
export async function applyRoot(options: ApplyRootOptions): Promise<ApplyRootReport> {
  await using state = await openLocked(resolve(options.stateDir), options.lock)
  const before = await findApplied(state, options.proposals)
  const proposal = before ?? (await gather(state, options))
  const already = before !== undefined
  const files = new DurableFiles(state.layout.temporary)
  await files.start()
  if (!already && !proposal.isComplete) {
    await files.write(state.layout.proposal, proposal.format())
    await files.settle()
    await files.stop()
    return { applied: false, already, proposal, id: proposal.id, removedKeys: [] }
  }
  const id = sha256(state.roots[0] ?? proposal.root)
  if (!already) {
    // As a node will: what is applied here must be followed everywhere.
    const roots = [...state.roots, proposal.root]
    TrustedRepository.restore(id, { roots, manifest: undefined })
    await files.write(state.layout.root(proposal.number), proposal.root)
    await files.settle()
  }
  // The proposal stays until the next one: what is done after this may fail, and the same command is then repeated.
  const removedKeys = await removeUnnamedKeys(state, files, proposal.proposed)
  await files.settle()
  await files.stop()
  return { applied: true, already, proposal, id, removedKeys }
}

/** What stands in a state directory that nobody else changes meanwhile. */
async function openLocked(
  stateDir: string,
  options: LockOptions | undefined,
): Promise<StateFiles & AsyncDisposable> {
  // Locking what is no state directory would leave a file in it.
  await openStateFiles(stateDir)
  const lock = await lockState(stateDir, options)
  try {
    const state = await openStateFiles(stateDir)
    return { ...state, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() }
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

async function termsToChange(state: StateFiles, replace: boolean): Promise<RootTerms> {
  const pending = await readPending(state)
  const newest = state.roots.at(-1)
  if (pending !== undefined && !replace) {
    const signed = pending.signatures.flatMap((count) => count.signed)
    if (signed.length > 0) throw new ProposalUnderWayError(state.layout.proposal, signed.length)
    return pending.proposed
  }
  // What a root allows holds under all that follow it, and need not be said again.
  if (newest !== undefined) return { ...readRootTerms(newest), withdrawals: [] }
  if (pending !== undefined) return pending.proposed
  throw new StateMismatchError(
    `Cannot propose a root with ${state.path}: found neither a root nor a proposal, wanted one; bring them back from a backup`,
  )
}

/** The proposal under way; one that was applied already is none. */
async function readPending(state: StateFiles): Promise<RootProposal | undefined> {
  const bytes = await readOptional(state.layout.proposal)
  const pending = bytes && RootProposal.parse(bytes)
  return pending !== undefined && pending.number > state.roots.length ? pending : undefined
}

/** What became the newest root already: a run was cut off after that, or is repeated. */
async function findApplied(
  { roots, layout }: StateFiles,
  given: readonly Uint8Array[],
): Promise<RootProposal | undefined> {
  const newest = roots.at(-1)
  const left = await readOptional(layout.proposal)
  const copies = [...(left === undefined ? [] : [left]), ...given].map((bytes) =>
    RootProposal.parse(bytes),
  )
  const isApplied = (copy: RootProposal): boolean =>
    newest !== undefined && isAfter(copy, roots.slice(0, -1)) && copy.says(newest)
  return copies.every(isApplied) ? copies[0] : undefined
}

async function gather(
  state: StateFiles,
  { proposals, names = [] }: ApplyRootOptions,
): Promise<RootProposal> {
  const pending = await readPending(state)
  const copies = proposals.map((bytes, index) => ({
    name: names[index] ?? `copy ${String(index + 1)}`,
    copy: RootProposal.parse(bytes),
  }))
  const own = pending && { name: state.layout.proposal, copy: pending }
  const [first, ...others] = own === undefined ? copies : [own, ...copies]
  if (first === undefined) {
    throw new StateMismatchError(
      `Cannot apply a root with ${state.path}: found no proposal, wanted one; make it with "repo rotate" or "repo revoke"`,
    )
  }
  for (const { copy } of [first, ...others]) checkFollows(state, copy)
  return others.reduce((merged, { name, copy }) => {
    try {
      return merged.merge(copy)
    } catch (cause) {
      if (!(cause instanceof InvalidRootError)) throw cause
      throw new InvalidRootError(`Cannot apply ${name} beside ${first.name}: ${cause.message}`, {
        cause,
      })
    }
  }, first.copy)
}

function checkFollows({ path, roots }: StateFiles, proposal: RootProposal): void {
  if (isAfter(proposal, roots)) return
  throw new StateMismatchError(
    `Cannot apply a root with ${path}: found a proposal of root ${String(proposal.number)} after other roots, ` +
      `wanted root ${String(roots.length + 1)} after those in the state directory`,
  )
}

function isAfter(proposal: RootProposal, roots: readonly Uint8Array[]): boolean {
  return (
    proposal.roots.length === roots.length &&
    proposal.roots.every((root, index) => Buffer.compare(root, roots[index] ?? root) === 0)
  )
}

async function removeUnnamedKeys(
  { layout }: StateFiles,
  files: DurableFiles,
  { roles }: RootTerms,
): Promise<readonly string[]> {
  const named = new Set(Object.values(roles).flatMap(({ publicKeys }) => publicKeys))
  const keys = await readOnlineKeys(layout)
  const unnamed = keys.filter(({ signer }) => !named.has(signer.publicKey)).map(({ path }) => path)
  for (const path of unnamed) await files.remove(path)
  return unnamed
}
