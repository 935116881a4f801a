import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Node } from '@jarswarm/node'
import { RecordingLogger } from '@jarswarm/testkit'
import { Testnet } from '../swarm/_testnet.ts'
import { waitFor } from '../_wait-for.ts'
import { SkewedClock } from './_skewed-clock.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** Before any copy of this program was made. */
const UNSET_MS = Date.UTC(2025, 0, 1)
const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const METADATA = 'org/example/lib/maven-metadata.xml'
const FILES = { [JAR]: Buffer.from('a jar'), [METADATA]: Buffer.from('<metadata/>') }

interface Held {
  readonly net: Testnet
  readonly node: Node
  readonly clock: SkewedClock
  readonly logger: RecordingLogger
}

/** A node that holds the whole repository, by a clock that is wrong. */
async function hold(t: TestContext, skewMs: number): Promise<Held> {
  const net = await Testnet.create(t, FILES)
  const clock = new SkewedClock(skewMs)
  const logger = new RecordingLogger()
  const heads = { pollIntervalMs: 200 }
  const node = await net.holder({ clock, logger, mechanisms: { heads } })
  return { net, node, clock, logger }
}

type State = 'fresh' | 'stale' | 'suspect'

/** What a node says and serves in a state; that its head never fell, and that nothing it held is gone. */
async function assertState({ node }: Held, state: State, seq: number): Promise<void> {
  const [repository] = node.statusNow().repositories
  assert.equal(repository?.freshness, state)
  assert.equal(repository.head?.seq, seq)
  assert.ok(node.statusNow().store.blobs >= Object.keys(FILES).length)
  const jar = await fetch(`${String(node.url)}/sample/${JAR}`)
  assert.deepEqual([jar.status, await jar.text()], [200, 'a jar'])
  assert.equal(jar.headers.get('x-jarswarm-stale'), null)
  const metadata = await fetch(`${String(node.url)}/sample/${METADATA}`)
  await metadata.arrayBuffer()
  assert.equal(metadata.status, state === 'suspect' ? 424 : 200)
  assert.equal(metadata.headers.get('x-jarswarm-stale') === null, state !== 'stale')
}

async function publish({ net, node }: Held, seq: number, skewMs = 0): Promise<void> {
  net.builder.put(`org/example/lib/${String(seq)}.0/lib-${String(seq)}.0.jar`, String(seq))
  net.builder.publish({ nowMs: Date.now() + skewMs })
  await waitFor('the new head', () =>
    node.statusNow().repositories[0]?.head?.seq === seq ? true : undefined,
  )
}

describe('a node by a wrong clock', () => {
  it('takes a head 8 days ahead for stale, and a newer one all the same', async (t) => {
    const held = await hold(t, 8 * DAY_MS)
    await assertState(held, 'stale', 1)
    await publish(held, 2)
    await assertState(held, 'stale', 2)
  })

  it('takes it 31 days ahead for suspect, and serves its releases', async (t) => {
    const held = await hold(t, 31 * DAY_MS)
    await assertState(held, 'suspect', 1)
    await publish(held, 2)
    await assertState(held, 'suspect', 2)
  })

  it('does not start before the program was made', async (t) => {
    const net = await Testnet.create(t, FILES)
    const clock = new SkewedClock(UNSET_MS - Date.now())
    await assert.rejects(net.node({ clock }), { code: 'ERR_WRONG_CLOCK' })
  })

  it('follows a clock that jumps, and neither head nor bytes go back', async (t) => {
    const held = await hold(t, 0)
    const { clock, logger } = held
    await assertState(held, 'fresh', 1)
    const hurried = clock.hurriedTimers
    const jumps: readonly (readonly [number, State])[] = [
      [8 * DAY_MS, 'stale'],
      [31 * DAY_MS, 'suspect'],
      [0, 'fresh'],
      [-YEAR_MS, 'fresh'],
      [31 * DAY_MS, 'suspect'],
      [-YEAR_MS, 'fresh'],
    ]
    for (const [skewMs, state] of jumps) {
      clock.skewMs = skewMs
      await assertState(held, state, 1)
    }
    // A year back, all is fresh, which is worth little: the operator hears so with the next head.
    await publish(held, 2)
    await assertState(held, 'fresh', 2)
    const isWarning = (): boolean =>
      logger.lines.some(({ level, message }) => level === 'warn' && /in the future/.test(message))
    await waitFor('the warning', () => (isWarning() ? true : undefined))
    clock.skewMs = 0
    await assertState(held, 'fresh', 2)
    await publish(held, 3)
    assert.ok(clock.hurriedTimers - hurried < 20, `${String(clock.hurriedTimers)} timers at once`)
  })
})
