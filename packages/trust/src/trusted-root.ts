import { isDigest, isOrigin } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { Metadata, Root } from '@tufjs/models'
import { keyDocument, keyIdOf } from './keys.ts'
import { checkSignatures, expiryOf, parseMetadata } from './metadata.ts'
import { isPeerAddress } from './peer-address.ts'
import { refusal } from './refusal.ts'
import { isRepositoryName } from './repository-name.ts'
import { ONLINE_ROLE_NAMES, ROLE_NAMES } from './role-name.ts'
import type { RoleName } from './role-name.ts'
import { RollbackError } from './errors.ts'
import { MAX_ROOT_BYTES } from './limits.ts'

const PUBLIC_KEY = /^[0-9a-f]{64}$/

/** A root that was verified, by the chain from the repository id on. */
export interface TrustedRoot {
  readonly metadata: Metadata<Root>
  /** As received. */
  readonly bytes: Uint8Array
  readonly number: number
  readonly expiresMs: number
  readonly name: string
  readonly origin: string | undefined
  /** Full multiaddrs; those of a form that is not understood are left out. */
  readonly bootstrap: readonly string[]
  /** SHA-256 of batches that may be withdrawn beyond the daily limit of the online keys. */
  readonly withdrawals: readonly Digest[]
}

/**
 * Verify the first root: it must be signed by its own threshold. Its digest is the caller's matter.
 *
 * @throws {InvalidRootError} when it is malformed, not number 1, or not signed so
 */
export function verifyFirstRoot(bytes: Uint8Array): TrustedRoot {
  const root = parseRoot(bytes)
  if (root.number !== 1) throw refusal('root', { found: `number ${root.number}`, wanted: '1' })
  // TUF 5.2: an initial root that does not vouch for itself could never be succeeded.
  checkSignatures(root.metadata, 'root', root.metadata)
  return root
}

/**
 * Verify the successor of a trusted root.
 *
 * @throws {RollbackError} when its number is not higher
 * @throws {InvalidRootError} when it is malformed, not the next, or not signed by both
 */
export function verifyNextRoot(trusted: TrustedRoot, bytes: Uint8Array): TrustedRoot {
  const root = parseRoot(bytes)
  const wanted = trusted.number + 1
  // TUF 5.3.4, arbitrary software: the threshold of the root before it.
  checkSignatures(trusted.metadata, 'root', root.metadata)
  // TUF 5.3.5, rollback: exactly the next number.
  if (root.number < wanted) {
    throw new RollbackError(`Cannot trust the root: found number ${root.number}, wanted ${wanted}`)
  }
  if (root.number > wanted) {
    throw refusal('root', { found: `number ${root.number}`, wanted: `${wanted}` })
  }
  // TUF 5.3.4: and its own threshold, else the root after it could never be verified.
  checkSignatures(root.metadata, 'root', root.metadata)
  // A repository keeps its name: users have it in their builds.
  if (root.name !== trusted.name) {
    throw refusal('root', { found: `name ${root.name}`, wanted: `${trusted.name} as before` })
  }
  return root
}

/**
 * Whether what the online keys signed under one root must be forgotten under its successor.
 *
 * TUF 5.3.11, fast-forward: whoever stole a key may have signed the highest number there is; the root's owners
 * end that by rotating the key, and numbers begin anew.
 */
export function rotatesOnlineKeys(before: TrustedRoot, after: TrustedRoot): boolean {
  return ONLINE_ROLE_NAMES.some((role) => roleKeys(before, role) !== roleKeys(after, role))
}

/** Read a root and check everything but who signed it. */
export function parseRoot(bytes: Uint8Array): TrustedRoot {
  // TUF 5.3.3, endless data: the cap comes before anything is read.
  if (bytes.length > MAX_ROOT_BYTES) {
    throw refusal('root', { found: `${bytes.length} bytes`, wanted: `at most ${MAX_ROOT_BYTES}` })
  }
  const metadata = parseMetadata('root', bytes)
  checkKeys(metadata.signed)
  checkRoles(metadata.signed)
  return {
    metadata,
    bytes,
    number: metadata.signed.version,
    expiresMs: expiryOf(metadata),
    ...readDescription(metadata.signed),
  }
}

