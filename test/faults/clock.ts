import assert from 'node:assert/strict'
import type { Node } from '@jarswarm/node'
import { RecordingLogger } from '@jarswarm/testkit'
import { Testnet } from '../swarm/_testnet.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { waitFor } from '../_wait-for.ts'
import { fakedTimeMissing, liveByFakedTime } from './_faked-time.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { SkewedClock } from './_skewed-clock.ts'
import { withEndings } from './_with-endings.ts'

const DAY_MS = 86_400_000
/** Before any copy of this program was made. */
const UNSET_MS = Date.UTC(2025, 0, 1)
const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const METADATA = 'org/example/lib/maven-metadata.xml'
const FILES = { [JAR]: Buffer.from('a jar'), [METADATA]: Buffer.from('<metadata/>') }
/** Timers without delay that a jump may set. */
const MAX_HURRIED_TIMERS = 20

export type State = 'fresh' | 'stale' | 'suspect'

/** How wrong a clock is set, in days, and the state that follows from it by the design. */
export type Skew = readonly [days: number, state: State]

export const SKEWS: readonly Skew[] = [
  [8, 'stale'],
  [31, 'suspect'],
  [0, 'fresh'],
  [-365, 'fresh'],
]

interface SkewedParts {
  readonly net: Testnet
  readonly node: Node
  readonly clock: SkewedClock
  readonly logger: RecordingLogger
}

/** A node that holds the whole repository, by a clock that is wrong. */
export class SkewedNode {
  readonly #parts: SkewedParts
  #seq = 1

  private constructor(parts: SkewedParts) {
    this.#parts = parts
  }

  static async start(test: Ending, days: number): Promise<SkewedNode> {
    const net = await Testnet.create(test, FILES)
    const clock = new SkewedClock(days * DAY_MS)
    const logger = new RecordingLogger()
    const heads = { pollIntervalMs: 200 }
    const node = await net.holder({ clock, logger, mechanisms: { heads } })
    return new SkewedNode({ net, node, clock, logger })
  }

  /** Timers without delay so far. */
  get hurriedTimers(): number {
    return this.#parts.clock.hurriedTimers
  }

  /** Set the clock, and see that the node is in the state that follows, its head and its bytes as before. */
  async jump([days, state]: Skew): Promise<void> {
    this.#parts.clock.skewMs = days * DAY_MS
    await this.assertState(state)
  }

  /** What the node says and serves in a state; that its head never fell, and that nothing it held is gone. */
  async assertState(state: State): Promise<void> {
    const { repositories, store } = this.#parts.node.statusNow()
    const [repository] = repositories
    assert.equal(repository?.freshness, state)
    assert.equal(repository.head?.seq, this.#seq)
    assert.ok(store.blobs >= Object.keys(FILES).length)
    const jar = await fetch(`${String(this.#parts.node.url)}/sample/${JAR}`)
    assert.deepEqual([jar.status, await jar.text()], [200, 'a jar'])
    assert.equal(jar.headers.get('x-jarswarm-stale'), null)
    const metadata = await fetch(`${String(this.#parts.node.url)}/sample/${METADATA}`)
    await metadata.arrayBuffer()
    assert.equal(metadata.status, state === 'suspect' ? 424 : 200)
    assert.equal(metadata.headers.get('x-jarswarm-stale') === null, state !== 'stale')
  }

  /** Publish by a right clock. @returns ms until the node uses the new head */
  async publish(): Promise<number> {
    this.#seq += 1
    const version = `${String(this.#seq)}.0`
    this.#parts.net.builder.put(`org/example/lib/${version}/lib-${version}.jar`, version)
    this.#parts.net.builder.publish({ nowMs: Date.now() })
    const beganMs = performance.now()
    const used = (): number | undefined => this.#parts.node.statusNow().repositories[0]?.head?.seq
    await waitFor('the new head', () => (used() === this.#seq ? true : undefined))
    return performance.now() - beganMs
  }

  /** The operator is told that heads come from the future. */
  async warned(): Promise<void> {
    const isWarning = (): boolean =>
      this.#parts.logger.lines.some(
        ({ level, message }) => level === 'warn' && /in the future/.test(message),
      )
    await waitFor('the warning', () => (isWarning() ? true : undefined))
  }
}

/** Throws unless a node refuses to start by a clock that was never set. */
export async function refuseUnsetClock(test: Ending): Promise<void> {
  const net = await Testnet.create(test, FILES)
  const clock = new SkewedClock(UNSET_MS - Date.now())
  await assert.rejects(net.node({ clock }), { code: 'ERR_WRONG_CLOCK' })
}

export interface ClockReport {
  readonly jumps: number
  readonly heads: number
  readonly slowestHeadMs: number
  readonly hurriedTimers: number
}

/** Set the clock of one node wrong again and again; now and then a head comes. Throws when a state is not that of the design. */
export async function jumpOften(test: Ending, jumps: number, seed: number): Promise<ClockReport> {
  const random = new SeededRandom(seed)
  const node = await SkewedNode.start(test, 0)
  const before = node.hurriedTimers
  let [heads, slowestHeadMs] = [0, 0]
  for (let jump = 0; jump < jumps; jump += 1) {
    const skew = SKEWS[random.below(SKEWS.length)] ?? [0, 'fresh']
    await node.jump(skew)
    if (random.below(4) > 0) continue
    slowestHeadMs = Math.max(slowestHeadMs, await node.publish())
    heads += 1
    await node.assertState(skew[1])
  }
  const hurriedTimers = node.hurriedTimers - before
  assert.ok(
    hurriedTimers < MAX_HURRIED_TIMERS * Math.max(1, heads),
    `${String(hurriedTimers)} timers at once`,
  )
  return { jumps, heads, slowestHeadMs, hurriedTimers }
}

export const clockRun: FaultRun = {
  name: 'clock',
  about:
    'clocks that are days or a year wrong, and jump: the states of the design, head and bytes stay',
  run({ full, seed, runs = full ? 1_000 : 40 }) {
    return withEndings(async function* (test) {
      const bench = 'clock'
      await refuseUnsetClock(test)
      const report = await jumpOften(test, runs, seed)
      yield {
        bench,
        what: 'jumps, each into the state of the design',
        value: report.jumps,
        unit: '',
      }
      yield { bench, what: 'heads that came meanwhile, all used', value: report.heads, unit: '' }
      const seconds = report.slowestHeadMs / 1_000
      yield { bench, what: 'until a head was used, at most', value: seconds, unit: 's' }
      yield { bench, what: 'timers without delay', value: report.hurriedTimers, unit: '' }
      const missing = fakedTimeMissing()
      if (missing !== false) throw new Error(`Cannot run: ${missing}`)
      const states = await liveByFakedTime(test)
      yield {
        bench,
        what: 'jumps of a real process by libfaketime, all right',
        value: states,
        unit: '',
      }
    })
  },
}
