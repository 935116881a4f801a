import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Libp2p } from '@libp2p/interface'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
import { createSwarm } from '../src/index.ts'
import { DIAL_TIMEOUT_MS, RECONNECT_FIRST_MS, STEADY_CONNECTION_MS } from '../src/pace.ts'
import { Reconnector } from '../src/reconnector.ts'
import { MemorySwarmContent } from '@jarswarm/testkit'
import { REPOSITORY, systemClock } from './_nodes.ts'

const ADDRESS = '/ip4/127.0.0.1/tcp/4001'

/** Let what was promised happen. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('Reconnector', () => {
  it('dials again for ever, at growing intervals while it fails', async () => {
    const clock = new ManualClock()
    const dialledMs: number[] = []
    const connection = new EventTarget()
    let reachable = false
    const libp2p = {
      dial: () => {
        dialledMs.push(clock.now() - start)
        return reachable ? Promise.resolve(connection) : Promise.reject(new Error('refused'))
      },
    } as unknown as Libp2p
    const start = clock.now()
    const components = { clock, logger: silentLogger, libp2p, random: () => 0 }
    const reconnector = new Reconnector(components, ADDRESS)
    reconnector.start()
    for (const delayMs of [2_000, 4_000, 8_000]) {
      await settle()
      clock.advance(delayMs)
    }
    assert.deepEqual(dialledMs, [0, 2_000, 6_000, 14_000])
    reachable = true
    await settle()
    clock.advance(16_000)
    await settle()
    clock.advance(10_000)
    assert.deepEqual(dialledMs.slice(4), [30_000, 40_000])
    await settle()
    reconnector.stop()
    assert.equal(clock.pendingTimers, 0)
  })

  it('dials soon after a connection was lost that had lasted, and not when it was closed at once', async () => {
    const clock = new ManualClock()
    const dialled: EventTarget[] = []
    const libp2p = {
      dial: () => {
        const connection = new EventTarget()
        dialled.push(connection)
        return Promise.resolve(connection)
      },
    } as unknown as Libp2p
    const components = { clock, logger: silentLogger, libp2p, random: () => 0 }
    const reconnector = new Reconnector(components, ADDRESS)
    reconnector.start()
    for (const [lastedMs, dials] of [
      [STEADY_CONNECTION_MS - 1, 0],
      [STEADY_CONNECTION_MS, 1],
    ] as const) {
      await settle()
      clock.advance(lastedMs)
      const before = dialled.length
      dialled.at(-1)?.dispatchEvent(new Event('close'))
      clock.advance(RECONNECT_FIRST_MS)
      await settle()
      assert.equal(dialled.length - before, dials)
      clock.advance(10_000)
    }
    await settle()
    reconnector.stop()
    dialled.at(-1)?.dispatchEvent(new Event('close'))
    assert.equal(clock.pendingTimers, 0)
  })

  it('finds a peer again within a minute, however long it was out of reach and whatever chance says', async () => {
    const clock = new ManualClock()
    const dialledMs: number[] = []
    const libp2p = {
      dial: () => {
        dialledMs.push(clock.now())
        return Promise.reject(new Error('no route'))
      },
    } as unknown as Libp2p
    const components = { clock, logger: silentLogger, libp2p, random: () => 0.999 }
    const reconnector = new Reconnector(components, ADDRESS)
    reconnector.start()
    for (let seconds = 0; seconds < 7_200; seconds += 1) {
      await settle()
      clock.advance(1_000)
    }
    reconnector.stop()
    const pauses = dialledMs.slice(1).map((at, index) => at - (dialledMs[index] ?? 0))
    assert.ok(Math.max(...pauses) + DIAL_TIMEOUT_MS < 60_000)
    // And yet it is left in peace most of the time.
    assert.ok(Math.min(...pauses.slice(10)) > 20_000)
  })
})

describe('createSwarm', () => {
  const content = new MemorySwarmContent([REPOSITORY])
  const components = { content, clock: systemClock, logger: silentLogger }

  it('refuses what is no address', async () => {
    await assert.rejects(createSwarm(components, { listen: ['localhost:4001'] }), {
      name: 'SyntaxError',
      message: /found localhost:4001/,
    })
  })

  it('leaves out a peer that cannot be dialled: links are kept, and a bad one must not end every start', async () => {
    const warnings: unknown[] = []
    const logger = { ...silentLogger, warn: (fields: object) => warnings.push(fields) }
    const bad = [
      ADDRESS,
      `/ip4/127.0.0.1/tcp/99999/p2p/12D3KooWRDjxdHeq6ZQFhmNpmsoPvbhCB68DjaJuKrcVt3Jvgzs3`,
    ]
    const swarm = await createSwarm({ ...components, logger }, { listen: [], bootstrap: bad })
    assert.deepEqual(
      warnings,
      bad.map((address) => ({ address })),
    )
    await swarm.stop()
  })
})
