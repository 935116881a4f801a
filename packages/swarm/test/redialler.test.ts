import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
import type { Multiaddr } from '@multiformats/multiaddr'
import { MAX_NAMED_PEERS, MAX_REDIALS } from '../src/limits.ts'
import { EXCHANGE_PROTOCOL } from '../src/protocols.ts'
import { Redialler } from '../src/redialler.ts'

describe('Redialler', () => {
  it('survives a peer of the local network that cannot be noted', async () => {
    const id = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    let dials = 0
    const libp2p = {
      peerStore: { merge: () => Promise.reject(new Error('closed')) },
      dial: () => Promise.resolve((dials += 1)),
    } as unknown as Libp2p
    const components = {
      clock: new ManualClock(),
      logger: silentLogger,
      libp2p,
      random: () => 0,
    }
    const redialler = new Redialler(components, { bootstrap: [], knownPeers: [] })
    await redialler.dial({ id, multiaddrs: [] })
    assert.equal(dials, 0)
  })

  it('dials MAX_REDIALS of the peers that it knows from before, and no more', async () => {
    const ids = await Promise.all(
      Array.from({ length: MAX_REDIALS + 3 }, async () =>
        peerIdFromPrivateKey(await generateKeyPair('Ed25519')),
      ),
    )
    const [own, ...known] = ids
    let dials = 0
    const libp2p = {
      peerId: own,
      peerStore: {
        all: () => Promise.resolve(known.map((id) => ({ id, protocols: [EXCHANGE_PROTOCOL] }))),
      },
      dial: () => Promise.resolve((dials += 1)),
    } as unknown as Libp2p
    const components = { clock: new ManualClock(), logger: silentLogger, libp2p, random: () => 0 }
    const redialler = new Redialler(components, { bootstrap: [], knownPeers: [] })
    await redialler.start()
    redialler.stop()
    assert.equal(dials, MAX_REDIALS)
  })

  describe('keep', () => {
    const REPOSITORY = 'ab'.repeat(32)
    const addressOf = (name: string): string => `/ip4/127.0.0.1/tcp/4001/p2p/${name}`

    /** A redialler, and the addresses that it dials. */
    async function create(random: () => number = () => 0.5) {
      const own = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
      const names = await Promise.all(
        Array.from({ length: MAX_NAMED_PEERS + 2 }, async () =>
          addressOf(peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()),
        ),
      )
      const dialled: string[] = []
      const libp2p = {
        peerId: own,
        peerStore: { all: () => Promise.resolve([]) },
        dial: (address: Multiaddr) => {
          dialled.push(address.toString())
          return Promise.resolve(new EventTarget())
        },
      } as unknown as Libp2p
      const clock = new ManualClock()
      const components = { clock, logger: silentLogger, libp2p, random }
      const redialler = new Redialler(components, { bootstrap: [], knownPeers: [] })
      /** Every address that is kept is dialled again within this time. */
      const again = async (): Promise<readonly string[]> => {
        await new Promise((resolve) => setImmediate(resolve))
        dialled.length = 0
        clock.advance(60_000)
        await new Promise((resolve) => setImmediate(resolve))
        return dialled.toSorted()
      }
      return { redialler, names, dialled, own: addressOf(own.toString()), again, clock }
    }

    it('dials MAX_NAMED_PEERS of those that are named now, and never itself', async () => {
      const { redialler, names, own, dialled, again, clock } = await create()
      await redialler.start()
      redialler.keep(REPOSITORY, [own, ...names])
      assert.equal(dialled.length, MAX_NAMED_PEERS)
      assert.ok(!dialled.includes(own))
      const [first = '', second = ''] = dialled
      redialler.keep(REPOSITORY, [first])
      assert.deepEqual(await again(), [first])
      redialler.keep(REPOSITORY, [first, second])
      assert.deepEqual(dialled, [first, second])
      redialler.stop()
      assert.equal(clock.pendingTimers, 0)
    })

    it('waits for the start, and keeps those that it has when more are named', async () => {
      const { redialler, names, dialled } = await create(() => Math.random())
      const few = names.slice(0, MAX_NAMED_PEERS)
      redialler.keep(REPOSITORY, few)
      assert.deepEqual(dialled, [])
      await redialler.start()
      assert.deepEqual(dialled.toSorted(), few.toSorted())
      redialler.keep(REPOSITORY, names)
      assert.equal(dialled.length, MAX_NAMED_PEERS)
      redialler.stop()
    })
  })
})
