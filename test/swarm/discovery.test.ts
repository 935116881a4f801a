import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Mechanisms, Node } from '@jarswarm/node'
import { waitFor } from '../_wait-for.ts'
import { get, nameOf, neighbours, Testnet } from './_testnet.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const BYTES = Buffer.from('a jar that one node holds')

interface Apart {
  readonly holder: Node
  readonly seeker: Node
}

/**
 * A holder and a seeker, the origin down. Both know one DHT server and nobody else; neither serves the DHT, so that no
 * walk through it connects them by chance, and neither tells its peers what it holds.
 */
async function apart(
  t: TestContext,
  { ofHolder = {}, ofSeeker = {} }: { ofHolder?: Mechanisms; ofSeeker?: Mechanisms },
): Promise<Apart> {
  const net = await Testnet.create(t, { [JAR]: BYTES })
  const server = await net.bootstrap()
  const knows = [server]
  const quiet = { dht: 'client', summaries: false } as const
  const holder = await net.holder({ knows, mechanisms: { ...quiet, ...ofHolder } })
  await net.closeOrigin()
  const seeker = await net.node({ knows, mechanisms: { ...quiet, ...ofSeeker } })
  await waitFor('the index, from the server', () =>
    seeker.statusNow().repositories[0]?.index.complete === true ? true : undefined,
  )
  assert.deepEqual(await neighbours(seeker), [nameOf(server)])
  assert.deepEqual(await neighbours(holder), [nameOf(server)])
  return { holder, seeker }
}

describe('two nodes that share nothing but a DHT server', () => {
  it('find each other’s artifact', async (t) => {
    const { holder, seeker } = await apart(t, {})
    const { bytes } = await waitFor('the jar', async () => {
      const answer = await get(seeker, JAR)
      return answer.status === 200 ? answer : undefined
    })
    assert.deepEqual(bytes, BYTES)
    assert.equal(seeker.statusNow().served.bySource.peer, 1)
    assert.ok((await neighbours(seeker)).includes(nameOf(holder)))
  })

  const without: readonly [string, { ofHolder?: Mechanisms; ofSeeker?: Mechanisms }][] = [
    ['the holder announces nothing', { ofHolder: { announce: false } }],
    ['the seeker looks nothing up', { ofSeeker: { lookUp: false } }],
  ]
  for (const [why, mechanisms] of without) {
    it(`do not when ${why}`, async (t) => {
      const { holder, seeker } = await apart(t, mechanisms)
      const { status } = await get(seeker, JAR)
      assert.equal(status, 424)
      assert.equal((await neighbours(seeker)).includes(nameOf(holder)), false)
    })
  }
})

describe('a bootstrap node', () => {
  it('introduces nodes that know nobody else', async (t) => {
    const net = await Testnet.create(t, { [JAR]: BYTES })
    const knows = [await net.bootstrap()]
    const nodes = [
      await net.holder({ knows }),
      await net.node({ knows }),
      await net.node({ knows }),
    ]
    await net.closeOrigin()
    await waitFor('acquaintance', async () => {
      const connected = await Promise.all(nodes.map((node) => neighbours(node)))
      return connected.every((peers) => peers.length >= nodes.length) ? true : undefined
    })
    const { status, bytes } = await get(nodes[2] ?? assert.fail(), JAR)
    assert.equal(status, 200)
    assert.deepEqual(bytes, BYTES)
  })
})

describe('--share', () => {
  for (const [share, status] of [
    ['all', 200],
    ['lan', 200],
    ['none', 424],
  ] as const) {
    it(`${share}: a neighbour on the same network is answered ${String(status)}`, async (t) => {
      const net = await Testnet.create(t, { [JAR]: BYTES })
      const holder = await net.holder({ share })
      await net.closeOrigin()
      const asker = await net.node({ knows: [holder] })
      await waitFor('the head', () => asker.statusNow().repositories[0]?.head ?? undefined)
      assert.equal((await get(asker, JAR)).status, status)
    })
  }
})
