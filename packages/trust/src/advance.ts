import { EquivocationError, OlderManifestError, RollbackError } from './errors.ts'
import type { TrustedManifest } from './trusted-manifest.ts'

/** A verified root manifest together with the bytes that brought it. */
export interface AcceptedManifest extends TrustedManifest {
  readonly bytes: Uint8Array
}

/**
 * Compare a verified root manifest with the trusted one, both made by the same online keys.
 *
 * @returns `same` when both timestamps say the same, whatever their white space or extra signatures
 * @throws {OlderManifestError} when its timestamp is older
 * @throws {RollbackError} when its timestamp is newer but something below it is older
 * @throws {EquivocationError} when both cannot be states of one repository
 */
export function judgeAdvance(
  trusted: AcceptedManifest,
  candidate: AcceptedManifest,
): 'newer' | 'same' {
  const before = trusted.versions.timestamp
  const after = candidate.versions.timestamp
  // TUF 5.4.3.1, rollback: the timestamp's version.
  if (after < before) {
    throw new OlderManifestError(
      `Cannot accept the root manifest: found timestamp version ${after}, wanted more than ${before}`,
    )
  }
  if (after === before) {
    // Compared is what was signed: anyone can add white space, only the keys can contradict themselves.
    if (candidate.timestampContent === trusted.timestampContent) return 'same'
    throw equivocation(`two timestamps of version ${after}`, trusted, candidate)
  }
  checkVersions(trusted, candidate)
  checkHead(trusted, candidate)
  checkHistory(trusted, candidate)
  return 'newer'
}

function checkVersions(trusted: AcceptedManifest, candidate: AcceptedManifest): void {
  // TUF 5.4.3.2 (snapshot) and 5.5.5 (targets), rollback: the versions that the newer documents name.
  for (const role of ['snapshot', 'targets'] as const) {
    if (candidate.versions[role] < trusted.versions[role]) {
      throw rollback(`${role} version ${candidate.versions[role]}`, trusted.versions[role])
    }
  }
}

function checkHead(trusted: AcceptedManifest, candidate: AcceptedManifest): void {
  const { seq } = trusted.head
  // Rollback: a publisher that lost its state would begin to count anew.
  if (candidate.head.seq < seq) throw rollback(`head ${candidate.head.seq}`, seq)
  // Split view: one number, two states.
  if (candidate.head.seq === seq && candidate.headDigest !== trusted.headDigest) {
    throw equivocation(`two heads of number ${seq}`, trusted, candidate)
  }
  // Split view: a successor of another state than the one seen here.
  if (candidate.head.seq === seq + 1 && candidate.head.previous !== trusted.headDigest) {
    throw equivocation(`head ${seq + 1} after another head ${seq}`, trusted, candidate)
  }
}

function checkHistory(trusted: AcceptedManifest, candidate: AcceptedManifest): void {
  const before = trusted.head.history
  const after = candidate.head.history
  // Rewritten history: the log only grows. That it is an extension is proven from its tiles, elsewhere.
  if (after.size < before.size) throw rollback(`history of ${after.size} lines`, before.size)
  if (after.size === before.size && after.root !== before.root) {
    throw equivocation(`two histories of ${after.size} lines`, trusted, candidate)
  }
}

function rollback(found: string, wanted: number): RollbackError {
  return new RollbackError(
    `Cannot accept the root manifest: found ${found}, wanted at least ${wanted}`,
  )
}

function equivocation(
  found: string,
  trusted: AcceptedManifest,
  candidate: AcceptedManifest,
): EquivocationError {
  return new EquivocationError(found, { trusted: trusted.bytes, other: candidate.bytes })
}
