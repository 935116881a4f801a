// A whole machine that is brought back from a backup has a state directory and a tree that agree, and both are of the past.
// Only others can tell: who gives out the repository over HTTP is asked for its newest state before another one is signed.
import { HttpReader } from '@jarswarm/http'
import { manifestMirrors, MAX_MANIFEST_BYTES, TrustedRepository } from '@jarswarm/trust'
import { StateMismatchError } from './errors.ts'
import type { PublishedState } from './published-state.ts'
import type { StateDirectory } from './state-directory.ts'

/** Whoever takes longer, or is away, keeps nobody from publishing: the next publish asks again. */
const ASK_TIMEOUT_MS = 5_000

const MANIFEST_PATH = '.jarswarm/manifest'

/**
 * Refuse to go on from a state after which the same keys signed others: two heads would get one number, which nodes keep as
 * evidence. What keys signed that a newer root replaced does not count.
 *
 * @param before the newest state here; undefined before the first
 * @throws {StateMismatchError} when the origin or a mirror gives out a newer head than this, or another one of its number
 */
export async function refuseFork(
  state: Pick<StateDirectory, 'path' | 'roots' | 'repository'>,
  before: Pick<PublishedState, 'manifest' | 'head' | 'headDigest'> | undefined,
  nowMs: number,
): Promise<void> {
  const { origin } = state.repository
  const mirrors = before === undefined ? [] : manifestMirrors(before.manifest)
  const urls = origin === undefined ? mirrors : [origin, ...mirrors]
  await Promise.all(
    urls.map(async (url) => {
      const given = verify(state, await askManifest(url), nowMs)
      const seq = before?.head.seq ?? 0
      if (given === undefined || given.seq < seq) return
      if (given.seq === seq && given.digest === before?.headDigest) return
      throw new StateMismatchError(
        `Cannot publish with ${state.path}: found head ${String(given.seq)} of ${given.issued} at ${url}, signed by its keys, ` +
          `wanted none that does not stand in the state directory, whose newest is head ${String(seq)}; bring back a newer ` +
          'backup, or replace the online keys with "repo rotate --role publisher --role timestamp" and publish after that',
      )
    }),
  )
}

interface GivenHead {
  readonly seq: number
  readonly issued: string
  readonly digest: string | undefined
}

/** What a server gives out; undefined when that is nothing that the keys in force signed. */
function verify(
  { repository: { id }, roots }: Pick<StateDirectory, 'roots' | 'repository'>,
  manifest: Uint8Array | undefined,
  nowMs: number,
): GivenHead | undefined {
  if (manifest === undefined) return undefined
  const trusted = TrustedRepository.restore(id, { roots, manifest: undefined })
  try {
    trusted.accept(manifest, nowMs)
  } catch {
    // Whatever stands there, nobody who follows this repository would take it.
    return undefined
  }
  const { head, headDigest: digest } = trusted
  return head && { seq: head.seq, issued: head.issued, digest }
}

/** The manifest that a server gives out; undefined when it gives none, or none in time. */
async function askManifest(url: string): Promise<Uint8Array | undefined> {
  const signal = AbortSignal.timeout(ASK_TIMEOUT_MS)
  const waits = { firstByteTimeoutMs: ASK_TIMEOUT_MS, silenceTimeoutMs: ASK_TIMEOUT_MS }
  const reader = new HttpReader({ url, userAgent: 'jarswarm', connections: 1, ...waits })
  try {
    const answer = await reader.get(MANIFEST_PATH, { signal })
    if (answer.kind !== 'file') return undefined
    const chunks: Uint8Array[] = []
    let sizeBytes = 0
    for await (const chunk of answer.body) {
      sizeBytes += chunk.length
      if (sizeBytes > MAX_MANIFEST_BYTES) return undefined
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch {
    // An origin that is away, and there are many ways to be, must not stop publishing into the tree that it serves.
    return undefined
  } finally {
    await reader.close()
  }
}
