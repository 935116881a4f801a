import { parseHead, sha256 } from '@jarswarm/manifest'
import type { Digest, Head } from '@jarswarm/manifest'
import type { Targets, Timestamp } from '@tufjs/models'
import type { SignedManifest } from './manifest-container.ts'
import { checkSignatures, expiryOf, parseMetadata, signedContent } from './metadata.ts'
import { mirrorListFault } from './mirror-list.ts'
import { refusal } from './refusal.ts'
import type { OnlineRoleName } from './role-name.ts'
import { parseTime } from './time.ts'
import type { TrustedRoot } from './trusted-root.ts'
import { MAX_MIRRORS } from './limits.ts'

/** The only file that targets may list. */
export const HEAD_NAME = 'head.json'

/** Version numbers of what the online keys signed; each only grows while the keys stay. */
export type ManifestVersions = Readonly<Record<OnlineRoleName, number>>

/** A root manifest that the trusted root's keys signed. Whether it is newer is not said. */
export interface TrustedManifest {
  readonly versions: ManifestVersions
  readonly head: Head
  readonly headDigest: Digest
  /** HTTP base URLs that hold the same files, each with a trailing slash; ascending. */
  readonly mirrors: readonly string[]
  /** What the timestamp's signatures cover; through its digests it binds all else. */
  readonly timestampContent: string
  /** When the timestamp was signed. */
  readonly issuedMs: number
  /** When the first of root, timestamp, snapshot and targets expires. */
  readonly expiresMs: number
}

/** How one document names the next. */
interface Pointer {
  readonly length?: number
  readonly hashes?: Readonly<Record<string, string>>
}

/**
 * Verify all of a root manifest but its root, from the timestamp down to the head. Expiry is not looked at.
 *
 * @param root the newest trusted one
 * @throws {InvalidManifestError} when anything is malformed, not signed, or not what the document above it names
 */
export function verifyManifest(parts: SignedManifest, root: TrustedRoot): TrustedManifest {
  // TUF 5.4.2, arbitrary software: the timestamp's signatures.
  const timestamp = parseMetadata('timestamp', parts.timestamp)
  checkSignatures(root.metadata, 'timestamp', timestamp)
  const issuedMs = readIssued(timestamp.signed)

  // TUF 5.5.2, mix and match: the snapshot that the timestamp names, byte for byte.
  const snapshotPointer = timestamp.signed.snapshotMeta
  checkPointer('snapshot', snapshotPointer, parts.snapshot)
  const snapshot = parseMetadata('snapshot', parts.snapshot)
  // TUF 5.5.3: its signatures.
  checkSignatures(root.metadata, 'snapshot', snapshot)
  // TUF 5.5.4: its version.
  checkNamedVersion('snapshot', snapshotPointer.version, snapshot.signed.version)

  // TUF 5.6.2, mix and match: the targets that the snapshot names.
  const { 'targets.json': targetsPointer, ...otherMetadata } = snapshot.signed.meta
  if (targetsPointer === undefined || Object.keys(otherMetadata).length > 0) {
    throw refusal('snapshot', {
      found: `metadata of ${Object.keys(snapshot.signed.meta).join(', ')}`,
      wanted: 'targets.json alone',
    })
  }
  checkPointer('targets', targetsPointer, parts.targets)
  const targets = parseMetadata('targets', parts.targets)
  // TUF 5.6.3: their signatures.
  checkSignatures(root.metadata, 'targets', targets)
  // TUF 5.6.4: their version.
  checkNamedVersion('targets', targetsPointer.version, targets.signed.version)

  // TUF 5.7.3: the one file that they list.
  checkPointer('head', readHeadPointer(targets.signed), parts.head)
  return {
    versions: {
      timestamp: timestamp.signed.version,
      snapshot: snapshot.signed.version,
      targets: targets.signed.version,
    },
    head: readHead(parts.head),
    headDigest: sha256(parts.head),
    mirrors: readMirrors(targets.signed),
    timestampContent: signedContent(timestamp),
    issuedMs,
    expiresMs: Math.min(root.expiresMs, ...[timestamp, snapshot, targets].map(expiryOf)),
  }
}

function checkPointer(what: OnlineRoleName | 'head', pointer: Pointer, bytes: Uint8Array): void {
  const { sha256: digest, ...otherHashes } = pointer.hashes ?? {}
  // Without both, the document above would not bind this one.
  if (pointer.length === undefined || digest === undefined || Object.keys(otherHashes).length > 0) {
    throw refusal(what, {
      found: `named by ${Object.keys(pointer.hashes ?? {}).join(', ') || 'no digest'}`,
      wanted: 'a length and a SHA-256 alone',
    })
  }
  if (bytes.length !== pointer.length) {
    throw refusal(what, { found: `${bytes.length} bytes`, wanted: `${pointer.length}` })
  }
  const actual = sha256(bytes)
  if (actual !== digest) throw refusal(what, { found: `SHA-256 ${actual}`, wanted: digest })
}

function checkNamedVersion(role: OnlineRoleName, named: number, actual: number): void {
  if (named !== actual) {
    throw refusal(role, { found: `version ${actual}`, wanted: `${named} as named` })
  }
}

function readIssued(timestamp: Timestamp): number {
  const custom: unknown = timestamp.unrecognizedFields['x-jarswarm']
  const issued =
    typeof custom === 'object' && custom !== null && 'issued' in custom ? custom.issued : undefined
  const issuedMs = typeof issued === 'string' ? parseTime(issued) : undefined
  if (issuedMs === undefined) {
    throw refusal('timestamp', {
      found: `x-jarswarm issued ${JSON.stringify(issued)}`,
      wanted: 'YYYY-MM-DDTHH:MM:SSZ',
    })
  }
  return issuedMs
}

function readHeadPointer(targets: Targets): Pointer {
  // A delegation would hand the name of the head to keys that the root does not list.
  if (targets.delegations !== undefined) {
    throw refusal('targets', { found: 'delegations', wanted: 'none' })
  }
  const { [HEAD_NAME]: pointer, ...others } = targets.targets
  if (pointer === undefined || Object.keys(others).length > 0) {
    throw refusal('targets', {
      found: Object.keys(targets.targets).join(', ') || 'no target',
      wanted: `${HEAD_NAME} alone`,
    })
  }
  return pointer
}

/** The mirrors that targets name, verified in form alone. @throws {InvalidManifestError} when the list is malformed */
export function readMirrors(targets: Targets): readonly string[] {
  const custom: unknown = targets.unrecognizedFields['x-jarswarm']
  const list: unknown =
    typeof custom === 'object' && custom !== null && 'mirrors' in custom ? custom.mirrors : []
  const found = mirrorListFault(list)
  // What is signed is asked for files by every node: nothing but a plain base URL may stand there.
  if (found !== undefined) {
    throw refusal('targets', {
      found: `mirrors with ${found}`,
      wanted: `at most ${MAX_MIRRORS} HTTP base URLs, ascending`,
    })
  }
  return list as readonly string[]
}

function readHead(bytes: Uint8Array): Head {
  try {
    return parseHead(bytes)
  } catch (cause) {
    throw refusal('head', {
      found: cause instanceof Error ? cause.message : 'unreadable bytes',
      wanted: 'a head of this format',
      cause,
    })
  }
}
