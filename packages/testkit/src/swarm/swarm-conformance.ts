import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { sha256, sliceSet } from '@jarswarm/manifest'
import type { Donation, Donor, ExchangeRequest, ProviderSubject, Swarm } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { MemorySwarmContent } from './memory-swarm-content.ts'

/** Nodes under test: started, each connected to all others. */
export interface SwarmFixture {
  readonly swarms: readonly Swarm[]
  /** Stop all that still run. */
  close(): Promise<void>
}

/** What the first node of a fixture shares; the others share all. */
export interface SwarmFixtureInit {
  readonly share?: 'all' | 'lan' | 'none'
}

type Create = (
  contents: readonly MemorySwarmContent[],
  init: SwarmFixtureInit,
) => Promise<SwarmFixture>

/** Two connected nodes and what they hold. */
interface Pair {
  readonly one: Swarm
  readonly other: Swarm
  readonly ours: MemorySwarmContent
  readonly theirs: MemorySwarmContent
}

type WithPair = (test: (pair: Pair) => Promise<void>, init?: SwarmFixtureInit) => Promise<void>

const REPOSITORY: RepositoryId = '5e'.repeat(32)
const FOREIGN: RepositoryId = 'f0'.repeat(32)
const ABSENT = '00'.repeat(32)
const WAIT_MS = 10_000
const POLL_MS = 5

/** What every swarm must do. `create` makes one node for each content. */
export function swarmConformance(name: string, create: Create): void {
  const withPair: WithPair = async (test, init = {}) => {
    const ours = new MemorySwarmContent([REPOSITORY])
    const theirs = new MemorySwarmContent([REPOSITORY, FOREIGN])
    const fixture = await create([ours, theirs], init)
    const [one, other] = fixture.swarms
    assert.ok(one !== undefined && other !== undefined)
    try {
      await eventually('both follow', () =>
        [one, other].every((swarm) => swarm.followers(REPOSITORY).length === 1),
      )
      await test({ one, other, ours, theirs })
    } finally {
      await fixture.close()
    }
  }
  describe(`${name} as Swarm`, () => {
    testMeeting(withPair)
    testRequests(withPair)
    testClaims(withPair)
    testGossip(withPair)
    testProviders(withPair)
    testOffences(withPair)
    testDonors(withPair)
    testSharing(withPair)
  })
}

function testMeeting(withPair: WithPair): void {
  it('knows who follows what', () =>
    withPair(async ({ one, other, ours, theirs }) => {
      assert.deepEqual(one.followers(REPOSITORY), [other.peerId])
      assert.deepEqual(one.followers(FOREIGN), [other.peerId])
      assert.deepEqual(other.followers(FOREIGN), [])
      assert.deepEqual(ours.joined, [other.peerId])
      assert.deepEqual(theirs.joined, [one.peerId])
      const [status] = one.peers()
      assert.equal(status?.peer, other.peerId)
      assert.deepEqual([status.connected, status.local, status.banned], [true, true, false])
      assert.deepEqual(status.repositories, [REPOSITORY])
      await eventually('the round trip is measured', () => {
        const roundTripMs = one.roundTripMs(other.peerId)
        return roundTripMs !== undefined && roundTripMs === one.peers()[0]?.roundTripMs
      })
      assert.equal(one.roundTripMs('a stranger'), undefined)
    }))

  it('has addresses while it runs, and stops twice', () =>
    withPair(async ({ one, other }) => {
      assert.equal(one.listenAddresses().length > 0, true)
      await one.stop()
      await one.stop()
      assert.deepEqual(one.listenAddresses(), [])
      await eventually('the other notices', () => other.followers(REPOSITORY).length === 0)
      const request = { kind: 'manifest', repository: REPOSITORY } as const
      await assert.rejects(other.request(one.peerId, request, {}), {
        code: 'ERR_SOURCE_UNAVAILABLE',
      })
    }))
}

