import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { CID } from 'multiformats/cid'
import { providerCid } from '../src/dht/provider-cid.ts'
import { ProviderGuard } from '../src/dht/provider-guard.ts'
import type { ProviderGuardComponents } from '../src/dht/provider-guard.ts'
import {
  MAX_COUNTED_PEERS,
  MAX_OWN_RECORDS,
  MAX_PROVIDERS_ANSWERED,
  MAX_RECORDS_PER_KEY,
  MAX_RECORDS_PER_PEER,
  MAX_RECORDS_PER_RANGE,
  MAX_UNJUDGED_KEYS,
} from '../src/dht/limits.ts'
import { REPOSITORY, systemClock } from './_nodes.ts'

/** The record store of kad-dht as far as it is used: no bounds at all. */
class Records {
  readonly peers: PeerId[] = []

  addProvider(_cid: CID, provider: PeerId): Promise<void> {
    if (!this.peers.some((peer) => peer.equals(provider))) this.peers.push(provider)
    return Promise.resolve()
  }

  removeProvider(_cid: CID, provider: PeerId): Promise<void> {
    const at = this.peers.findIndex((peer) => peer.equals(provider))
    if (at >= 0) this.peers.splice(at, 1)
    return Promise.resolve()
  }

  getProviders(): Promise<PeerId[]> {
    return Promise.resolve([...this.peers])
  }
}

const CID_1 = cidOf(1)

function cidOf(number: number): CID {
  return providerCid({ repository: REPOSITORY, project: `group/artifact-${String(number)}` })
}

