import { canonicalize } from '@tufjs/canonical-json'
import { Metadata, MetadataKind } from '@tufjs/models'
import type { Root, Snapshot, Targets, Timestamp } from '@tufjs/models'
import { refusal } from './refusal.ts'
import type { RoleName } from './role-name.ts'
import { parseTime } from './time.ts'

/** TUF documents by role, as `@tufjs/models` reads them. */
export interface MetadataOfRole {
  readonly root: Metadata<Root>
  readonly timestamp: Metadata<Timestamp>
  readonly snapshot: Metadata<Snapshot>
  readonly targets: Metadata<Targets>
}

type AnyMetadata = MetadataOfRole[RoleName]
type JsonObject = ReturnType<Root['toJSON']>

const readers: { readonly [R in RoleName]: (json: JsonObject) => MetadataOfRole[R] } = {
  root: (json) => Metadata.fromJSON(MetadataKind.Root, json),
  timestamp: (json) => Metadata.fromJSON(MetadataKind.Timestamp, json),
  snapshot: (json) => Metadata.fromJSON(MetadataKind.Snapshot, json),
  targets: (json) => Metadata.fromJSON(MetadataKind.Targets, json),
}

/**
 * Read one role's metadata. Its form is checked, its signatures are not.
 *
 * @throws {InvalidRootError} or {InvalidManifestError}, by role, when it is not TUF 1.x metadata of this role
 */
export function parseMetadata<R extends RoleName>(role: R, bytes: Uint8Array): MetadataOfRole[R] {
  const metadata = readMetadata(role, bytes)
  // A fraction or a number beyond 2^53 would not count up by one.
  const { version } = metadata.signed
  if (!Number.isSafeInteger(version) || version < 1) {
    throw refusal(role, { found: `version ${version}`, wanted: 'a positive integer' })
  }
  // A date that cannot be read would compare as "not expired" for ever.
  if (parseTime(metadata.signed.expires) === undefined) {
    throw refusal(role, {
      found: `expiry ${JSON.stringify(metadata.signed.expires)}`,
      wanted: 'YYYY-MM-DDTHH:MM:SSZ',
    })
  }
  return metadata
}

/** When the metadata expires, in milliseconds since the epoch. */
export function expiryOf(metadata: AnyMetadata): number {
  return parseTime(metadata.signed.expires) ?? 0
}

/**
 * Refuse metadata that is not signed by the threshold of its role.
 *
 * @param root whose keys and thresholds decide
 */
export function checkSignatures(root: Metadata<Root>, role: RoleName, metadata: AnyMetadata): void {
  try {
    root.verifyDelegate(role, metadata)
  } catch (cause) {
    throw refusal(role, {
      found: cause instanceof Error ? cause.message : 'no valid signature',
      wanted: `the threshold of root ${root.signed.version}`,
      cause,
    })
  }
}

/** What the signatures cover. White space, order of keys and signatures of the document do not show in it. */
export function signedContent(metadata: AnyMetadata): string {
  return canonicalize(metadata.signed.toJSON())
}

function readMetadata<R extends RoleName>(role: R, bytes: Uint8Array): MetadataOfRole[R] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const json: unknown = JSON.parse(text)
    const metadata = readers[role](json as JsonObject)
    const { signed } = json as { readonly signed: JsonObject }
    // The library checks signatures over what it kept: what it drops would be passed on without a signature. This also
    // refuses what has no canonical form, such as fractions, and nesting beyond the stack.
    if (canonicalize(signed) !== signedContent(metadata)) {
      throw new TypeError('members that no signature would cover')
    }
    return metadata
  } catch (cause) {
    throw refusal(role, {
      found: cause instanceof Error ? cause.message : 'unreadable bytes',
      wanted: `TUF 1.0 metadata of type ${role}`,
      cause,
    })
  }
}