function testRequests(withPair: WithPair): void {
  it('gets parts of blobs, objects, manifests, roots and tiles', () =>
    withPair(async ({ one, other, theirs }) => {
      const repository = REPOSITORY
      const digest = theirs.addBlob(repository, Buffer.from('0123456789'))
      const node = theirs.addObject(repository, Buffer.from('node'))
      theirs.setManifest(repository, Buffer.from('manifest'))
      theirs.addRoot(repository, 2, Buffer.from('root'))
      theirs.addLogTile(repository, 'tile/0/000', Buffer.from('tile'))
      const get = (request: ExchangeRequest): Promise<string> =>
        one.request(other.peerId, request, {}).then((bytes) => Buffer.from(bytes).toString())
      assert.equal(await get({ kind: 'blob', repository, digest, offset: 2, length: 3 }), '234')
      assert.equal(await get({ kind: 'object', repository, digest: node }), 'node')
      assert.equal(await get({ kind: 'manifest', repository }), 'manifest')
      const unless = sha256(Buffer.from('manifest'))
      assert.equal(await get({ kind: 'manifest', repository, unless }), '')
      assert.equal(await get({ kind: 'manifest', repository, unless: ABSENT }), 'manifest')
      assert.equal(await get({ kind: 'root', repository, number: 2 }), 'root')
      assert.equal(await get({ kind: 'log', repository, tile: 'tile/0/000' }), 'tile')
      assert.equal(await get({ kind: 'log', repository, tile: 'tile/0/000', from: 1 }), 'ile')
      assert.equal(await get({ kind: 'log', repository, tile: 'tile/0/000', from: 9 }), '')
      assert.equal(one.transferred().receivedBytes >= 23, true)
      assert.equal(other.transferred().sentBytes >= 23, true)
    }))

  it('says what is not held', () =>
    withPair(async ({ one, other }) => {
      const repository = REPOSITORY
      const requests: readonly ExchangeRequest[] = [
        { kind: 'blob', repository, digest: ABSENT, offset: 0, length: 1 },
        { kind: 'object', repository, digest: ABSENT },
        { kind: 'manifest', repository },
        { kind: 'root', repository, number: 9 },
        { kind: 'log', repository, tile: 'tile/0/000' },
        { kind: 'manifest', repository: ABSENT },
      ]
      for (const request of requests) {
        await assert.rejects(one.request(other.peerId, request, {}), { code: 'ERR_NOT_HELD' })
      }
    }))

  it('rejects with the reason of the signal', () =>
    withPair(async ({ one, other }) => {
      const reason = new Error('no longer wanted')
      const request = { kind: 'manifest', repository: REPOSITORY } as const
      const signal = AbortSignal.abort(reason)
      await assert.rejects(one.request(other.peerId, request, { signal }), reason)
    }))
}

function testClaims(withPair: WithPair): void {
  it('keeps claims current', () =>
    withPair(async ({ one, other, theirs }) => {
      const claimed = (digest: string): boolean =>
        one.claimants(REPOSITORY, digest).includes(other.peerId)
      const digest = theirs.addBlob(REPOSITORY, Buffer.from('a blob'))
      await eventually('the claim', () => claimed(digest))
      assert.equal(claimed(ABSENT), false)
      theirs.removeBlob(REPOSITORY, digest)
      await eventually('the end of the claim', () => !claimed(digest))
      theirs.setCompleteToSeq(REPOSITORY, 7)
      await eventually('a claim to everything', () => claimed(ABSENT))
      assert.deepEqual(one.claimants(REPOSITORY, ABSENT, 7), [other.peerId])
      assert.deepEqual(one.claimants(REPOSITORY, ABSENT, 8), [])
      theirs.setCompleteToSeq(REPOSITORY, undefined)
      await eventually('the end of that', () => !claimed(ABSENT))
    }))
}

function testGossip(withPair: WithPair): void {
  it('pushes heads to followers, and takes none twice', () =>
    withPair(async ({ one, other, theirs }) => {
      let number = 0
      // Whether the other has subscribed yet cannot be seen: newer heads follow until one arrived.
      await eventually('a head', async () => {
        number += 1
        await one.gossipManifest(REPOSITORY, Buffer.from(`head ${String(number).padStart(9)}`))
        return theirs.offered.length > 0
      })
      const [first] = theirs.offered
      assert.deepEqual([first?.peer, first?.verdict], [one.peerId, 'accept'])
      const bytes = theirs.readManifest(REPOSITORY)
      assert.ok(bytes)
      await one.gossipManifest(REPOSITORY, bytes)
      await other.gossipManifest(REPOSITORY, bytes)
      const request = { kind: 'manifest', repository: REPOSITORY } as const
      await one.request(other.peerId, request, {})
      const digests = theirs.offered.map(({ digest }) => digest)
      assert.equal(new Set(digests).size, digests.length)
    }))
}

function testProviders(withPair: WithPair): void {
  it('finds who announced a project or the whole', () =>
    withPair(async ({ one, other, ours, theirs }) => {
      for (const content of [ours, theirs]) content.addProject(REPOSITORY, 'g/a')
      const project = { repository: REPOSITORY, project: 'g/a' }
      const whole = { repository: REPOSITORY, project: undefined }
      assert.deepEqual(await providers(one, project), [])
      await tell(other, project)
      await eventually('the project', async () => (await providers(one, project)).length === 1)
      assert.deepEqual(await providers(one, project), [other.peerId])
      assert.deepEqual(await providers(one, whole), [])
      await tell(other, whole)
      await eventually('the whole', async () => (await providers(one, whole)).length === 1)
      assert.deepEqual(await providers(one, whole), [other.peerId])
    }))
}

