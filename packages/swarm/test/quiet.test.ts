import assert from 'node:assert/strict'
import { it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createLibp2pNode } from '../src/libp2p-node.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'

it('pings an idle connection every two minutes, and not every ten seconds', async () => {
  const { libp2p } = await createLibp2pNode({
    privateKey: await generateKeyPair('Ed25519'),
    datastore: undefined,
    repositories: [],
    listen: [],
    announce: [],
    mdns: false,
    network: 'private',
    dhtServer: false,
    limits: DEFAULT_LIMITS,
    gater: {},
  })
  const { components } = libp2p as unknown as {
    readonly components: { readonly connectionMonitor: { readonly pingIntervalMs: number } }
  }
  assert.equal(components.connectionMonitor.pingIntervalMs, 120_000)
})
