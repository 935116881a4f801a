import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
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
})