function testOffences(withPair: WithPair): void {
  it('avoids who sent wrong bytes once, and drops who did thrice', () =>
    withPair(async ({ one, other, theirs }) => {
      const digest = theirs.addBlob(REPOSITORY, Buffer.from('a blob'))
      await eventually('the claim', () => one.claimants(REPOSITORY, digest).length === 1)
      one.reportWrongBytes(other.peerId)
      assert.deepEqual(one.claimants(REPOSITORY, digest), [])
      assert.deepEqual(one.followers(REPOSITORY), [other.peerId])
      one.reportWrongBytes(other.peerId)
      one.reportWrongBytes(other.peerId)
      assert.deepEqual(one.followers(REPOSITORY), [])
      await eventually('the disconnection', () => other.followers(REPOSITORY).length === 0)
    }))
}

function testDonors(withPair: WithPair): void {
  const donation = (donatedBytes: number, ...slices: number[]): Donation => ({
    donatedBytes,
    slices: sliceSet(slices),
  })

  it('tells who donates, what changes in it, and when it ends', () =>
    withPair(async ({ one, other }) => {
      const seen = (): unknown => other.donors(REPOSITORY).map(withoutTime)
      const gives = async (wanted: Donation): Promise<void> => {
        one.donate(REPOSITORY, wanted)
        const peer = one.peerId
        const donor = { peer, donatedBytes: wanted.donatedBytes, slices: [...wanted.slices] }
        await eventually('the donation', () => isDeepStrictEqual(seen(), [donor]))
      }
      const changed = new Set<RepositoryId>()
      const unsubscribe = other.onDonorsChange((repository) => changed.add(repository))
      await gives(donation(1_000, 7))
      assert.deepEqual([...changed], [REPOSITORY])
      unsubscribe()
      changed.clear()
      await gives(donation(1_000, 7, 4_095))
      await gives(donation(2_000, 4_095))
      assert.deepEqual(one.donors(REPOSITORY), [])
      assert.deepEqual(other.donors(FOREIGN), [])
      one.donate(REPOSITORY, undefined)
      await eventually('the end of it', () => other.donors(REPOSITORY).length === 0)
      assert.deepEqual([...changed], [])
    }))

  it('names no banned donor', () =>
    withPair(async ({ one, other }) => {
      one.donate(REPOSITORY, donation(1, 0))
      await eventually('the donor', () => other.donors(REPOSITORY).length === 1)
      let told = false
      other.onDonorsChange(() => (told = true))
      for (let count = 0; count < 3; count += 1) other.reportWrongBytes(one.peerId)
      assert.deepEqual(other.donors(REPOSITORY), [])
      assert.equal(told, true)
    }))

  it('says nothing of what it donates when sharing is off', () =>
    withPair(
      async ({ one, other }) => {
        one.donate(REPOSITORY, donation(1, 0))
        other.donate(REPOSITORY, donation(1, 0))
        await eventually('the other', () => one.donors(REPOSITORY).length === 1)
        assert.deepEqual(other.donors(REPOSITORY), [])
      },
      { share: 'none' },
    ))
}

function withoutTime({ peer, donatedBytes, slices }: Donor): unknown {
  return { peer, donatedBytes, slices: [...slices] }
}

function testSharing(withPair: WithPair): void {
  it('tells and gives nothing when sharing is off', () =>
    withPair(
      async ({ one, other, ours, theirs }) => {
        for (const content of [ours, theirs]) content.addProject(REPOSITORY, 'g/a')
        const digest = ours.addBlob(REPOSITORY, Buffer.from('a blob'))
        const subject = { repository: REPOSITORY, project: 'g/a' }
        await tell(one, subject)
        assert.deepEqual(await providers(other, subject), [])
        assert.deepEqual(other.claimants(REPOSITORY, digest), [])
        const range = { digest, offset: 0, length: 6 }
        const request = { kind: 'blob', repository: REPOSITORY, ...range } as const
        await assert.rejects(other.request(one.peerId, request, {}), {
          code: 'ERR_SOURCE_UNAVAILABLE',
        })
      },
      { share: 'none' },
    ))
}

async function tell(swarm: Swarm, { repository, project }: ProviderSubject): Promise<void> {
  for await (const told of swarm.provide(repository, [project], {})) assert.equal(told, project)
}

async function providers(
  swarm: Swarm,
  subject: Parameters<Swarm['findProviders']>[0],
): Promise<string[]> {
  const found: string[] = []
  const signal = AbortSignal.timeout(WAIT_MS)
  for await (const peer of swarm.findProviders(subject, { signal })) found.push(peer)
  return found
}

async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const untilMs = Date.now() + WAIT_MS
  while (!(await condition())) {
    if (Date.now() > untilMs) assert.fail(`Cannot go on: ${what} did not come true`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
