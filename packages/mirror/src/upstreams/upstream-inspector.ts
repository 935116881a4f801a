import type { AbortOptions, Clock } from '@jarswarm/ports'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import type { TrustKeeper } from '../trust/trust-keeper.ts'
import { withDeadline } from '../wait/deadline.ts'
import { inspectUpstream } from './inspect-upstream.ts'
import type { UpstreamInspection } from './inspect-upstream.ts'
import { sampleEntries } from './sample-entries.ts'
import type { UpstreamSet } from './upstream-set.ts'
import type { UpstreamStanding } from './upstream-standing.ts'

/** Files that are compared at each upstream. */
export const SAMPLE_FILES = 5
/** Longest look at one upstream. */
export const INSPECTION_TIMEOUT_MS = 10_000

/** One upstream of a repository: how it fares, and whether it agrees with what is signed. */
export interface UpstreamReport extends UpstreamInspection {
  /** Name of the repository. */
  readonly repository: string
  readonly kind: 'origin' | 'mirror'
  readonly url: string
  readonly healthy: boolean
  /** Whether it sent wrong bytes within the last hour, and is asked after all others. */
  readonly demoted: boolean
  /** Median time to the first byte; null before the first answer. */
  readonly medianMs: number | null
  readonly receivedBytes: number
  /** How often it sent bytes that the index does not name, since the node started. */
  readonly wrongBytes: number
}

export interface UpstreamInspectorComponents {
  readonly upstreams: UpstreamSet
  readonly keeper: Pick<TrustKeeper, 'trusted'>
  readonly tree: Pick<IndexKeeper, 'local'>
  readonly clock: Clock
  readonly random?: () => number
}

/** Compares all upstreams of a repository with what is trusted here. */
export class UpstreamInspector {
  readonly #components: UpstreamInspectorComponents
  readonly #repository: string

  constructor(components: UpstreamInspectorComponents, init: { readonly repository: string }) {
    this.#components = components
    this.#repository = init.repository
  }

  async inspect(options: AbortOptions): Promise<readonly UpstreamReport[]> {
    const { upstreams, keeper, tree, random = Math.random } = this.#components
    const root = keeper.trusted?.head?.index.root
    const index = { read: tree.local, root: root ?? '' }
    const sample = root === undefined ? [] : await sampleEntries(index, SAMPLE_FILES, random)
    return await Promise.all(
      upstreams.all().map(async (standing) => this.#report(standing, sample, options)),
    )
  }

  async #report(
    standing: UpstreamStanding,
    sample: Parameters<typeof inspectUpstream>[1]['sample'],
    options: AbortOptions,
  ): Promise<UpstreamReport> {
    const { keeper, tree, clock } = this.#components
    const { upstream } = standing
    const trusted = keeper.trusted
    const reading = {
      timeoutMs: INSPECTION_TIMEOUT_MS,
      reason: 'no answer in time',
      parents: [options.signal],
    }
    const inspection =
      trusted === undefined
        ? UNKNOWN
        : await withDeadline(clock, reading, (signal) =>
            inspectUpstream(upstream, {
              id: trusted.id,
              record: trusted.record(),
              sample,
              readObject: tree.local,
              nowMs: clock.now(),
              signal,
            }),
          ).catch(() => {
            options.signal?.throwIfAborted()
            return { ...UNKNOWN, agreement: 'unreachable' as const }
          })
    const { healthy, medianMs } = upstream.health()
    const { agreement, head, behind, sample: compared } = inspection
    return {
      repository: this.#repository,
      kind: upstream.kind,
      url: upstream.url,
      healthy,
      demoted: standing.demoted,
      medianMs: medianMs ?? null,
      agreement,
      head,
      behind,
      sample: compared,
      receivedBytes: upstream.receivedBytes(),
      wrongBytes: standing.wrongBytes,
    }
  }
}

const UNKNOWN: UpstreamInspection = {
  agreement: 'unknown',
  head: null,
  behind: 0,
  sample: { right: 0, missing: 0, wrong: [] },
}
