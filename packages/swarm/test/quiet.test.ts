import assert from 'node:assert/strict'
import { it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createLibp2pNode } from '../src/libp2p-node.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'

/** What looks after idle connections. */
interface Monitor {
  readonly pingIntervalMs: number
  readonly timeout: { getTimeoutSignal(): { readonly timeout: number } }
}

it('pings an idle connection every two minutes, and not every ten seconds', async () => {
  assert.equal((await createMonitor()).pingIntervalMs, 120_000)
})

it('waits half a minute for the answer, in which a busy machine may stand still', async () => {
  assert.equal((await createMonitor()).timeout.getTimeoutSignal().timeout, 30_000)
})

async function createMonitor(): Promise<Monitor> {
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
    readonly components: { readonly connectionMonitor: Monitor }
  }
  return components.connectionMonitor
}
