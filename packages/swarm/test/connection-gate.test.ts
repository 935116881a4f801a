import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MultiaddrConnection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { connectionGate } from '../src/connection-gate.ts'

const repeat = (address: string, count: number): string[] => Array<string>(count).fill(address)

function letsIn(address: string, present: readonly string[]): boolean {
  const components = {
    isBanned: () => false,
    remoteAddresses: () => present.map((text) => multiaddr(text)),
  }
  const gate = connectionGate(components, { maxConnections: 40 })
  const connection = { remoteAddr: multiaddr(address) } as MultiaddrConnection
  return gate.denyInboundConnection?.(connection) === false
}

describe('connectionGate', () => {
  it('lets a public range have a quarter of all connections', () => {
    assert.equal(letsIn('/ip4/8.8.8.8/tcp/1', repeat('/ip4/8.8.8.9/tcp/2', 9)), true)
    assert.equal(letsIn('/ip4/8.8.8.8/tcp/1', repeat('/ip4/8.8.8.9/tcp/2', 10)), false)
    assert.equal(letsIn('/ip4/8.8.4.8/tcp/1', repeat('/ip4/8.8.8.9/tcp/2', 10)), true)
  })

  it('counts no local connections', () => {
    assert.equal(letsIn('/ip4/10.0.0.1/tcp/1', repeat('/ip4/10.0.0.2/tcp/2', 39)), true)
  })
})
