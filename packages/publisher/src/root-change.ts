import { InvalidRootError, keyIdOf } from '@jarswarm/trust'
import type { RoleKeys, RoleName, RootTerms } from '@jarswarm/trust'

/** What an online key is for. `publisher` signs targets and snapshot, `timestamp` that they are current. */
export type OnlineKeyUse = 'publisher' | 'timestamp'

const ROLES_OF_USE: Readonly<Record<OnlineKeyUse, readonly RoleName[]>> = {
  publisher: ['snapshot', 'targets'],
  timestamp: ['timestamp'],
}

/** What is to be different under the next root; nothing at all means the same for another year. */
export interface RootChange {
  /** Online keys to replace by new ones. */
  readonly rotate?: readonly OnlineKeyUse[] | undefined
  /** Public keys to drop wherever they stand; online ones are replaced by new ones. */
  readonly revoke?: readonly string[] | undefined
  /** Public keys of further holders of the root. */
  readonly addRootKeys?: readonly string[] | undefined
  /** How many root keys must sign. */
  readonly rootThreshold?: number | undefined
  readonly addBootstrap?: readonly string[] | undefined
  readonly removeBootstrap?: readonly string[] | undefined
  /** SHA-256 of batches of withdrawals to allow. */
  readonly allowWithdrawals?: readonly string[] | undefined
}

/** Which online keys a change replaces. */
export function rotatedUses(terms: RootTerms, change: RootChange): readonly OnlineKeyUse[] {
  const revoked = new Set(change.revoke)
  const isRevoked = (use: OnlineKeyUse): boolean =>
    ROLES_OF_USE[use].some((role) => terms.roles[role].publicKeys.some((key) => revoked.has(key)))
  return (['publisher', 'timestamp'] as const).filter(
    (use) => change.rotate?.includes(use) === true || isRevoked(use),
  )
}

/**
 * What the next root is to say.
 *
 * @param newKeys public keys for what `rotatedUses` names
 * @throws {InvalidRootError} when a key or peer to drop is none of its, or too few root keys would be left
 */
export function changeTerms(
  terms: RootTerms,
  change: RootChange,
  newKeys: ReadonlyMap<OnlineKeyUse, string>,
): RootTerms {
  const roles = { ...terms.roles, root: changeRootKeys(terms, change) }
  for (const [use, publicKey] of newKeys) {
    for (const role of ROLES_OF_USE[use]) roles[role] = { publicKeys: [publicKey], threshold: 1 }
  }
  const withdrawals = [...new Set([...terms.withdrawals, ...(change.allowWithdrawals ?? [])])]
  return { ...terms, roles, withdrawals, bootstrap: changeBootstrap(terms, change) }
}

function changeRootKeys(
  { roles }: RootTerms,
  { revoke = [], addRootKeys = [], rootThreshold }: RootChange,
): RoleKeys {
  const all = Object.values(roles).flatMap(({ publicKeys }) => publicKeys)
  const unknown = revoke.find((key) => !all.includes(key))
  if (unknown !== undefined) {
    throw new InvalidRootError(
      `Cannot revoke key ${keyIdOf(unknown)}: found it in no role of the root, wanted one of its keys`,
    )
  }
  const publicKeys = [...new Set([...roles.root.publicKeys, ...addRootKeys])].filter(
    (key) => !revoke.includes(key),
  )
  const threshold = rootThreshold ?? roles.root.threshold
  if (publicKeys.length < threshold) {
    throw new InvalidRootError(
      `Cannot propose the root: found ${String(publicKeys.length)} root keys left, wanted at least the threshold of ${String(threshold)}; add a key, or lower the threshold`,
    )
  }
  return { publicKeys, threshold }
}

function changeBootstrap(
  { bootstrap }: RootTerms,
  { addBootstrap = [], removeBootstrap = [] }: RootChange,
): readonly string[] {
  const unknown = removeBootstrap.find((peer) => !bootstrap.includes(peer))
  if (unknown !== undefined) {
    throw new InvalidRootError(
      `Cannot remove bootstrap ${JSON.stringify(unknown)}: found no such peer in the root, wanted one of ${JSON.stringify(bootstrap)}`,
    )
  }
  return [...new Set([...bootstrap, ...addBootstrap])].filter(
    (peer) => !removeBootstrap.includes(peer),
  )
}
