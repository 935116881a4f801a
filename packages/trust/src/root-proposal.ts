// {"format": "jarswarm root proposal 1", "roots": ["<text of 1.root.json>", …], "proposed": "<text of the next root>"}
//
// All that a key holder needs to judge the next root on a machine of their own: the chain up to the current root, which
// tells whose repository it is, and the root that is to follow. Without roots it proposes the first one. Roots are kept as
// text, byte for byte.
import { sha256 } from '@jarswarm/manifest'
import { createRoot, signRoot } from './create-root.ts'
import { InvalidKeyError, InvalidRootError } from './errors.ts'
import { keyIdOf } from './keys.ts'
import type { Signer } from './keys.ts'
import { signedContent } from './metadata.ts'
import type { RepositoryId } from './repository-id.ts'
import { termsOf } from './root-terms.ts'
import type { RootTerms } from './root-terms.ts'
import { formatMetadata } from './sign-metadata.ts'
import { parseRoot, verifyFirstRoot, verifyNextRoot } from './trusted-root.ts'
import type { TrustedRoot } from './trusted-root.ts'
import { MAX_PROPOSAL_BYTES } from './limits.ts'

const FORMAT = 'jarswarm root proposal 1'

/** Signatures that one of the two thresholds asks for. Keys are public keys, 64 hex characters each. */
export interface SignatureCount {
  /** Whose threshold: that of the root in force, or that of the proposed one. */
  readonly of: 'current' | 'proposed'
  readonly threshold: number
  readonly signed: readonly string[]
  readonly unsigned: readonly string[]
}

/** A root that is to follow the current one, with the signatures gathered so far. Never changes: each step makes a new one. */
export class RootProposal {
  /** `1.root.json` first; empty when the first root itself is proposed. */
  readonly roots: readonly Uint8Array[]
  readonly #current: TrustedRoot | undefined
  readonly #proposed: TrustedRoot

  private constructor(roots: readonly Uint8Array[], proposed: TrustedRoot) {
    this.roots = roots
    this.#current = verifyChain(roots)
    this.#proposed = proposed
    const wanted = roots.length + 1
    if (proposed.number !== wanted) {
      throw new InvalidRootError(
        `Cannot read the proposal: found root ${proposed.number} proposed, wanted root ${wanted}`,
      )
    }
    if (this.#current !== undefined && this.#current.name !== proposed.name) {
      throw new InvalidRootError(
        `Cannot read the proposal: found name ${proposed.name}, wanted ${this.#current.name} as before`,
      )
    }
  }

  /**
   * Propose a root, without a signature yet.
   *
   * @param roots all roots, `1.root.json` first; empty to propose the first one
   * @param terms what it is to say, but its number and expiry
   * @throws {InvalidRootError} when nobody could trust it
   */
  static create(
    roots: readonly Uint8Array[],
    terms: Omit<RootTerms, 'number' | 'expiresMs'> & { readonly nowMs: number },
  ): RootProposal {
    const bytes = createRoot({ ...terms, version: roots.length + 1, signers: [] })
    return new RootProposal(roots, parseRoot(bytes))
  }

  /**
   * Read a proposal, and verify the roots in it from the first to the current one.
   *
   * @throws {InvalidRootError} when it is none, or its roots do not follow from one another
   */
  static parse(bytes: Uint8Array): RootProposal {
    const { roots, proposed } = readDocument(bytes)
    return new RootProposal(roots.map(toBytes), parseRoot(toBytes(proposed)))
  }

  /** Whose repository; undefined when the first root is proposed, for its signatures are part of what names it. */
  get id(): RepositoryId | undefined {
    const [first] = this.roots
    return first && sha256(first)
  }

  get number(): number {
    return this.#proposed.number
  }

  /** What is in force; undefined when the first root is proposed. */
  get current(): RootTerms | undefined {
    return this.#current && termsOf(this.#current)
  }

