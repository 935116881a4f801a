import {
  leafHash,
  parseHistoryLine,
  sha256,
  verifyConsistency,
  verifyInclusion,
  verifyProof,
} from '@jarswarm/manifest'
import type { Digest, Head } from '@jarswarm/manifest'
import { directoryOf, isMutablePath, parsePath } from '@jarswarm/maven'
import { EquivocationError, InvalidEvidenceError, RollbackError } from '../errors.ts'
import { parseManifest } from '../manifest-container.ts'
import { signedContent } from '../metadata.ts'
import type { RepositoryId } from '../repository-id.ts'
import { manifestVersions } from '../sign-manifest.ts'
import { TrustedRepository } from '../trusted-repository.ts'
import { parseRoot } from '../trusted-root.ts'
import type { Evidence, EvidenceStatement } from './evidence.ts'

/** What a piece of evidence proves, and of whom. */
export interface EvidenceVerdict {
  readonly kind: Evidence['kind']
  readonly repository: RepositoryId
  readonly name: string
  /** Whose keys signed both: those of the root, or those that this root names for the other roles. */
  readonly signedBy: { readonly role: 'root' | 'online'; readonly rootNumber: number }
  /** One sentence. */
  readonly says: string
}

type Pair = Extract<Evidence, { kind: 'two-stories' | 'rewritten-history' }>

/**
 * Judge evidence by itself, without any network or prior knowledge: the repository id is what its first root hashes to,
 * and comparing that with the repository one means is the reader's part.
 *
 * @throws {InvalidEvidenceError} when it proves nothing
 */
export function judgeEvidence(evidence: Evidence): EvidenceVerdict {
  try {
    return judge(evidence)
  } catch (error) {
    // By the rule of this code base only domain conditions carry a code; a defect goes on.
    if (error instanceof InvalidEvidenceError || !(error instanceof Error && 'code' in error))
      throw error
    throw new InvalidEvidenceError(`a part that is refused (${error.message})`, { cause: error })
  }
}

function judge(evidence: Evidence): EvidenceVerdict {
  if (evidence.kind === 'two-roots') return judgeRoots(evidence)
  if (evidence.kind === 'two-stories') return judgeStories(evidence)
  if (evidence.kind === 'rewritten-history') return judgeHistory(evidence)
  return judgeDigests(evidence)
}

function judgeRoots(evidence: Extract<Evidence, { kind: 'two-roots' }>): EvidenceVerdict {
  const rootNumber = evidence.roots.length
  const repository = chain(evidence, rootNumber)
  repository.acceptRoot(evidence.first)
  chain(evidence, rootNumber).acceptRoot(evidence.second)
  if (signedPart(evidence.first) === signedPart(evidence.second)) {
    throw new InvalidEvidenceError('the same root twice')
  }
  return verdict(evidence, repository, {
    signedBy: { role: 'root', rootNumber },
    says: `two different roots of number ${String(rootNumber + 1)} are signed`,
  })
}

function judgeStories(evidence: Pair): EvidenceVerdict {
  const manifests = [evidence.first, evidence.second]
  const repository = chain(evidence, newestRoot(manifests))
  // The older one first: that it is older than the other is no contradiction.
  const inOrder = manifests.toSorted(
    (a, b) => manifestVersions(a).timestamp - manifestVersions(b).timestamp,
  )
  try {
    for (const manifest of inOrder) repository.accept(manifest, 0)
  } catch (error) {
    if (!(error instanceof EquivocationError || error instanceof RollbackError)) throw error
    const found = /found (.*), wanted/.exec(error.message)?.[1] ?? error.message
    return verdict(evidence, repository, {
      signedBy: { role: 'online', rootNumber: repository.rootNumber },
      says: `two root manifests contradict each other: ${found}`,
    })
  }
  throw new InvalidEvidenceError('two root manifests that agree')
}

function judgeHistory(evidence: Extract<Evidence, { kind: 'rewritten-history' }>): EvidenceVerdict {
  const { first, second, root, proof } = evidence
  const repository = chain(evidence, newestRoot([first, second]))
  const was = headOf(evidence, repository.rootNumber, first)
  const is = headOf(evidence, repository.rootNumber, second)
  const { size } = was.history
  verifyConsistency({ size, root }, is.history, proof)
  if (root === was.history.root) throw new InvalidEvidenceError('a history that was continued')
  return verdict(evidence, repository, {
    signedBy: { role: 'online', rootNumber: repository.rootNumber },
    says: `head ${String(is.seq)} rewrites the first ${String(size)} lines of the history that head ${String(was.seq)} signed`,
  })
}

function judgeDigests(evidence: Extract<Evidence, { kind: 'second-digest' }>): EvidenceVerdict {
  const { first, second } = evidence
  const path = parsePath(evidence.path)
  if (isMutablePath(path)) throw new InvalidEvidenceError(`${path}, which may change`)
  const repository = chain(evidence, newestRoot([first.manifest, second.manifest]))
  const was = headOf(evidence, repository.rootNumber, first.manifest)
  const is = headOf(evidence, repository.rootNumber, second.manifest)
  const digest = digestIn(was, path, first)
  const otherDigest = digestIn(is, path, second)
  if (digest === otherDigest) throw new InvalidEvidenceError(`one digest of ${path}`)
  return verdict(evidence, repository, {
    signedBy: { role: 'online', rootNumber: repository.rootNumber },
    says: `the release ${path} has SHA-256 ${digest} in head ${String(was.seq)}, and ${otherDigest} in head ${String(is.seq)}`,
  })
}

/** What a statement says of a path: by the index of its head, or by a line of its history. */
function digestIn(head: Head, path: string, statement: EvidenceStatement): Digest {
  if ('nodes' in statement) {
    const entries = verifyProof(head.index.root, directoryOf(parsePath(path)), statement.nodes)
    const entry = entries?.find((found) => found.path === path)
    if (entry === undefined)
      throw new InvalidEvidenceError(`no ${path} in head ${String(head.seq)}`)
    return entry.digest
  }
  const { line, index, proof } = statement
  verifyInclusion(head.history, { index, hash: leafHash(line) }, proof)
  const event = parseHistoryLine(line)
  if (event.path !== path) throw new InvalidEvidenceError(`a line about ${event.path}`)
  return event.digest
}

/**
 * The head of a manifest, verified under the newest root of the evidence: after a rotation of the online keys nobody is held
 * to what the old ones signed.
 */
function headOf(evidence: Evidence, rootNumber: number, manifest: Uint8Array): Head {
  const alone = chain(evidence, rootNumber)
  alone.accept(manifest, 0)
  if (alone.head === undefined) throw new InvalidEvidenceError('no head')
  return alone.head
}

function newestRoot(manifests: readonly Uint8Array[]): number {
  return Math.max(...manifests.map((bytes) => parseManifest(bytes).rootNumber))
}

function chain({ roots }: Evidence, upTo: number): TrustedRepository {
  const [first] = roots
  if (first === undefined || roots.length < upTo) throw new InvalidEvidenceError('too few roots')
  return TrustedRepository.restore(sha256(first), {
    roots: roots.slice(0, upTo),
    manifest: undefined,
  })
}

/** What the signatures of a document cover: the same in all its copies, whatever their white space. */
function signedPart(bytes: Uint8Array): string {
  return signedContent(parseRoot(bytes).metadata)
}

function verdict(
  { kind }: Evidence,
  repository: TrustedRepository,
  rest: Pick<EvidenceVerdict, 'signedBy' | 'says'>,
): EvidenceVerdict {
  return { kind, repository: repository.id, name: repository.name, ...rest }
}
