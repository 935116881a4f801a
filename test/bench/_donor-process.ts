/** A process with some donors: real ones over libp2p, whose stores are in memory. */
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { deserialize } from 'node:v8'
import { MemoryBlobStore, MemoryUpstream } from '@jarswarm/testkit'
import { QUICKENED } from './_donors.ts'
import type { BenchRepository, DonorOrder, DonorReport } from './_donors.ts'
import { startMemoryNode } from './_memory-node.ts'
import type { MemoryNode } from './_memory-node.ts'

const SECOND_MS = 1_000 / QUICKENED
const LIMITS = {
  noticeIntervalMs: 300 * SECOND_MS,
  noticeDebounceMs: 30 * SECOND_MS,
  noticePullMs: 60 * SECOND_MS,
  // All nodes have one address, which gets a share of these only.
  inboundPerSecond: 1_000,
  maxConnections: 1_000,
}
const PACE = {
  planMs: 60 * SECOND_MS,
  replanMs: 10 * SECOND_MS,
  proofRunMs: 15 * SECOND_MS,
  retryMs: 60 * SECOND_MS,
  settleMs: 300 * SECOND_MS,
  patienceMs: 900 * SECOND_MS,
}

const { id, files, digests } = deserialize(readFileSync(process.argv[2] ?? '')) as BenchRepository
const placeOf = new Map(digests.map((digest, place) => [digest, place]))
const origin = new MemoryUpstream({ files })
const donors: MemoryNode[] = []
let storedBytes = 0
let receivedByGone = 0

async function join(donatedBytes: number, bootstrap: readonly string[]): Promise<void> {
  const blobs = new MemoryBlobStore()
  blobs.onChange(({ kind, digest }) => {
    if (kind !== 'added') return
    void blobs.stat(digest).then((stat) => {
      storedBytes += stat?.sizeBytes ?? 0
    })
  })
  const donor = await startMemoryNode({
    blobs,
    origin,
    repository: {
      id,
      name: 'bench',
      lookUp: false,
      announce: false,
      donatedBytes: () => donatedBytes,
      donationPace: PACE,
    },
    swarm: { listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap, dht: 'client', limits: LIMITS },
  })
  donors.push(donor)
}

async function leave(count: number): Promise<void> {
  // Not those that came one after the other: they hold more of the same than others do.
  const every = Math.max(1, Math.floor(donors.length / count))
  const leaving = donors.filter((_, at) => at % every === every - 1).slice(0, count)
  await Promise.all(
    leaving.map(async (donor) => {
      donors.splice(donors.indexOf(donor), 1)
      await donor.stop()
      receivedByGone += donor.swarm.transferred().receivedBytes
    }),
  )
}

async function report(): Promise<DonorReport> {
  const holders = new Uint8Array(digests.length)
  for (const { blobs } of donors) {
    for await (const { digest } of blobs.list()) {
      const place = placeOf.get(digest)
      if (place !== undefined) holders[place] = (holders[place] ?? 0) + 1
    }
  }
  const wanted = donors.map(({ repository }) => repository.status().donation?.copies.wanted ?? 0)
  return {
    addresses: donors.flatMap(({ swarm }) => swarm.listenAddresses()),
    holders,
    storedBytes,
    receivedBytes: donors.reduce(
      (sum, { swarm }) => sum + swarm.transferred().receivedBytes,
      receivedByGone,
    ),
    wantedCopies: Math.max(0, ...wanted),
  }
}

async function carryOut(order: DonorOrder): Promise<void> {
  if (order.kind === 'join') await join(order.donatedBytes, order.bootstrap)
  else if (order.kind === 'leave') await leave(order.count)
  else if (order.kind === 'origin-dies') {
    origin.behaviour = 'refusing'
    origin.reported = { healthy: false, medianMs: 20, waitingMs: 0 }
  }
  process.send?.(await report())
}

process.on('message', (order: DonorOrder) => {
  void carryOut(order)
})
await once(process, 'disconnect')
await leave(donors.length)
