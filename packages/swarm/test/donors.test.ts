import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { sliceSet } from '@jarswarm/manifest'
import type { Donation } from '@jarswarm/ports'
import { MAX_NOTICE_AHEAD_MS, MAX_UNPROVEN_DONORS } from '../src/donors/limits.ts'
import type { Notice, NoticeTerms } from '../src/donors/notice.ts'
import { formatNotices } from '../src/donors/notice-messages.ts'
import { KIND, STATUS } from '../src/exchange/message.ts'
import { formatHello } from '../src/holdings/hello.ts'
import type { SwarmInit } from '../src/index.ts'
import { loadPeerKey } from '../src/peer-key.ts'
import { Sharing } from '../src/sharing.ts'
import { answererWith } from './_answerer.ts'
import { answering, connectHostile, frame, idOf } from './_hostile.ts'
import { joined, OTHER_REPOSITORY, REPOSITORY, startNode, waitFor } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'
import { noticeOf, noticesOf } from './_notices.ts'

const DONATION: Donation = { donatedBytes: 5_000, slices: sliceSet([1, 2, 3]) }

/** Nobody meets anybody by way of the DHT. */
const APART: Partial<SwarmInit> = { dht: 'client' }

function donorsOf({ swarm }: TestNode): readonly string[] {
  return swarm.donors(REPOSITORY).map(({ peer }) => peer)
}

/** Nodes of which each is connected to those before and after it. */
async function inLine(
  t: TestContext,
  ...inits: readonly Partial<SwarmInit>[]
): Promise<TestNode[]> {
  const nodes: TestNode[] = []
  for (const init of inits) {
    const before = nodes.at(-1)
    const knownPeers = before?.swarm.listenAddresses() ?? []
    const node = await startNode(t, { ...APART, knownPeers, ...init })
    if (before !== undefined) await joined(before, node)
    nodes.push(node)
  }
  return nodes
}

describe('the notice of a donor', () => {
  it('reaches the last of five nodes in a line, and there it can be reached by it', async (t) => {
    const nodes = await inLine(t, {}, {}, {}, {}, {})
    const [first, last] = [nodes[0], nodes[4]]
    assert.ok(first !== undefined && last !== undefined)
    const { peerId } = first.swarm
    const digest = first.content.addBlob(REPOSITORY, Buffer.from('a file'))
    const request = { kind: 'blob', repository: REPOSITORY, digest, offset: 0, length: 6 } as const
    await assert.rejects(last.swarm.request(peerId, request, {}), {
      code: 'ERR_SOURCE_UNAVAILABLE',
    })
    first.swarm.donate(REPOSITORY, DONATION)
    await waitFor('the notice at the last', () => donorsOf(last).includes(peerId))
    const [donor] = last.swarm.donors(REPOSITORY)
    assert.equal(donor?.donatedBytes, DONATION.donatedBytes)
    assert.deepEqual([...donor.slices], [...DONATION.slices])
    assert.equal(donor.range, undefined)
    assert.equal(
      last.swarm.peers().some(({ peer, connected }) => peer === peerId && connected),
      false,
    )
    const bytes = await last.swarm.request(peerId, request, {})
    assert.equal(Buffer.from(bytes).toString(), 'a file')
  })

  it('counts no longer when its donor is gone for a while', async (t) => {
    const donor = await startNode(t, { limits: { noticeIntervalMs: 100 } })
    const node = await startNode(t, { knownPeers: donor.swarm.listenAddresses() })
    donor.swarm.donate(REPOSITORY, DONATION)
    await waitFor('the donor', () => donorsOf(node).length === 1)
    await donor.swarm.stop()
    let told = 0
    node.swarm.onDonorsChange(() => (told += 1))
    await waitFor('the end of its notice', () => told > 0)
    assert.deepEqual(donorsOf(node), [])
  })

  it('is not told on a public network by who shares with the local one only, and those of others are', async (t) => {
    const share = { share: 'lan', network: 'public' } as const
    const [far, between, near] = await inLine(t, {}, share, {})
    assert.ok(far !== undefined && between !== undefined && near !== undefined)
    between.swarm.donate(REPOSITORY, DONATION)
    far.swarm.donate(REPOSITORY, DONATION)
    await waitFor('the notice of the other', () => donorsOf(near).length > 0)
    assert.deepEqual(donorsOf(near), [far.swarm.peerId])
  })

  it('is told only of repositories that a node follows', async (t) => {
    const [one, other] = await inLine(t, {}, {})
    assert.ok(one !== undefined && other !== undefined)
    one.swarm.donate(OTHER_REPOSITORY, DONATION)
    one.swarm.proveDonor(OTHER_REPOSITORY, other.swarm.peerId, true)
    one.swarm.donate(REPOSITORY, DONATION)
    await waitFor('the donor', () => donorsOf(other).length === 1)
    assert.deepEqual(other.swarm.donors(OTHER_REPOSITORY), [])
  })
})

interface Teller {
  readonly peer: string
  /** How often it was asked for notices. */
  readonly asked: () => number
}

