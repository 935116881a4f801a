import type { RoleKeys } from './create-root.ts'
import type { RoleName } from './role-name.ts'
import { ROLE_NAMES } from './role-name.ts'
import { parseRoot } from './trusted-root.ts'
import type { TrustedRoot } from './trusted-root.ts'

/** All that a root says, for people who are to sign it and for the one that follows it. */
export interface RootTerms {
  readonly number: number
  readonly name: string
  /** HTTP base URL, or null. */
  readonly origin: string | null
  /** Full multiaddrs of peers for newcomers. */
  readonly bootstrap: readonly string[]
  /** SHA-256 of batches that may be withdrawn beyond the daily limit of the online keys. */
  readonly withdrawals: readonly string[]
  readonly expiresMs: number
  readonly roles: Readonly<Record<RoleName, RoleKeys>>
}

/**
 * Read what a root says. Who signed it is not looked at.
 *
 * @throws {InvalidRootError} when it is malformed
 */
export function readRootTerms(bytes: Uint8Array): RootTerms {
  return termsOf(parseRoot(bytes))
}

/** What a root that was read says. */
export function termsOf(root: TrustedRoot): RootTerms {
  const { number, name, origin, bootstrap, withdrawals, expiresMs } = root
  const roles = Object.fromEntries(ROLE_NAMES.map((role) => [role, roleKeysOf(root, role)]))
  return {
    number,
    name,
    origin: origin ?? null,
    bootstrap,
    withdrawals,
    expiresMs,
    roles: roles as Record<RoleName, RoleKeys>,
  }
}

function roleKeysOf({ metadata }: TrustedRoot, name: RoleName): RoleKeys {
  const { keys, roles } = metadata.signed
  const { keyIDs = [], threshold = 0 } = roles[name] ?? {}
  return {
    publicKeys: keyIDs.map((keyId) => keys[keyId]?.keyVal['public'] ?? ''),
    threshold,
  }
}
