import { directoryOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { findEntry, formatHistoryLine, proveDirectory, sha256 } from '@jarswarm/manifest'
import type { Digest, Head, NodeSource, VerifiedHistory } from '@jarswarm/manifest'
import type { EvidenceStore, Logger } from '@jarswarm/ports'
import {
  formatEvidence,
  InvalidEvidenceError,
  InvalidManifestError,
  judgeEvidence,
  parseManifest,
} from '@jarswarm/trust'
import type { Contradiction, EvidenceStatement, TrustedRepository } from '@jarswarm/trust'
import { MAX_SEEN_CONTRADICTIONS } from '../limits.ts'
import type { Contradictory } from '../trust/trust-keeper.ts'
import { eventsOf } from './step-check.ts'

export interface EvidenceRecorderComponents {
  readonly evidence: EvidenceStore
  readonly logger: Logger
}

/** A head with the root manifest that signs it. */
export interface SignedHead {
  readonly manifest: Uint8Array
  readonly head: Head
}

/** Where a release's bytes are looked up, to find two that differ. */
export interface DigestSearch {
  readonly path: RepositoryPath
  readonly from: SignedHead | undefined
  readonly to: SignedHead
  /** Has the nodes of both indexes. */
  readonly nodes: NodeSource
  /** Of `to`. */
  readonly log: VerifiedHistory
}

interface Claim {
  readonly digest: Digest
  readonly state: () => Promise<EvidenceStatement>
}

/** Keeps evidence of what the keys of a repository should not have signed. */
export class EvidenceRecorder {
  readonly #components: EvidenceRecorderComponents
  readonly #name: string
  readonly #names = new Set<string>()
  readonly #seen = new Set<Digest>()

  constructor(components: EvidenceRecorderComponents, init: { readonly name: string }) {
    this.#components = components
    this.#name = init.name
  }

  /** Take up what was kept before. */
  async load(): Promise<void> {
    for (const name of await this.#components.evidence.list()) this.#names.add(name)
  }

  /** Names of all files. */
  get names(): readonly string[] {
    return [...this.#names]
  }

  /** Two signed things met: two roots, or two root manifests. */
  async contradiction(found: Contradictory, roots: readonly Uint8Array[]): Promise<void> {
    const { trusted: first, other: second } = found
    const key = sha256(second)
    // A peer may send the same one over and over.
    if (this.#seen.has(key)) return
    if (this.#seen.size >= MAX_SEEN_CONTRADICTIONS) this.#seen.clear()
    this.#seen.add(key)
    const isDone = isManifest(first)
      ? await this.record({ kind: 'two-stories', first, second }, roots)
      : await this.record({ kind: 'two-roots', first, second }, rootsBefore(first, roots))
    // Whoever brings it again finds a disk that works, perhaps.
    if (!isDone) this.#seen.delete(key)
  }

  /** Find two digests that were signed for a release, and keep the proofs of both. */
  async secondDigest(search: DigestSearch, trusted: TrustedRepository): Promise<void> {
    const claims = new Map<Digest, Claim>()
    for await (const claim of claimsOf(search)) {
      if (!claims.has(claim.digest)) claims.set(claim.digest, claim)
      const [first, second] = claims.values()
      if (first === undefined || second === undefined) continue
      const { path } = search
      const statements = { first: await first.state(), second: await second.state() }
      await this.record({ kind: 'second-digest', path, ...statements }, trusted.record().roots)
      return
    }
  }

  /** Keep a contradiction, after judging it as whoever reads the file will. @returns false when the disk did not take it */
  async record(contradiction: Contradiction, roots: readonly Uint8Array[]): Promise<boolean> {
    const { evidence, logger } = this.#components
    const whole = { ...contradiction, roots }
    try {
      const { says } = judgeEvidence(whole)
      const name = await evidence.add(contradiction.kind, formatEvidence(whole))
      this.#names.add(name)
      const fields = { repository: this.#name, evidence: name, says }
      logger.error(fields, 'SECURITY ERROR: the keys of the repository signed a contradiction')
      return true
    } catch (error) {
      const isNone = error instanceof InvalidEvidenceError
      logger[isNone ? 'debug' : 'error'](
        { repository: this.#name, kind: contradiction.kind, error: String(error) },
        'evidence was not kept',
      )
      return isNone
    }
  }
}

function rootsBefore(root: Uint8Array, roots: readonly Uint8Array[]): readonly Uint8Array[] {
  return roots.slice(
    0,
    roots.findIndex((one) => Buffer.compare(one, root) === 0),
  )
}

/** What each index, and each line, says of a path. */
async function* claimsOf({ path, from, to, nodes, log }: DigestSearch): AsyncGenerator<Claim> {
  for (const { manifest, head } of [from, to].flatMap((one) => one ?? [])) {
    const { root } = head.index
    const entry = await findEntry(nodes, root, path)
    if (entry === undefined) continue
    const state = async (): Promise<EvidenceStatement> => ({
      manifest,
      nodes: await proveDirectory(nodes, root, directoryOf(path)),
    })
    yield { digest: entry.digest, state }
  }
  for await (const { line, ...event } of eventsOf(log, { from: 0, to: log.state.size })) {
    if (event.path !== path) continue
    const state = async (): Promise<EvidenceStatement> => ({
      manifest: to.manifest,
      line: formatHistoryLine(event),
      index: line,
      proof: await log.proveInclusion(line),
    })
    yield { digest: event.digest, state }
  }
}

function isManifest(bytes: Uint8Array): boolean {
  try {
    parseManifest(bytes)
    return true
  } catch (error) {
    if (error instanceof InvalidManifestError) return false
    throw error
  }
}
