/**
 * A swarm link cannot be read.
 *
 * Show the message to whoever pasted the link: it says what was found and what to do.
 */
export class InvalidLinkError extends Error {
  override readonly name = 'InvalidLinkError'
  readonly code = 'ERR_INVALID_LINK'
}

/**
 * A key cannot be read, is not an ed25519 key, is not opened by the passphrase, or may not sign this.
 *
 * Tell the operator which file holds it, and what was wanted.
 */
export class InvalidKeyError extends Error {
  override readonly name = 'InvalidKeyError'
  readonly code = 'ERR_INVALID_KEY'
}

/**
 * A root is malformed, or not signed as the root before it and the root itself demand.
 *
 * Whoever sent it is at fault: drop it, and ask another source for the same number.
 */
export class InvalidRootError extends Error {
  override readonly name = 'InvalidRootError'
  readonly code = 'ERR_INVALID_ROOT'
}

/**
 * A root manifest is malformed, or not signed as the trusted root demands.
 *
 * Whoever sent it is at fault: drop it, count it against the sender, and ask another source.
 */
export class InvalidManifestError extends Error {
  override readonly name = 'InvalidManifestError'
  readonly code = 'ERR_INVALID_MANIFEST'
}

/**
 * The bytes of the first root do not hash to the repository id.
 *
 * Whoever sent them is at fault, or the link names another repository: ask another source.
 */
export class RepositoryIdMismatchError extends Error {
  override readonly name = 'RepositoryIdMismatchError'
  readonly code = 'ERR_REPOSITORY_ID_MISMATCH'
  readonly expected: string
  readonly actual: string

  constructor(expected: string, actual: string) {
    super(`Cannot trust the first root: found SHA-256 ${actual}, wanted ${expected}`)
    this.expected = expected
    this.actual = actual
  }
}

/**
 * Something validly signed would lead back: a version, the sequence number or the history is lower than trusted.
 *
 * Keep what is trusted and do not pass the bytes on. From an origin it means that the publisher lost its state:
 * tell the operator.
 */
export class RollbackError extends Error {
  override readonly name = 'RollbackError'
  readonly code = 'ERR_ROLLBACK'
}

/**
 * A root manifest is valid but older than the trusted one.
 *
 * Nobody is at fault, for news travels at different speeds: ignore it, and offer the sender the newer one.
 */
export class OlderManifestError extends Error {
  override readonly name = 'OlderManifestError'
  readonly code = 'ERR_OLDER_MANIFEST'
}

/**
 * The publisher's keys signed two things of which only one can be true.
 *
 * Keep what is trusted, store both as evidence that anyone can check, and tell the operator; do not blame the
 * peer that brought it.
 */
export class EquivocationError extends Error {
  override readonly name = 'EquivocationError'
  readonly code = 'ERR_EQUIVOCATION'
  /** Root manifest bytes that are trusted. */
  readonly trusted: Uint8Array
  /** Root manifest bytes that contradict them. */
  readonly other: Uint8Array

  constructor(found: string, evidence: { trusted: Uint8Array; other: Uint8Array }) {
    super(
      `Cannot accept the root manifest: found ${found}, wanted one history signed by these keys`,
    )
    this.trusted = evidence.trusted
    this.other = evidence.other
  }
}

/**
 * A root manifest was made under a root that is not known here yet.
 *
 * Fetch the root `wanted`, hand it to `acceptRoot`, and offer the manifest again.
 */
export class MissingRootError extends Error {
  override readonly name = 'MissingRootError'
  readonly code = 'ERR_MISSING_ROOT'
  /** Number of the next root. */
  readonly wanted: number

  constructor(found: number, wanted: number) {
    super(
      `Cannot accept the root manifest: found one made under root ${found}, wanted root ${wanted} first`,
    )
    this.wanted = wanted
  }
}

/**
 * A root manifest is valid but expired, and strict freshness was asked for.
 *
 * Keep what is trusted, and ask again later; the publisher may be down.
 */
export class ExpiredManifestError extends Error {
  override readonly name = 'ExpiredManifestError'
  readonly code = 'ERR_EXPIRED_MANIFEST'
}

/**
 * A file is no evidence, or proves nothing against the keys that it names.
 *
 * Do not pass it on: whoever made it accuses without reason.
 */
export class InvalidEvidenceError extends Error {
  override readonly name = 'InvalidEvidenceError'
  readonly code = 'ERR_INVALID_EVIDENCE'

  constructor(found: string, options?: ErrorOptions) {
    super(
      `Cannot accept the evidence: found ${found}, wanted a contradiction that is signed`,
      options,
    )
  }
}
