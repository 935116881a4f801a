import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { sliceSet } from '@jarswarm/manifest'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
import { multiaddr } from '@multiformats/multiaddr'
import { Contacts } from '../src/contacts.ts'
import type { ContactsComponents } from '../src/contacts.ts'
import type { Notice } from '../src/donors/notice.ts'
import { formatKnown, formatNotices, parseNotices } from '../src/donors/notice-messages.ts'
import { RepositoryDonors } from '../src/donors/repository-donors.ts'
import { REPOSITORY, waitFor } from './_nodes.ts'
import { newKey, noticeOf, noticesOf } from './_notices.ts'

interface Rig {
  readonly clock: ManualClock
  readonly donors: RepositoryDonors
  /** Repositories of which a change was told. */
  readonly changed: string[]
  readonly self: string
}

/** A node with one follower, which tells of some donors, and where peers are connected from. */
async function rig(
  told: readonly Notice[],
  ranges: Readonly<Record<string, string | undefined>> = {},
): Promise<Rig> {
  const clock = new ManualClock()
  const key = await newKey()
  const self = peerIdFromPrivateKey(key).toString()
  const changed: string[] = []
  const donors = new RepositoryDonors(
    {
      clock,
      logger: silentLogger,
      random: () => 0.5,
      key,
      self,
      contacts: {
        connectedFrom: (peer) => (peer in ranges ? { range: ranges[peer] } : undefined),
        ownAddresses: () => [],
      },
      choice: { isBanned: () => false, trustedFollowers: () => ['follower'] },
      requester: {
        ask: () => Promise.resolve(formatNotices(told, { room: 99, issuedMs: new Map() })),
      },
      onForgery: () => assert.fail('nothing is forged'),
      onChange: (repository) => changed.push(repository),
    },
    {
      repository: REPOSITORY,
      noticeIntervalMs: 300_000,
      noticeDebounceMs: 30_000,
      noticePullMs: 60_000,
    },
  )
  return { clock, donors, changed, self }
}

describe('RepositoryDonors', () => {
  it('tells of itself first, however little room there is', async () => {
    const { clock, donors, self } = await rig(await noticesOf(3))
    const told = (room: number): string[] =>
      parseNotices(donors.answer(formatKnown(room, [])) ?? new Uint8Array(0)).map(
        ({ peer }) => peer,
      )
    donors.start()
    donors.donate({ donatedBytes: 1, slices: sliceSet([0]) })
    clock.advance(60_000)
    await waitFor('all notices', () => told(99).length === 4)
    assert.deepEqual(told(1), [self])
    donors.stop()
    assert.equal(clock.pendingTimers, 0)
  })

  it('tells of a change once for all notices of an answer, and of none when they repeat', async () => {
    const { clock, donors, changed } = await rig(await noticesOf(3))
    donors.start()
    clock.advance(60_000)
    await waitFor('the change', () => changed.length > 0)
    assert.equal(donors.donors().length, 3)
    clock.advance(60_000)
    // The next round begins only once this one is over.
    await waitFor('the next round', () => clock.pendingTimers > 0)
    assert.deepEqual(changed, [REPOSITORY])
    donors.stop()
  })

  it('notes where a donor is, connected before its notice came or after', async () => {
    const [before, after, never] = await noticesOf(3, {
      addresses: [multiaddr('/ip4/8.8.4.4/tcp/1')],
    })
    assert.ok(before && after && never)
    const ranges: Record<string, string> = { [before.peer]: '9.9.9' }
    const { clock, donors, changed } = await rig([before, after, never], ranges)
    donors.start()
    clock.advance(60_000)
    await waitFor('the donors', () => changed.length > 0)
    ranges[after.peer] = '1.1.1'
    donors.joined(after.peer)
    const found = new Map(donors.donors().map(({ peer, range }) => [peer, range]))
    assert.deepEqual(
      [before, after, never].map(({ peer }) => found.get(peer)),
      ['9.9.9', '1.1.1', '8.8.4'],
    )
    donors.stop()
  })
})

describe('openStream', () => {
  it('takes addresses of a notice for a peer that is not connected, on a public network no private ones', async () => {
    const { peer } = await noticeOf()
    const addresses = ['/ip4/192.168.1.1/tcp/22', '/ip4/8.8.4.4/tcp/1'].map((text) =>
      multiaddr(text),
    )
    const noted = async (network: 'public' | 'private', connections: number): Promise<unknown> => {
      const merged: string[] = []
      const libp2p = {
        getConnections: () => new Array<unknown>(connections),
        peerStore: {
          merge: (_: unknown, { multiaddrs }: { multiaddrs: readonly unknown[] }) => {
            merged.push(...multiaddrs.map(String))
            return Promise.resolve()
          },
        },
        dialProtocol: () => Promise.resolve(),
      } as unknown as Libp2p
      const components = { libp2p } as unknown as ContactsComponents
      await new Contacts(components, { network }).openStream(peer, addresses)
      return merged
    }
    assert.deepEqual(await noted('public', 0), ['/ip4/8.8.4.4/tcp/1'])
    assert.deepEqual(await noted('private', 0), addresses.map(String))
    assert.deepEqual(await noted('private', 1), [])
  })
})
