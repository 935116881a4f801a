import { parsePieceList, sha256, slicesIn, splitPieces, walkSlice } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { NotHeldError } from '@jarswarm/ports'
import type { ByteRange, Clock, Donor, Logger, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import PQueue from 'p-queue'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import { MAX_PROOFS_AT_ONCE } from './limits.ts'
import { withDeadline } from '../wait/deadline.ts'
import type { DonorBook } from './donor-book.ts'
import type { SliceCensus } from './slice-census.ts'

/** Donors asked in one run; with many donors this share of them, so that a round takes minutes, not hours. */
export const PROOFS_PER_RUN = 4
const DONORS_PER_PROOF = 64
/** Longest wait for the one piece that is asked for, the dial included. */
const PROOF_TIMEOUT_MS = 30_000

export interface DonorProofComponents {
  readonly swarm: Pick<Swarm, 'request' | 'reportWrongBytes'>
  readonly tree: Pick<IndexKeeper, 'completeRoot' | 'local' | 'read'>
  readonly census: SliceCensus
  readonly book: DonorBook
  /** Whether a file that the index names is given by nobody: it was withdrawn, or is denied here. */
  readonly isUnwanted: (entry: IndexEntry) => boolean
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

/** Some bytes of a file, at most a piece, and their digest. */
interface Sample extends ByteRange {
  readonly path: string
  readonly blob: Digest
  readonly digest: Digest
}

/** Has donors show that they hold what they claim: each a piece of a file of one of its slices, all drawn at random. */
export class DonorProof {
  readonly #components: DonorProofComponents
  readonly #repository: RepositoryId

  constructor(
    components: DonorProofComponents,
    { repository }: { readonly repository: RepositoryId },
  ) {
    this.#components = components
    this.#repository = repository
  }

  /** Ask some of those whose turn it is. @returns whether one gave a proof that had not before */
  async run(signal: AbortSignal): Promise<boolean> {
    const { book, tree } = this.#components
    const root = tree.completeRoot
    if (root === undefined) return false
    const before = countProven(book)
    const due = book.due()
    const count = PROOFS_PER_RUN + Math.floor(book.donors().length / DONORS_PER_PROOF)
    const queue = new PQueue({ concurrency: MAX_PROOFS_AT_ONCE })
    await queue.addAll(due.slice(0, count).map((donor) => () => this.#prove(donor, root, signal)))
    return countProven(book) > before
  }

  async #prove(donor: Donor, root: Digest, signal: AbortSignal): Promise<void> {
    const { book, swarm, clock, logger } = this.#components
    const { peer } = donor
    try {
      const init = { timeoutMs: PROOF_TIMEOUT_MS, reason: 'no proof in time', parents: [signal] }
      await withDeadline(clock, init, async (untilLate) => {
        const sample = await this.#draw(donor, root, untilLate)
        if (sample === undefined) {
          book.silent(peer)
          return
        }
        const { blob, offset, length } = sample
        const request = {
          kind: 'blob',
          repository: this.#repository,
          digest: blob,
          offset,
          length,
        } as const
        const bytes = await swarm.request(peer, request, { signal: untilLate })
        if (sha256(bytes) === sample.digest) {
          book.gave(peer)
          return
        }
        swarm.reportWrongBytes(peer)
        book.lied(peer)
      })
    } catch (error) {
      if (signal.aborted) return
      logger.debug({ peer, error: String(error) }, 'a donor gave no proof')
      if (error instanceof NotHeldError) book.lacked(peer)
      else book.silent(peer)
    }
  }

  /** A piece of a file of a slice that the donor claims; undefined when the index has no file there. */
  async #draw({ slices }: Donor, root: Digest, signal: AbortSignal): Promise<Sample | undefined> {
    const { tree, census, isUnwanted } = this.#components
    const { files } = await census.of(root)
    const slice = this.#pick([...slicesIn(slices)].filter((one) => files[one] !== 0))
    if (slice === undefined) return undefined
    const entries: IndexEntry[] = []
    for await (const entry of walkSlice(tree.local, root, slice)) {
      if (entry.sizeBytes > 0 && !isUnwanted(entry)) entries.push(entry)
    }
    const entry = this.#pick(entries)
    if (entry === undefined) return undefined
    const { path, digest, sizeBytes, pieceList } = entry
    if (pieceList === undefined) return { path, blob: digest, digest, offset: 0, length: sizeBytes }
    const digests = parsePieceList(await tree.read(pieceList, { signal }), sizeBytes)
    const pieces = splitPieces(sizeBytes).map((range, at) => ({
      ...range,
      path,
      blob: digest,
      digest: digests[at] ?? '',
    }))
    return this.#pick(pieces)
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.min(Math.floor(this.#components.random() * list.length), list.length - 1)]
  }
}

function countProven(book: DonorBook): number {
  return book.donors().filter(({ proven }) => proven).length
}