/** A follower that tells of whatever it likes when it is asked for notices. */
async function telling(
  t: TestContext,
  victim: TestNode,
  tell: (asked: number) => Uint8Array,
): Promise<Teller> {
  let asked = 0
  const hello = formatHello({ bootstrap: false, repositories: [REPOSITORY] })
  const { peer } = await connectHostile(
    t,
    victim,
    answering((request) => {
      if (request[4] === KIND.hello) return frame(idOf(request), Buffer.of(STATUS.ok), hello)
      if (request[4] !== KIND.donors) return frame(idOf(request), Buffer.of(STATUS.notHeld))
      asked += 1
      return frame(idOf(request), Buffer.of(STATUS.ok), tell(asked))
    }),
  )
  return { peer, asked: () => asked }
}

function listOf(...notices: readonly Notice[]): Uint8Array {
  return formatNotices(notices, { room: 1_000, issuedMs: new Map() })
}

function written(terms: Partial<NoticeTerms> = {}): Promise<Notice> {
  return noticeOf({ issuedMs: Date.now(), ...terms })
}

describe('a hostile follower', () => {
  it('tells of a donor that did not sign: it is not asked again, and others are', async (t) => {
    const victim = await startNode(t, APART)
    const [good, forged, late] = [await written(), await written(), await written()]
    forged.bytes.set([forged.bytes[84] === 1 ? 2 : 1], 84)
    const { peer, asked } = await telling(t, victim, () => listOf(good, forged, late))
    await waitFor('the notice before', () => donorsOf(victim).length === 1)
    let others = 0
    await telling(t, victim, (count) => {
      others = count
      return listOf()
    })
    await waitFor('other questions', () => others >= 3)
    assert.deepEqual(donorsOf(victim), [good.peer])
    assert.equal(asked(), 1)
    // As after wrong bytes: last of those to ask, and not banned for one.
    assert.deepEqual(victim.swarm.followers(REPOSITORY).at(-1), peer)
  })

  it('tells of notices that do not count, and none does', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'jarswarm-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const victim = await startNode(t, { ...APART, directory })
    const key = await loadPeerKey(directory)
    const good = await written()
    const bad = await Promise.all([
      written({ repository: OTHER_REPOSITORY }),
      written({ issuedMs: Date.now() + 2 * MAX_NOTICE_AHEAD_MS }),
      written({ issuedMs: Date.now() - 10_000, lifeMs: 9_000 }),
      written({ donatedBytes: 0, slices: sliceSet([]) }),
      noticeOf({ issuedMs: Date.now() }, key),
    ])
    await telling(t, victim, () => listOf(...bad, good))
    await waitFor('the one that does', () => donorsOf(victim).length > 0)
    assert.deepEqual(donorsOf(victim), [good.peer])
  })

  it('tells nonsense, and is asked again', async (t) => {
    const victim = await startNode(t, APART)
    const good = await written()
    const answers = [
      Buffer.of(1),
      Buffer.alloc(1_000, 0xff),
      Buffer.alloc(300_000),
      Buffer.alloc(9),
    ]
    await telling(t, victim, (asked) => answers[asked - 1] ?? listOf(good))
    await waitFor('the one that is a notice', () => donorsOf(victim).length === 1)
  })

  it('tells of more donors than MAX_UNPROVEN_DONORS, and there is room for what an honest one tells', async (t) => {
    const victim = await startNode(t, APART)
    const flood = await noticesOf(MAX_UNPROVEN_DONORS + 50, { issuedMs: Date.now() })
    const { asked } = await telling(t, victim, (count) =>
      listOf(...(count % 2 === 1 ? flood.slice(0, MAX_UNPROVEN_DONORS) : flood.slice(50))),
    )
    await waitFor('the flood', () => donorsOf(victim).length === MAX_UNPROVEN_DONORS && asked() > 2)
    assert.equal(donorsOf(victim).length, MAX_UNPROVEN_DONORS)
    const honest = await startNode(t, { ...APART, knownPeers: victim.swarm.listenAddresses() })
    honest.swarm.donate(REPOSITORY, DONATION)
    await waitFor('the honest donor', () => donorsOf(victim).includes(honest.swarm.peerId))
    assert.equal(donorsOf(victim).length, MAX_UNPROVEN_DONORS)
  })
})

describe('who asks for donors', () => {
  const asked = { id: 1, kind: KIND.donors, repository: REPOSITORY, payload: new Uint8Array(4) }

  it('is answered when it follows the repository, and what is here is shared with it', async () => {
    const status = async (rules: Parameters<typeof answererWith>[0]): Promise<number> =>
      (await answererWith(rules).answer('peer', asked)).status
    assert.equal(await status({}), STATUS.ok)
    assert.equal(await status({ follows: () => false }), STATUS.refused)
    assert.equal(await status({ shares: () => false }), STATUS.refused)
    assert.equal(await status({ donors: () => undefined }), STATUS.badRequest)
  })

  it('learns nothing of a repository that the node does not follow', async () => {
    const foreign = { ...asked, repository: OTHER_REPOSITORY }
    assert.equal((await answererWith({}).answer('peer', foreign)).status, STATUS.notHeld)
  })
})

describe('Sharing', () => {
  it('is open to all when the node shares with everyone, or with all of a private network', () => {
    const isOpen = (share: 'all' | 'lan' | 'none', network: 'public' | 'private'): boolean =>
      new Sharing(() => true, { share, network }).isOpen
    assert.deepEqual([isOpen('all', 'public'), isOpen('lan', 'private')], [true, true])
    for (const network of ['public', 'private'] as const)
      assert.equal(isOpen('none', network), false)
    assert.equal(isOpen('lan', 'public'), false)
  })
})
