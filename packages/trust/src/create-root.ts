import { InvalidRootError } from './errors.ts'
import { keyDocument, keyIdOf } from './keys.ts'
import type { Signer } from './keys.ts'
import { isPeerAddress } from './peer-address.ts'
import { ROLE_NAMES } from './role-name.ts'
import type { RoleName } from './role-name.ts'
import { formatMetadata, signMetadata } from './sign-metadata.ts'
import { formatTime } from './time.ts'
import { parseRoot } from './trusted-root.ts'

/** Lifetime of a root when the caller names none: a year, so that its signers meet once a year. */
export const ROOT_LIFE_MS: number = 365 * 24 * 60 * 60 * 1000

/** The keys of one role, and how many of them must sign. */
export interface RoleKeys {
  /** Public keys, each 64 lower-case hex characters, each once. */
  readonly publicKeys: readonly string[]
  readonly threshold: number
}

export interface RootInit {
  /** 1 for the first; each successor adds 1. */
  readonly version: number
  /** Name of the repository; stays the same in all its roots. */
  readonly name: string
  /** HTTP base URL, or null. */
  readonly origin: string | null
  /** Full multiaddrs of peers for newcomers. */
  readonly bootstrap: readonly string[]
  /** SHA-256 of batches that the online keys may withdraw beyond their daily limit. @defaultValue none */
  readonly withdrawals?: readonly string[]
  readonly roles: Readonly<Record<RoleName, RoleKeys>>
  readonly nowMs: number
  /** @defaultValue {@link ROOT_LIFE_MS} */
  readonly lifeMs?: number
  /** Signers at hand. A successor needs those of the root before it too; more may sign later, with `signRoot`. */
  readonly signers: readonly Signer[]
}

/**
 * Make a root and sign it with whoever is at hand.
 *
 * Signers that the new root does not list sign as keys of the root before it.
 *
 * @returns bytes of `<version>.root.json`; not yet valid while signatures are missing
 * @throws {InvalidRootError} when nobody could trust it: bad name, origin, keys or thresholds
 */
export function createRoot(init: RootInit): Uint8Array {
  const strange = init.bootstrap.find((peer) => !isPeerAddress(peer))
  if (strange !== undefined) {
    throw new InvalidRootError(
      `Cannot create the root: found bootstrap ${JSON.stringify(strange)}, wanted a multiaddr ending in /p2p/<peer id>`,
    )
  }
  const signed = {
    _type: 'root',
    spec_version: '1.0.34',
    version: init.version,
    expires: formatTime(init.nowMs + (init.lifeMs ?? ROOT_LIFE_MS)),
    keys: collectKeys(init),
    roles: Object.fromEntries(ROLE_NAMES.map((name) => [name, toRole(init.roles[name])])),
    // No document is fetched by a versioned name: they travel together.
    consistent_snapshot: false,
    'x-jarswarm': {
      name: init.name,
      origin: init.origin,
      bootstrap: init.bootstrap,
      ...((init.withdrawals?.length ?? 0) > 0 && { withdrawals: init.withdrawals }),
    },
  }
  const unsigned = new TextEncoder().encode(JSON.stringify({ signatures: [], signed }))
  return signRoot(unsigned, init.signers)
}

/**
 * Add signatures to a root, for signers who do not sit at one table. Signatures that stand there stay.
 *
 * @param signers keys of this root, or of the root before it
 * @throws {InvalidRootError} when the bytes are no root
 */
export function signRoot(bytes: Uint8Array, signers: readonly Signer[]): Uint8Array {
  const { metadata } = parseRoot(bytes)
  signMetadata(metadata, signers)
  return formatMetadata(metadata)
}

function collectKeys(init: RootInit): Record<string, unknown> {
  const publicKeys = ROLE_NAMES.flatMap((name) => init.roles[name].publicKeys)
  return Object.fromEntries(
    publicKeys.map((publicKey) => [keyIdOf(publicKey), keyDocument(publicKey)]),
  )
}

function toRole(keys: RoleKeys): { keyids: string[]; threshold: number } {
  return { keyids: keys.publicKeys.map(keyIdOf), threshold: keys.threshold }
}
