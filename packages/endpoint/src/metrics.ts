import type { Prefetch, SourceKind } from '@jarswarm/ports'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { UNINDEXED_SOURCE } from './maven-routes.ts'
import { donationGauges } from './donation-metrics.ts'
import type { RepositoryGauge } from './donation-metrics.ts'
import { addProxiedCounters } from './proxied-metrics.ts'
import type { NodeStatus } from './status.ts'

/** From "in memory" over "a peer had it" to "the client was told no". */
const DURATION_BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 8, 30]

/** What one answer adds to the metrics. */
export interface AnswerSample {
  /** Status code; `reset` for a broken body, `closed` when the client went first. */
  readonly status: string
  readonly source: SourceKind | typeof UNINDEXED_SOURCE | undefined
  readonly bytes: number
  readonly durationSeconds: number
}

/** Metrics in the Prometheus text format, in a registry of their own. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Counter<'status' | 'source'>
  readonly #bytes: Counter
  readonly #duration: Histogram

  constructor(status: () => NodeStatus, prefetch?: Prefetch) {
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'jarswarm_requests_total',
      help: 'Answered requests by status and by where the bytes came from',
      labelNames: ['status', 'source'],
      registers,
    })
    this.#bytes = new Counter({
      name: 'jarswarm_served_bytes_total',
      help: 'Body bytes sent to clients',
      registers,
    })
    this.#duration = new Histogram({
      name: 'jarswarm_request_duration_seconds',
      help: 'Time from a request to the end of its answer',
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    })
    addStatusGauges(registers, status)
    addRepositoryGauges(registers, status)
    addProxiedCounters(registers, status)
    if (prefetch !== undefined) addPrefetchCounters(registers, prefetch)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  count(sample: AnswerSample): void {
    this.#requests.inc({ status: sample.status, source: sample.source ?? 'none' })
    this.#bytes.inc(sample.bytes)
    this.#duration.observe(sample.durationSeconds)
  }

  async text(): Promise<string> {
    return await this.#registry.metrics()
  }
}

function addStatusGauges(registers: Registry[], status: () => NodeStatus): void {
  const gauges: readonly (readonly [string, string, (status: NodeStatus) => number])[] = [
    ['jarswarm_uptime_seconds', 'Time since the node started', (s) => s.uptimeSeconds],
    ['jarswarm_store_blobs', 'Blobs in the store', (s) => s.store.blobs],
    ['jarswarm_store_bytes', 'Bytes in the store', (s) => s.store.bytes],
    ['jarswarm_store_quota_bytes', 'Bytes that the store may take', (s) => s.store.quotaBytes],
    ['jarswarm_peers_connected', 'Peers connected now', (s) => s.peers.connected],
    ['jarswarm_peers_known', 'Peers known', (s) => s.peers.known],
  ]
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(status()))
      },
    })
  }
}

/** Their quotient is the hit rate. */
function addPrefetchCounters(registers: Registry[], prefetch: Prefetch): void {
  const counters: readonly (readonly [string, string, () => number])[] = [
    [
      'jarswarm_prefetch_files_total',
      'Files that were fetched before a client asked for them',
      () => prefetch.counts().files,
    ],
    [
      'jarswarm_prefetch_used_total',
      'Files among them that a client then asked for',
      () => prefetch.counts().used,
    ],
  ]
  for (const [name, help, read] of counters) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
}

function addRepositoryGauges(registers: Registry[], status: () => NodeStatus): void {
  const gauges: readonly RepositoryGauge[] = [
    ['jarswarm_head_seq', 'Sequence number of the trusted head', (r) => r.head?.seq ?? 0],
    ['jarswarm_head_age_seconds', 'Age of the trusted head', (r) => r.head?.ageSeconds ?? 0],
    ['jarswarm_head_files', 'Files that the trusted head names', (r) => r.head?.files ?? 0],
    [
      'jarswarm_head_fresh',
      '1 while the head has not expired',
      (r) => Number(r.freshness === 'fresh'),
    ],
    [
      'jarswarm_head_suspect',
      '1 while the head is too old to say what is newest or absent',
      (r) => Number(r.freshness === 'suspect'),
    ],
    ['jarswarm_index_files', 'Files of the index that is here', (r) => r.index.files],
    ['jarswarm_history_lines', 'Lines of the history in use', (r) => r.history?.lines ?? 0],
    [
      'jarswarm_history_replayed',
      '1 when the index was compared with all of the history',
      (r) => Number(r.history?.replayed ?? false),
    ],
    [
      'jarswarm_history_fault',
      '1 when the index in use is not what the history says',
      (r) => Number((r.history?.fault ?? null) !== null),
    ],
    [
      'jarswarm_head_held_back',
      '1 while a newer signed head is not in use',
      (r) => Number((r.history?.heldBack ?? null) !== null),
    ],
    [
      'jarswarm_head_refused',
      '1 while a newer signed head is refused, for it contradicts what was signed before',
      (r) => Number(r.history?.heldBack?.refused ?? false),
    ],
    [
      'jarswarm_evidence_files',
      'Files that prove misbehaviour of the keys',
      (r) => r.evidence?.length ?? 0,
    ],
  ]
  for (const [name, help, read] of [...gauges, ...donationGauges()]) {
    new Gauge({
      name,
      help,
      labelNames: ['repository'],
      registers,
      collect() {
        this.reset()
        for (const repository of status().repositories)
          this.set({ repository: repository.name }, read(repository))
      },
    })
  }
}
