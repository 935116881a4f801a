import { buildIndex, sha256, sliceOf, sliceSet } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { Donor, Swarm } from '@jarswarm/ports'
import { ManualClock, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DonorBook } from '../../src/donate/donor-book.ts'
import { DonorProof } from '../../src/donate/donor-proof.ts'
import {
  MAX_DONORS_PER_BLOB,
  MAX_PROOFS_AT_ONCE,
  MAX_REMEMBERED_DONORS,
} from '../../src/donate/limits.ts'
import { SliceCensus } from '../../src/donate/slice-census.ts'
import { SourcePlan } from '../../src/fetch/source-plan.ts'
import { PeerStandings } from '../../src/transfer/peer-standings.ts'
import type { UpstreamSet } from '../../src/upstreams/upstream-set.ts'

const REPOSITORY = 'a'.repeat(64)
const nameOf = (number: number): string => `donor ${String(number)}`

describe('SourcePlan', () => {
  it('asks MAX_DONORS_PER_BLOB, and no more', async () => {
    const clock = new ManualClock()
    const nobody = { claimants: () => [], followers: () => [], roundTripMs: () => undefined }
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
        headSeq: 1,
      },
    )
    const signal = new AbortController().signal
    let asked = plan.first(1).length
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

/** An index of one file. */
function indexOf(path: string, bytes: Uint8Array) {
  const nodes = new Map<string, Uint8Array>()
  const entry: IndexEntry = {
    path: parsePath(path),
    digest: sha256(bytes),
    sha1: 'c'.repeat(40),
    sizeBytes: bytes.length,
    mtimeSeconds: 0,
    pieceList: undefined,
  }
  const { root } = buildIndex([entry], ({ digest, bytes: node }) => nodes.set(digest, node))
  const local = (digest: string) => Promise.resolve(nodes.get(digest))
  return { completeRoot: root, local, read: () => assert.fail('no piece list') }
}

describe('DonorProof', () => {
  it('asks MAX_PROOFS_AT_ONCE, and no more, however many donors there are', async () => {
    const bytes = Buffer.from('jar')
    const path = parsePath('g/a/1/a-1.jar')
    const tree = indexOf(path, bytes)
    const slices = sliceSet([sliceOf(path)])
    // One more is asked in a run for each 64 donors.
    const donors = Array.from({ length: 64 * MAX_PROOFS_AT_ONCE }, (_, at): Donor => ({
      peer: nameOf(at),
      donatedBytes: 1,
      slices,
      range: undefined,
      issuedMs: 0,
    }))
    const full = Promise.withResolvers<undefined>()
    let [asked, open, most] = [0, 0, 0]
    const swarm = {
      donors: () => donors,
      proveDonor: () => undefined,
      reportWrongBytes: () => assert.fail('wrong bytes'),
      request: async () => {
        asked += 1
        open += 1
        most = Math.max(most, open)
        if (open === MAX_PROOFS_AT_ONCE) full.resolve(undefined)
        await full.promise
        // Those that were let in too early have the time to show.
        await new Promise((resolve) => setImmediate(resolve))
        open -= 1
        return bytes
      },
    }
    const components = { swarm, clock: new ManualClock(), random: () => 0 }
    const book = new DonorBook(components, { repository: REPOSITORY })
    const proof = new DonorProof(
      {
        ...components,
        ...{ tree, book, census: new SliceCensus({ tree }), logger: new RecordingLogger() },
        isUnwanted: () => false,
      },
      { repository: REPOSITORY },
    )
    assert.equal(await proof.run(new AbortController().signal), true)
    assert.ok(asked > MAX_PROOFS_AT_ONCE)
    assert.equal(most, MAX_PROOFS_AT_ONCE)
    assert.equal(book.donors().filter(({ proven }) => proven).length, asked)
  })
})
