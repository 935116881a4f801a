import { parseHead, parsePieceList, PIECE_BYTES, sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { NotHeldError } from '@jarswarm/ports'
import type { Upstream } from '@jarswarm/ports'
import {
  EquivocationError,
  InvalidManifestError,
  MAX_MANIFEST_BYTES,
  OlderManifestError,
  parseManifest,
  RollbackError,
  TrustedRepository,
} from '@jarswarm/trust'
import type { RepositoryId, TrustedRecord } from '@jarswarm/trust'

/**
 * What an upstream's root manifest says beside ours. `same`: the same head; `behind` and `ahead`: an older and a newer one
 * of the same story; `forked`: one that contradicts ours; `invalid`: one that the keys of the repository did not sign;
 * `none`: it has no `.jarswarm/`; `unreachable`: it did not answer; `unknown`: nothing is known here to compare with.
 */
export type UpstreamAgreement =
  'same' | 'behind' | 'ahead' | 'forked' | 'invalid' | 'none' | 'unreachable' | 'unknown'

/** What became of the files that were compared with the signed index. */
export interface SampleReport {
  readonly right: number
  /** Files that it does not have, or did not give now. */
  readonly missing: number
  /** Paths of files whose bytes were not those of the index. */
  readonly wrong: readonly string[]
}

export interface UpstreamInspection {
  readonly agreement: UpstreamAgreement
  /** Its head; null when it has none that can be read. */
  readonly head: {
    readonly seq: number
    readonly issued: string
    readonly ageSeconds: number
  } | null
  /** Heads that it lacks; 0 unless it is behind. */
  readonly behind: number
  readonly sample: SampleReport
}

export interface InspectUpstreamInit {
  readonly id: RepositoryId
  /** What is trusted here. */
  readonly record: TrustedRecord
  /** Releases to compare. */
  readonly sample: readonly IndexEntry[]
  /** Reads a piece list of the index; undefined when it cannot be had. */
  readonly readObject: (digest: Digest) => Promise<Uint8Array | undefined>
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** Compare an upstream with what is trusted here: its head, and the bytes of some files. */
export async function inspectUpstream(
  upstream: Upstream,
  init: InspectUpstreamInit,
): Promise<UpstreamInspection> {
  const [compared, sample] = await Promise.all([
    compareHead(upstream, init),
    compareFiles(upstream, init),
  ])
  return { ...compared, sample }
}

/** Whether an upstream contradicts the signed index, so that somebody must look at it. */
export function disagrees({ agreement, sample }: UpstreamInspection): boolean {
  return agreement === 'forked' || agreement === 'invalid' || sample.wrong.length > 0
}

type Compared = Omit<UpstreamInspection, 'sample'>

async function compareHead(upstream: Upstream, init: InspectUpstreamInit): Promise<Compared> {
  const nothing = { head: null, behind: 0 }
  let bytes: Uint8Array
  try {
    const options = { signal: init.signal, maxBytes: MAX_MANIFEST_BYTES }
    bytes = await upstream.readPublished({ kind: 'manifest' }, options)
  } catch (error) {
    return { ...nothing, agreement: error instanceof NotHeldError ? 'none' : 'unreachable' }
  }
  try {
    const parts = parseManifest(bytes)
    const { seq, issued } = parseHead(parts.head)
    const ageSeconds = Math.max(0, Math.floor((init.nowMs - Date.parse(issued)) / 1_000))
    const head = { seq, issued, ageSeconds }
    const ours = TrustedRepository.restore(init.id, init.record)
    const { head: known, headDigest } = ours
    if (known === undefined) return { head, behind: 0, agreement: 'unknown' }
    // One number with two heads is a fork, whichever of the two was signed later.
    const isSplit = seq === known.seq && sha256(parts.head) !== headDigest
    const judgement = judge(ours, bytes, init.nowMs)
    const agreement = agreementOf(judgement, seq - known.seq)
    return {
      head,
      behind: Math.max(0, known.seq - seq),
      agreement: isSplit && judgement !== 'invalid' ? 'forked' : agreement,
    }
  } catch {
    // Whatever cannot be read is no manifest of this repository; the outcome says so.
    return { ...nothing, agreement: 'invalid' }
  }
}

type Judgement = 'valid' | 'forked' | 'invalid'

/** Judge a manifest on a copy of what is trusted, which is then thrown away. */
function judge(ours: TrustedRepository, bytes: Uint8Array, nowMs: number): Judgement {
  try {
    ours.accept(bytes, nowMs)
    return 'valid'
  } catch (error) {
    if (error instanceof OlderManifestError) return 'valid'
    if (error instanceof EquivocationError || error instanceof RollbackError) return 'forked'
    // A manifest under roots that are not known here yet is newer than what can be judged.
    return error instanceof InvalidManifestError ? 'invalid' : 'valid'
  }
}

function agreementOf(judgement: Judgement, lead: number): UpstreamAgreement {
  if (judgement !== 'valid') return judgement
  if (lead === 0) return 'same'
  return lead < 0 ? 'behind' : 'ahead'
}

async function compareFiles(upstream: Upstream, init: InspectUpstreamInit): Promise<SampleReport> {
  const outcomes = await Promise.all(
    init.sample.map(async (entry) => ({
      entry,
      outcome: await compareFile(upstream, entry, init),
    })),
  )
  const count = (wanted: FileOutcome): number =>
    outcomes.filter(({ outcome }) => outcome === wanted).length
  const wrong = outcomes.flatMap(({ entry, outcome }) => (outcome === 'wrong' ? [entry.path] : []))
  return { right: count('right'), missing: count('missing'), wrong }
}

type FileOutcome = 'right' | 'wrong' | 'missing'

/** A small file whole, of a large one its last piece. */
async function compareFile(
  upstream: Upstream,
  entry: IndexEntry,
  init: InspectUpstreamInit,
): Promise<FileOutcome> {
  const { path, sizeBytes, pieceList } = entry
  const offset =
    pieceList === undefined ? 0 : Math.floor((sizeBytes - 1) / PIECE_BYTES) * PIECE_BYTES
  const range = { offset, length: sizeBytes - offset }
  try {
    const wanted = pieceList === undefined ? entry.digest : await lastPiece(entry, init)
    if (wanted === undefined) return 'missing'
    const chunks: Uint8Array[] = []
    const reading = { signal: init.signal, sizeBytes, range }
    for await (const chunk of upstream.readArtifact(path, reading)) chunks.push(chunk)
    return sha256(Buffer.concat(chunks)) === wanted ? 'right' : 'wrong'
  } catch {
    // It is away, or lacks the file, or has one of another length: what it would give is not wrong, but none.
    return 'missing'
  }
}

async function lastPiece(
  { pieceList, sizeBytes }: IndexEntry,
  { readObject }: InspectUpstreamInit,
): Promise<Digest | undefined> {
  const bytes = await readObject(pieceList ?? '')
  return bytes && parsePieceList(bytes, sizeBytes).at(-1)
}