  get proposed(): RootTerms {
    return termsOf(this.#proposed)
  }

  /** Bytes of the proposed root with the signatures gathered so far. */
  get root(): Uint8Array {
    return this.#proposed.bytes
  }

  /** Valid signatures by threshold, and who may still sign. */
  get signatures(): readonly SignatureCount[] {
    const own = this.#count('proposed', this.#proposed)
    return this.#current === undefined ? [own] : [this.#count('current', this.#current), own]
  }

  /** Whether both thresholds are met. */
  get isComplete(): boolean {
    return this.signatures.every(({ signed, threshold }) => signed.length >= threshold)
  }

  /** Whether a root says what is proposed, whoever signed it. */
  says(root: Uint8Array): boolean {
    return signedContent(parseRoot(root).metadata) === signedContent(this.#proposed.metadata)
  }

  /**
   * Add one holder's signature; one that the holder gave before is replaced.
   *
   * @throws {InvalidKeyError} when the key is a root key of neither root
   */
  sign(signer: Signer): RootProposal {
    const isHolder = this.signatures.some(({ signed, unsigned }) =>
      [...signed, ...unsigned].includes(signer.publicKey),
    )
    if (!isHolder) {
      throw new InvalidKeyError(
        `Cannot sign root ${this.number}: found key ${signer.keyId}, wanted a root key of this root or of the one before it`,
      )
    }
    return new RootProposal(this.roots, parseRoot(signRoot(this.root, [signer])))
  }

  /**
   * Add the signatures that another copy of the proposal gathered.
   *
   * @throws {InvalidRootError} when it proposes something else
   */
  merge(other: RootProposal): RootProposal {
    if (!this.says(other.root) || this.id !== other.id) {
      throw new InvalidRootError(
        `Cannot merge proposals of root ${this.number}: found two that differ in ${this.#differences(other).join(', ')}, ` +
          'wanted copies of one; what was signed of the other does not count',
      )
    }
    const merged = parseRoot(this.root)
    const valid = new Set(
      other.signatures.flatMap(({ signed }) => signed.map((key) => keyIdOf(key))),
    )
    for (const [keyId, signature] of Object.entries(other.#proposed.metadata.signatures)) {
      // One that does not verify must not push out one that does.
      if (valid.has(keyId)) merged.metadata.signatures[keyId] = signature
    }
    return new RootProposal(this.roots, parseRoot(formatMetadata(merged.metadata)))
  }

  /** The bytes of a proposal file. */
  format(): Uint8Array {
    const document = {
      format: FORMAT,
      roots: this.roots.map(toText),
      proposed: toText(this.root),
    }
    return toBytes(`${JSON.stringify(document, null, 2)}\n`)
  }

  /** What two proposals do not say alike. */
  #differences(other: RootProposal): readonly string[] {
    const own = statements(this)
    const theirs = statements(other)
    const names = [...own.keys()].filter((name) => own.get(name) !== theirs.get(name))
    return names.length === 0 ? ['the form of what they say'] : names
  }

  #count(of: SignatureCount['of'], root: TrustedRoot): SignatureCount {
    const { publicKeys, threshold } = termsOf(root).roles.root
    const signed = publicKeys.filter((key) => this.#isSignedBy(root, keyIdOf(key)))
    const unsigned = publicKeys.filter((key) => !signed.includes(key))
    return { of, threshold, signed, unsigned }
  }

  #isSignedBy(root: TrustedRoot, keyId: string): boolean {
    try {
      root.metadata.signed.keys[keyId]?.verifySignature(this.#proposed.metadata)
      return true
    } catch {
      // The library says no by throwing; a signature that lacks and one that is wrong count alike.
      return false
    }
  }
}

/** What a proposal says, each as text by the name that people know it by. */
function statements({ id, proposed }: RootProposal): ReadonlyMap<string, string> {
  const { roles, expiresMs, ...terms } = proposed
  const expires = new Date(expiresMs).toISOString()
  const said = { repository: id ?? null, ...roles, ...terms, expires }
  return new Map(Object.entries(said).map(([name, value]) => [name, JSON.stringify(value)]))
}

function verifyChain(roots: readonly Uint8Array[]): TrustedRoot | undefined {
  const [first, ...others] = roots
  if (first === undefined) return undefined
  return others.reduce(verifyNextRoot, verifyFirstRoot(first))
}

function readDocument(bytes: Uint8Array): {
  readonly roots: readonly string[]
  readonly proposed: string
} {
  if (bytes.length > MAX_PROPOSAL_BYTES) {
    throw refusal(`${bytes.length} bytes`, `at most ${MAX_PROPOSAL_BYTES}`)
  }
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw refusal('text that is not JSON', FORMAT, cause)
  }
  const { format, roots, proposed } = (value ?? {}) as Readonly<Record<string, unknown>>
  const isText = (one: unknown): one is string => typeof one === 'string'
  if (format !== FORMAT) throw refusal(`format ${JSON.stringify(format)}`, FORMAT)
  if (!Array.isArray(roots) || !roots.every(isText) || !isText(proposed)) {
    throw refusal('other members', 'roots, a list of texts, and proposed, a text')
  }
  return { roots, proposed }
}

function refusal(found: string, wanted: string, cause?: unknown): InvalidRootError {
  return new InvalidRootError(`Cannot read the proposal: found ${found}, wanted ${wanted}`, {
    cause,
  })
}

function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
