import { sha256 } from '@jarswarm/manifest'
import type { Digest, Head } from '@jarswarm/manifest'
import { judgeAdvance } from './advance.ts'
import type { AcceptedManifest } from './advance.ts'
import {
  EquivocationError,
  ExpiredManifestError,
  InvalidManifestError,
  InvalidRootError,
  MissingRootError,
  OlderManifestError,
  RepositoryIdMismatchError,
} from './errors.ts'
import { freshnessAt, UNKNOWN_FRESHNESS } from './freshness.ts'
import type { FreshnessReport } from './freshness.ts'
import { parseManifest } from './manifest-container.ts'
import type { SignedManifest } from './manifest-container.ts'
import { signedContent } from './metadata.ts'
import type { RepositoryId } from './repository-id.ts'
import { verifyManifest } from './trusted-manifest.ts'
import type { TrustedManifest } from './trusted-manifest.ts'
import { rotatesOnlineKeys, verifyFirstRoot, verifyNextRoot } from './trusted-root.ts'
import type { TrustedRoot } from './trusted-root.ts'
import { MAX_ROOT_LEAD } from './limits.ts'

/** What must be kept of a trusted repository to restore it. */
export interface TrustedRecord {
  /** `1.root.json` first, then each successor; at least one. */
  readonly roots: readonly Uint8Array[]
  /** Root manifest as received, or undefined before the first. */
  readonly manifest: Uint8Array | undefined
}

export interface AcceptOptions {
  /** Refuse what has expired, as strict TUF does. @defaultValue false */
  readonly enforceExpiry?: boolean
}

/**
 * What is trusted of one repository: a chain of roots and the highest root manifest. It only advances, with one
 * exception: when root signers rotate online keys, what the old keys signed is forgotten.
 *
 * Each change is all or nothing: after an error everything is as before. Holds no resource; the caller makes
 * `record()` durable before it acts on a change.
 *
 * @see https://theupdateframework.github.io/specification/v1.0.34/#detailed-client-workflow
 */
export class TrustedRepository {
  readonly id: RepositoryId
  #roots: readonly TrustedRoot[]
  #root: TrustedRoot
  #accepted: AcceptedManifest | undefined
  #damage: Error | undefined

  private constructor(id: RepositoryId, first: TrustedRoot) {
    this.id = id
    this.#roots = [first]
    this.#root = first
  }

  /**
   * Begin to trust a repository, at its first root.
   *
   * @throws {RepositoryIdMismatchError} when the bytes are not those that the id names
   * @throws {InvalidRootError} when they are, and no valid root all the same
   */
  static create(id: RepositoryId, firstRootBytes: Uint8Array): TrustedRepository {
    const actual = sha256(firstRootBytes)
    // The id pins the first root, whoever delivers it.
    if (actual !== id) throw new RepositoryIdMismatchError(id, actual)
    return new TrustedRepository(id, verifyFirstRoot(firstRootBytes.slice()))
  }

  /**
   * Take up what was kept. Everything is verified again but expiry, which never un-verifies.
   *
   * A manifest that is damaged, or whose keys were rotated since, is left out: `head` is then undefined and
   * `damage` says why.
   *
   * @throws {RepositoryIdMismatchError} or {InvalidRootError} when the roots are damaged
   */
  static restore(id: RepositoryId, record: TrustedRecord): TrustedRepository {
    const [first, ...others] = record.roots
    if (first === undefined) {
      throw new InvalidRootError(
        'Cannot restore the repository: found no root, wanted at least one',
      )
    }
    const repository = TrustedRepository.create(id, first)
    for (const root of others) repository.acceptRoot(root)
    if (record.manifest !== undefined) repository.#restoreManifest(record.manifest)
    return repository
  }

  get name(): string {
    return this.#root.name
  }

  /** HTTP base URL by the newest root, or undefined when it names none. */
  get origin(): string | undefined {
    return this.#root.origin
  }