function checkKeys(root: Root): void {
  for (const [keyId, key] of Object.entries(root.keys)) {
    const publicKey = key.keyVal['public'] ?? ''
    // One exact form per key, so that the same key cannot come in two disguises.
    if (key.keyType !== 'ed25519' || key.scheme !== 'ed25519' || !PUBLIC_KEY.test(publicKey)) {
      throw refusal('root', {
        found: `key ${keyId} of type ${key.keyType}`,
        wanted: 'ed25519 keys of 64 lower-case hex digits',
      })
    }
    // Threshold: one public key under two ids would count twice. The id leaves it no second name.
    if (keyId !== keyIdOf(publicKey)) {
      throw refusal('root', {
        found: `key id ${keyId}`,
        wanted: `${keyIdOf(publicKey)}, the SHA-256 of ${JSON.stringify(keyDocument(publicKey))}`,
      })
    }
  }
}

function checkRoles(root: Root): void {
  for (const [name, role] of Object.entries(root.roles)) {
    // Delegations and roles that are not understood are refused, not ignored.
    if (!ROLE_NAMES.some((known) => known === name)) {
      throw refusal('root', {
        found: `role ${JSON.stringify(name)}`,
        wanted: ROLE_NAMES.join(', '),
      })
    }
    const unknown = role.keyIDs.find((keyId) => !Object.hasOwn(root.keys, keyId))
    if (unknown !== undefined) {
      throw refusal('root', { found: `${name} key ${unknown}`, wanted: 'one of the keys listed' })
    }
    // A threshold above the number of keys would trust nothing ever again. Below 1, which would trust everything,
    // and fractions are refused when the document is read.
    if (role.threshold > role.keyIDs.length) {
      throw refusal('root', {
        found: `${name} threshold ${role.threshold} of ${role.keyIDs.length} keys`,
        wanted: 'an integer from 1 to the number of keys',
      })
    }
  }
}

type Description = Pick<TrustedRoot, 'name' | 'origin' | 'bootstrap' | 'withdrawals'>

function readDescription(root: Root): Description {
  const description: unknown = root.unrecognizedFields['x-jarswarm']
  if (typeof description !== 'object' || description === null) {
    throw refusal('root', { found: 'no x-jarswarm', wanted: '{name, origin, bootstrap}' })
  }
  const { name, origin, bootstrap, withdrawals } = description as Readonly<Record<string, unknown>>
  if (typeof name !== 'string' || !isRepositoryName(name)) {
    throw refusal('root', { found: `name ${JSON.stringify(name)}`, wanted: 'a repository name' })
  }
  if (origin !== null && !(typeof origin === 'string' && isOrigin(origin))) {
    throw refusal('root', {
      found: `origin ${JSON.stringify(origin)}`,
      wanted: 'an http URL or null',
    })
  }
  if (!Array.isArray(bootstrap) || !bootstrap.every((peer) => typeof peer === 'string')) {
    throw refusal('root', { found: 'bootstrap of another form', wanted: 'a list of multiaddrs' })
  }
  // A transport of later years must not make the root unreadable: what is not understood is left out.
  return {
    name,
    origin: origin ?? undefined,
    bootstrap: bootstrap.filter(isPeerAddress),
    withdrawals: readAllowed(withdrawals),
  }
}

function readAllowed(list: unknown = []): readonly Digest[] {
  if (Array.isArray(list) && list.every((one) => typeof one === 'string' && isDigest(one))) {
    return list as Digest[]
  }
  throw refusal('root', { found: 'withdrawals of another form', wanted: 'a list of SHA-256' })
}

function roleKeys(root: TrustedRoot, role: RoleName): string {
  const { keyIDs = [], threshold = 0 } = root.metadata.signed.roles[role] ?? {}
  return [threshold, ...keyIDs.toSorted()].join(' ')
}
