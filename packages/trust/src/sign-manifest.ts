import { sha256 } from '@jarswarm/manifest'
import { Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models'
import type { Signer } from './keys.ts'
import { formatManifest, parseManifest } from './manifest-container.ts'
import { parseMetadata } from './metadata.ts'
import type { OnlineRoleName } from './role-name.ts'
import { formatMetadata, signMetadata } from './sign-metadata.ts'
import { formatTime } from './time.ts'
import { HEAD_NAME, readMirrors, verifyManifest } from './trusted-manifest.ts'
import type { ManifestVersions } from './trusted-manifest.ts'
import { parseRoot } from './trusted-root.ts'
import type { TrustedRoot } from './trusted-root.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const SPEC_VERSION = '1.0.34'

/** Lifetime of a timestamp: long enough for a weekend without the publisher, signed anew every hour. */
export const TIMESTAMP_LIFE_MS: number = 7 * DAY_MS
/** Lifetime of snapshot and targets: the timestamp says what is current, so theirs need not. */
export const SNAPSHOT_LIFE_MS: number = 3650 * DAY_MS

export interface SignManifestInit {
  /** Bytes of the newest root. */
  readonly root: Uint8Array
  /** Bytes of `head.json`. */
  readonly head: Uint8Array
  /** Versions of the manifest before this one, kept durably by the caller; undefined for the very first. */
  readonly previous: ManifestVersions | undefined
  readonly nowMs: number
  /** Holders of the online keys; each signs for the roles that list its key. */
  readonly signers: readonly Signer[]
  /** HTTP base URLs that hold the same files, in the form and order that `mirrorListFault` wants. @defaultValue none */
  readonly mirrors?: readonly string[]
  /** Lifetime of the timestamp. @defaultValue {@link TIMESTAMP_LIFE_MS} */
  readonly lifeMs?: number
}

/** A root manifest, and the versions to keep for the next. */
export interface SignedState {
  readonly manifest: Uint8Array
  /** Make these durable before the manifest is seen by anyone: a version must never be used twice. */
  readonly versions: ManifestVersions
}

/**
 * Sign a head: targets, snapshot and timestamp of the next versions.
 *
 * @throws {InvalidRootError} when the root is malformed
 * @throws {InvalidManifestError} when the signers do not reach a threshold of the root, or the head or the list of mirrors is malformed
 */
export function signManifest(init: SignManifestInit): SignedState {
  const root = parseRoot(init.root)
  const versions = nextVersions(init.previous)
  const longLived = {
    specVersion: SPEC_VERSION,
    expires: formatTime(init.nowMs + SNAPSHOT_LIFE_MS),
  }
  const sign = (role: OnlineRoleName, document: Timestamp | Snapshot | Targets): Uint8Array =>
    signRole(document, { root, role, signers: init.signers })

  const head = new TargetFile({ path: HEAD_NAME, ...pointerTo(init.head) })
  const targets = sign(
    'targets',
    new Targets({
      ...longLived,
      version: versions.targets,
      targets: { [HEAD_NAME]: head },
      unrecognizedFields: { 'x-jarswarm': { mirrors: [...(init.mirrors ?? [])] } },
    }),
  )
  const targetsFile = new MetaFile({ version: versions.targets, ...pointerTo(targets) })
  const snapshot = sign(
    'snapshot',
    new Snapshot({
      ...longLived,
      version: versions.snapshot,
      meta: { 'targets.json': targetsFile },
    }),
  )
  const timestamp = sign('timestamp', createTimestamp({ ...init, versions, snapshot }))
  return seal({ root: init.root, timestamp, snapshot, targets, head: init.head }, root, versions)
}

export interface ResignTimestampInit {
  /** Bytes of the root manifest to sign anew. */
  readonly manifest: Uint8Array
  /** Bytes of the newest root, when there is one since; the online keys must be the same. */
  readonly root?: Uint8Array
  readonly nowMs: number
  readonly signers: readonly Signer[]
  /** Lifetime of the timestamp. @defaultValue {@link TIMESTAMP_LIFE_MS} */
  readonly lifeMs?: number
}

/**
 * Sign the same head anew, so that it stays fresh: only the timestamp changes.
 *
 * @throws {InvalidManifestError} when the manifest is malformed or the signers do not reach the threshold
 */
export function resignTimestamp(init: ResignTimestampInit): SignedState {
  const parts = parseManifest(init.manifest)
  const rootBytes = init.root ?? parts.root
  const root = parseRoot(rootBytes)
  const before = manifestVersions(init.manifest)
  const versions = { ...before, timestamp: before.timestamp + 1 }
  const document = createTimestamp({ ...init, versions, snapshot: parts.snapshot })
  const timestamp = signRole(document, { root, role: 'timestamp', signers: init.signers })
  return seal({ ...parts, root: rootBytes, timestamp }, root, versions)
}

/**
 * Versions that a root manifest carries. Nothing is verified: for the publisher's own.
 *
 * @throws {InvalidManifestError} when it is malformed
 */
export function manifestVersions(manifest: Uint8Array): ManifestVersions {
  const parts = parseManifest(manifest)
  return {
    timestamp: parseMetadata('timestamp', parts.timestamp).signed.version,
    snapshot: parseMetadata('snapshot', parts.snapshot).signed.version,
    targets: parseMetadata('targets', parts.targets).signed.version,
  }
}

/**
 * The mirrors that a root manifest names. Nothing but their form is verified: for the publisher's own.
 *
 * @throws {InvalidManifestError} when it is malformed
 */
export function manifestMirrors(manifest: Uint8Array): readonly string[] {
  return readMirrors(parseMetadata('targets', parseManifest(manifest).targets).signed)
}

function nextVersions(previous: ManifestVersions | undefined): ManifestVersions {
  const { timestamp, snapshot, targets } = previous ?? { timestamp: 0, snapshot: 0, targets: 0 }
  return { timestamp: timestamp + 1, snapshot: snapshot + 1, targets: targets + 1 }
}

function createTimestamp(init: {
  readonly nowMs: number
  readonly lifeMs?: number
  readonly versions: ManifestVersions
  readonly snapshot: Uint8Array
}): Timestamp {
  return new Timestamp({
    specVersion: SPEC_VERSION,
    version: init.versions.timestamp,
    expires: formatTime(init.nowMs + (init.lifeMs ?? TIMESTAMP_LIFE_MS)),
    snapshotMeta: new MetaFile({ version: init.versions.snapshot, ...pointerTo(init.snapshot) }),
    unrecognizedFields: { 'x-jarswarm': { issued: formatTime(init.nowMs) } },
  })
}

function pointerTo(bytes: Uint8Array): { length: number; hashes: Record<string, string> } {
  return { length: bytes.length, hashes: { sha256: sha256(bytes) } }
}

function signRole(
  document: Timestamp | Snapshot | Targets,
  signing: {
    readonly root: TrustedRoot
    readonly role: OnlineRoleName
    readonly signers: readonly Signer[]
  },
): Uint8Array {
  const keyIds = signing.root.metadata.signed.roles[signing.role]?.keyIDs ?? []
  const metadata = new Metadata(document)
  signMetadata(
    metadata,
    signing.signers.filter((signer) => keyIds.includes(signer.keyId)),
  )
  return formatMetadata(metadata)
}

/** Put a state together as a client would take it apart: nothing leaves here that one would refuse. */
function seal(
  parts: Omit<Parameters<typeof formatManifest>[0], 'rootNumber'>,
  root: TrustedRoot,
  versions: ManifestVersions,
): SignedState {
  const manifest = formatManifest({ ...parts, rootNumber: root.number })
  verifyManifest(parseManifest(manifest), root)
  return { manifest, versions }
}