  /** Full multiaddrs of peers to begin with, by the newest root. */
  get bootstrap(): readonly string[] {
    return this.#root.bootstrap
  }

  /** SHA-256 of the batches that any root so far allowed to withdraw beyond the daily limit of the online keys. */
  get allowedWithdrawals(): ReadonlySet<Digest> {
    return new Set(this.#roots.flatMap(({ withdrawals }) => withdrawals))
  }

  /** Number of the newest root. */
  get rootNumber(): number {
    return this.#root.number
  }

  /** The trusted head, or undefined before the first manifest and after a rotation of keys. */
  get head(): Head | undefined {
    return this.#accepted?.head
  }

  /** SHA-256 of the trusted `head.json`. */
  get headDigest(): Digest | undefined {
    return this.#accepted?.headDigest
  }

  /** HTTP base URLs that hold the same files, each with a trailing slash, ascending; empty before the first manifest. */
  get mirrors(): readonly string[] {
    return this.#accepted?.mirrors ?? []
  }

  /** Root manifest as received. */
  get manifest(): Uint8Array | undefined {
    return this.#accepted?.bytes
  }

  /** When the trusted manifest was signed, in milliseconds since the epoch. */
  get issuedMs(): number | undefined {
    return this.#accepted?.issuedMs
  }

  /** When the first of the trusted documents expires, in milliseconds since the epoch. */
  get expiresMs(): number | undefined {
    return this.#accepted?.expiresMs
  }

  /** Why `restore` left the stored manifest out; undefined when it did not. */
  get damage(): Error | undefined {
    return this.#damage
  }

  /** Bytes of `<number>.root.json` as received, or undefined when it is not known. */
  root(number: number): Uint8Array | undefined {
    return this.#roots[number - 1]?.bytes
  }

  /** What `restore` takes. */
  record(): TrustedRecord {
    return { roots: this.#roots.map((root) => root.bytes), manifest: this.manifest }
  }

  /**
   * Advance to the next root. When it rotates online keys, the head is forgotten until the next manifest.
   *
   * @throws {RollbackError} when its number is not higher than `rootNumber`
   * @throws {InvalidRootError} when it is malformed, not the next, or not signed by both thresholds
   */
  acceptRoot(bytes: Uint8Array): void {
    const root = verifyNextRoot(this.#root, bytes.slice())
    this.#commit(root, this.#floorUnder(root))
  }

  /**
   * Advance to a newer root manifest, and to the root in it when that is the next one.
   *
   * By default what has expired is accepted when it is newer: newer but expired beats older and expired.
   *
   * @param nowMs the time to which expiry is compared, with `enforceExpiry`
   * @returns `same` when it says what is trusted already; nothing changes then
   * @throws {MissingRootError} when roots in between must come first
   * @throws {InvalidManifestError} when it is malformed or not signed by the trusted keys
   * @throws {OlderManifestError} when a newer one is trusted
   * @throws {RollbackError} when it is newer, and leads back all the same
   * @throws {EquivocationError} when it contradicts the trusted one
   * @throws {ExpiredManifestError} when it has expired, with `enforceExpiry`
   */
  accept(bytes: Uint8Array, nowMs: number, options: AcceptOptions = {}): 'newer' | 'same' {
    // Most of what gossip brings is known, and comparing costs far less than verifying.
    if (this.#accepted !== undefined && Buffer.compare(this.#accepted.bytes, bytes) === 0) {
      return 'same'
    }
    const own = bytes.slice()
    const parts = parseManifest(own)
    const root = this.#rootFor(parts)
    const candidate = { ...this.#verify(parts, root), bytes: own }
    const floor = this.#floorUnder(root)
    const advance = floor === undefined ? 'newer' : judgeAdvance(floor, candidate)
    if (advance === 'same' && root === this.#root) return 'same'
    if (options.enforceExpiry === true) checkExpiry(candidate, nowMs)
    this.#commit(root, candidate)
    return 'newer'
  }

  /** The state of the head at a moment; `unknown` while there is none. */
  freshness(nowMs: number, options: { readonly maxStaleMs?: number } = {}): FreshnessReport {
    if (this.#accepted === undefined) return UNKNOWN_FRESHNESS
    return freshnessAt(nowMs, this.#accepted, options.maxStaleMs)
  }

  #restoreManifest(bytes: Uint8Array): void {
    try {
      this.accept(bytes, 0)
    } catch (error) {
      // By the rule of this code base, only domain conditions carry a code; a defect goes on.
      if (!(error instanceof Error && 'code' in error)) throw error
      this.#damage = error
    }
  }

  /** The root under which a manifest is to be judged: the trusted one, or its successor in the manifest. */
  #rootFor(parts: SignedManifest): TrustedRoot {
    const next = this.#root.number + 1
    if (parts.rootNumber > this.#root.number + MAX_ROOT_LEAD) {
      throw new InvalidManifestError(
        `Cannot accept the root manifest: found root ${parts.rootNumber}, wanted at most ${MAX_ROOT_LEAD} more than ${this.#root.number}`,
      )
    }
    if (parts.rootNumber > next) throw new MissingRootError(parts.rootNumber, next)
    if (parts.rootNumber === next) return verifyCarriedRoot(this.#root, parts.root)
    this.#checkKnownRoot(parts)
    return this.#root
  }

  /** The manifest is passed on with its root, so that must be as good as the one kept here. */
  #checkKnownRoot(parts: SignedManifest): void {
    const known = this.#roots[parts.rootNumber - 1]
    if (known === undefined || Buffer.compare(known.bytes, parts.root) === 0) return
    const before = this.#roots[parts.rootNumber - 2]
    if (before === undefined) {
      throw new InvalidManifestError(
        `Cannot accept the root manifest: found a first root of SHA-256 ${sha256(parts.root)}, wanted ${this.id}`,
      )
    }
    const root = verifyCarriedRoot(before, parts.root)
    // Split view: the root keys signed two successors.
    if (signedContent(root.metadata) !== signedContent(known.metadata)) {
      throw new EquivocationError(`two roots of number ${known.number}`, {
        trusted: known.bytes,
        other: root.bytes,
      })
    }
  }

  #verify(parts: SignedManifest, root: TrustedRoot): TrustedManifest {
    try {
      return verifyManifest(parts, root)
    } catch (error) {
      const madeUnder = this.#roots[parts.rootNumber - 1]
      if (madeUnder === undefined || madeUnder === this.#root) throw error
      // Good news from before a rotation of keys is old news, not a forgery; a forgery throws here again.
      verifyManifest(parts, madeUnder)
      throw new OlderManifestError(
        `Cannot accept the root manifest: found one by keys of root ${madeUnder.number}, wanted keys of root ${root.number}`,
        { cause: error },
      )
    }
  }

  /** What a manifest under this root must not lead behind. */
  #floorUnder(root: TrustedRoot): AcceptedManifest | undefined {
    return rotatesOnlineKeys(this.#root, root) ? undefined : this.#accepted
  }

  #commit(root: TrustedRoot, accepted: AcceptedManifest | undefined): void {
    if (root !== this.#root) this.#roots = [...this.#roots, root]
    this.#root = root
    this.#accepted = accepted
  }
}

function verifyCarriedRoot(before: TrustedRoot, bytes: Uint8Array): TrustedRoot {
  try {
    return verifyNextRoot(before, bytes)
  } catch (cause) {
    throw new InvalidManifestError(
      `Cannot accept the root manifest: found a bad root in it, wanted a valid root ${before.number + 1}`,
      { cause },
    )
  }
}

function checkExpiry(candidate: TrustedManifest, nowMs: number): void {
  // TUF 5.3.10, 5.4.4, 5.5.6 and 5.6.6, freeze.
  if (nowMs >= candidate.expiresMs) {
    throw new ExpiredManifestError(
      `Cannot accept the root manifest: found one that expired at ${new Date(candidate.expiresMs).toISOString()}, wanted one that has not`,
    )
  }
}