async function peerId(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

async function guarded(
  change: Partial<ProviderGuardComponents> = {},
): Promise<{ readonly records: Records; readonly stored: Records; readonly self: PeerId }> {
  const stored = new Records()
  const self = await peerId()
  // What the guard puts in the place of the methods is seen on `records`; the plain ones work on `stored`.
  const records = Object.create(stored) as Records
  const guard = new ProviderGuard({ providers: records } as unknown as KadDHT, {
    clock: systemClock,
    self,
    knowsKey: () => Promise.resolve(true),
    rangeOf: () => undefined,
    isReachable: () => Promise.resolve(true),
    random: Math.random,
    ...change,
  })
  assert.ok(guard)
  return { records, stored, self }
}

describe('ProviderGuard', () => {
  it('refuses a key that the index does not define', async () => {
    const { records, stored } = await guarded({ knowsKey: () => Promise.resolve(false) })
    await assert.rejects(records.addProvider(CID_1, await peerId()), {
      code: 'ERR_PROVIDER_REFUSED',
    })
    assert.equal(stored.peers.length, 0)
  })

  it('takes MAX_UNJUDGED_KEYS while the index cannot say', async () => {
    const { records } = await guarded({ knowsKey: () => Promise.resolve(undefined) })
    const peers = await Promise.all(Array.from({ length: 6 }, peerId))
    let taken = 0
    for (let number = 0; number < MAX_UNJUDGED_KEYS + 16; number += 1) {
      const peer = peers[number % peers.length]
      if (peer === undefined) continue
      taken += await records.addProvider(cidOf(number), peer).then(
        () => 1,
        () => 0,
      )
    }
    assert.equal(taken, MAX_UNJUDGED_KEYS)
  })

  it('keeps MAX_RECORDS_PER_KEY, replaced at random', async () => {
    const { records, stored } = await guarded()
    const peers = await Promise.all(Array.from({ length: 200 }, peerId))
    for (const peer of peers) await records.addProvider(CID_1, peer)
    assert.equal(stored.peers.length, MAX_RECORDS_PER_KEY)
    const early = peers
      .slice(0, MAX_RECORDS_PER_KEY)
      .filter((peer) => stored.peers.some((kept) => kept.equals(peer)))
    assert.equal(early.length > 0 && early.length < MAX_RECORDS_PER_KEY, true)
  })

  it('takes MAX_RECORDS_PER_RANGE of a key from one public range', async () => {
    const { records, stored } = await guarded({ rangeOf: () => '198.51.100' })
    const peers = await Promise.all(Array.from({ length: MAX_RECORDS_PER_RANGE + 1 }, peerId))
    for (const peer of peers.slice(0, MAX_RECORDS_PER_RANGE)) await records.addProvider(CID_1, peer)
    const [first, last] = [peers[0], peers[MAX_RECORDS_PER_RANGE]]
    assert.ok(first !== undefined && last !== undefined)
    await assert.rejects(records.addProvider(CID_1, last), /address range/)
    await records.addProvider(CID_1, first)
    assert.equal(stored.peers.length, MAX_RECORDS_PER_RANGE)
  })

  it('takes MAX_RECORDS_PER_PEER a day from one peer', async () => {
    const { records } = await guarded()
    const peer = await peerId()
    for (let count = 0; count < MAX_RECORDS_PER_PEER; count += 1)
      await records.addProvider(CID_1, peer)
    await assert.rejects(records.addProvider(CID_1, peer), /placed too many/)
    await records.addProvider(CID_1, await peerId())
  })

  it('answers with MAX_PROVIDERS_ANSWERED, and no more', async () => {
    const { records } = await guarded()
    const peers = await Promise.all(Array.from({ length: 30 }, peerId))
    for (const peer of peers) await records.addProvider(CID_1, peer)
    assert.equal(
      (await (records.getProviders as (cid: CID) => Promise<PeerId[]>)(CID_1)).length,
      MAX_PROVIDERS_ANSWERED,
    )
  })

  it('counts the records of MAX_COUNTED_PEERS, and forgets the longest silent', async () => {
    const { records } = await guarded()
    const peer = await peerId()
    const crowd = await Promise.all(Array.from({ length: MAX_COUNTED_PEERS }, peerId))
    for (let count = 0; count < MAX_RECORDS_PER_PEER; count += 1) {
      await records.addProvider(CID_1, peer)
    }
    for (const other of crowd.slice(1)) await records.addProvider(CID_1, other)
    await assert.rejects(records.addProvider(CID_1, peer), /placed too many/)
    for (const other of crowd) await records.addProvider(CID_1, other)
    await records.addProvider(CID_1, peer)
  })

  it('remembers MAX_OWN_RECORDS of its own', async () => {
    const { records, self } = await guarded()
    const answers = async (number: number): Promise<number> =>
      (await (records.getProviders as (cid: CID) => Promise<PeerId[]>)(cidOf(number))).length
    for (let number = 0; number < MAX_OWN_RECORDS; number += 1) {
      await records.addProvider(cidOf(number), self)
    }
    assert.equal(await answers(0), 1)
    await records.addProvider(cidOf(MAX_OWN_RECORDS), self)
    assert.equal(await answers(0), 0)
    assert.equal(await answers(1), 1)
  })

  it('leaves out ghosts and still finds the one real provider', async () => {
    const real = await peerId()
    const { records, stored } = await guarded({
      isReachable: (peer) => Promise.resolve(peer.equals(real)),
    })
    for (let count = 0; count < 100; count += 1) stored.peers.push(await peerId())
    stored.peers.push(real)
    const found = await (records.getProviders as (cid: CID) => Promise<PeerId[]>)(CID_1)
    assert.deepEqual(found.map(String), [real.toString()])
  })

  it('keeps own records out of the store, where they would be announced again for ever', async () => {
    const { records, stored, self } = await guarded()
    await records.addProvider(CID_1, self)
    assert.equal(stored.peers.length, 0)
    const found = await (records.getProviders as (cid: CID) => Promise<PeerId[]>)(CID_1)
    assert.deepEqual(found.map(String), [self.toString()])
  })

  it('refuses a DHT of another make', () => {
    assert.throws(() => new ProviderGuard({} as KadDHT, {} as ProviderGuardComponents), TypeError)
  })
})
