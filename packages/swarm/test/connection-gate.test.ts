import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { ConnectionGater, MultiaddrConnection } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { connectionGate } from '../src/connection-gate.ts'
import {
  MAX_CONNECTIONS_OF_PEER,
  MAX_PENDING_OF_ORIGIN,
  MAX_SHARE_OF_LOCAL_ADDRESS,
  MAX_SHARE_OF_RANGE,
} from '../src/limits.ts'

const MAX_CONNECTIONS_HERE = 40

const repeat = (address: string, count: number): string[] => Array<string>(count).fill(address)
const PEER = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))

function gateWith(present: readonly string[], ofPeer = 0): ConnectionGater {
  const components = {
    isBanned: () => false,
    remoteAddresses: () => present.map((text) => multiaddr(text)),
    connectionsOf: () => ofPeer,
  }
  return connectionGate(components, { maxConnections: MAX_CONNECTIONS_HERE })
}

/** A connection that somebody opened and on which nothing was said yet. */
function connectionFrom(address: string): MultiaddrConnection & EventTarget {
  return Object.assign(new EventTarget(), {
    remoteAddr: multiaddr(address),
  }) as unknown as MultiaddrConnection & EventTarget
}

const letsIn = (address: string, present: readonly string[]): boolean =>
  gateWith(present).denyInboundConnection?.(connectionFrom(address)) === false

describe('connectionGate', () => {
  it('lets a public range have MAX_SHARE_OF_RANGE', () => {
    assert.equal(10, MAX_CONNECTIONS_HERE * MAX_SHARE_OF_RANGE)
    assert.equal(letsIn('/ip4/8.8.8.8/tcp/1', repeat('/ip4/8.8.8.9/tcp/2', 9)), true)
    assert.equal(letsIn('/ip4/8.8.8.8/tcp/1', repeat('/ip4/8.8.8.9/tcp/2', 10)), false)
    assert.equal(letsIn('/ip4/8.8.4.8/tcp/1', repeat('/ip4/8.8.8.9/tcp/2', 10)), true)
  })

  it('lets a machine of the local network have MAX_SHARE_OF_LOCAL_ADDRESS, and its network all', () => {
    assert.equal(20, MAX_CONNECTIONS_HERE * MAX_SHARE_OF_LOCAL_ADDRESS)
    assert.equal(letsIn('/ip4/10.0.0.1/tcp/1', repeat('/ip4/10.0.0.1/tcp/2', 19)), true)
    assert.equal(letsIn('/ip4/10.0.0.1/tcp/1', repeat('/ip4/10.0.0.1/tcp/2', 20)), false)
    assert.equal(letsIn('/ip4/10.0.0.1/tcp/1', repeat('/ip4/10.0.0.2/tcp/2', 39)), true)
  })

  it('lets one peer have MAX_CONNECTIONS_OF_PEER', () => {
    const connection = connectionFrom('/ip4/10.0.0.1/tcp/1')
    for (const isTooMany of [false, true]) {
      const gate = gateWith([], MAX_CONNECTIONS_OF_PEER - (isTooMany ? 0 : 1))
      assert.equal(gate.denyInboundUpgradedConnection?.(PEER, connection), isTooMany)
    }
  })

  for (const [one, other] of [
    ['/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.2/tcp/1'],
    ['/ip4/8.8.8.8/tcp/1', '/ip4/8.8.4.8/tcp/1'],
  ] as const) {
    it(`leaves all but MAX_PENDING_OF_ORIGIN handshakes to others when ${one} says nothing`, () => {
      const gate = gateWith([])
      const denies = (connection: MultiaddrConnection): unknown =>
        gate.denyInboundConnection?.(connection)
      const mute = Array.from({ length: MAX_PENDING_OF_ORIGIN }, () => connectionFrom(one))
      assert.ok(mute.every((connection) => denies(connection) === false))
      assert.equal(denies(connectionFrom(one)), true)
      assert.equal(denies(connectionFrom(other)), false)
      mute[0]?.dispatchEvent(new Event('close'))
      assert.equal(denies(connectionFrom(one)), false)
      assert.equal(denies(connectionFrom(one)), true)
      const [, second] = mute
      if (second !== undefined) void gate.denyInboundUpgradedConnection?.(PEER, second)
      assert.equal(denies(connectionFrom(one)), false)
      assert.equal(denies(connectionFrom(one)), true)
    })
  }
})
