import { parsePath } from '@jarswarm/maven'
import type { IndexEntry } from '@jarswarm/manifest'
import type { Donor, Swarm } from '@jarswarm/ports'
import { ManualClock, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DonorBook } from '../../src/donate/donor-book.ts'
import { MAX_DONORS_PER_BLOB, MAX_REMEMBERED_DONORS } from '../../src/donate/limits.ts'
import { SourcePlan } from '../../src/fetch/source-plan.ts'
import { PeerStandings } from '../../src/transfer/peer-standings.ts'
import type { UpstreamSet } from '../../src/upstreams/upstream-set.ts'

const REPOSITORY = 'a'.repeat(64)
const nameOf = (number: number): string => `donor ${String(number)}`

describe('SourcePlan', () => {
  it('asks MAX_DONORS_PER_BLOB, and no more', async () => {
    const clock = new ManualClock()
    const nobody = { claimants: () => [], followers: () => [], peers: () => [] }
    const path = parsePath('g/a/1/a-1.jar')
    const plan = new SourcePlan(
      {
        swarm: nobody as unknown as Swarm,
        upstreams: { ranked: () => [], rankedPublishers: () => [] } as unknown as UpstreamSet,
        clock,
        logger: new RecordingLogger(),
        standings: new PeerStandings({ clock }),
        donorsOf: () => Array.from({ length: 20 }, (_, at) => nameOf(at)),
      },
      {
        repository: REPOSITORY,
        entry: { path, digest: 'b'.repeat(64), sizeBytes: 1 } as IndexEntry,
        lookUp: false,
      },
    )
    const signal = new AbortController().signal
    let asked = plan.first().length
    for (;;) {
      const next = await plan.next(signal)
      if (next.length === 0) break
      asked += next.length
    }
    assert.equal(asked, MAX_DONORS_PER_BLOB)
  })
})

describe('DonorBook', () => {
  it('remembers MAX_REMEMBERED_DONORS that lied and left, the newest of them', () => {
    let donors: readonly Donor[] = Array.from(
      { length: MAX_REMEMBERED_DONORS + 1 },
      (_, at) => ({ peer: nameOf(at), slices: new Uint8Array(0) }) as unknown as Donor,
    )
    const swarm = { donors: () => donors, proveDonor: () => undefined }
    const book = new DonorBook(
      { swarm, clock: new ManualClock(), random: () => 0 },
      { repository: REPOSITORY },
    )
    book.donors()
    for (const { peer } of donors) book.lied(peer)
    donors = []
    book.donors()
    assert.ok(!book.isRefuted(nameOf(0)))
    assert.ok(book.isRefuted(nameOf(1)))
    assert.ok(book.isRefuted(nameOf(MAX_REMEMBERED_DONORS)))
  })
})
