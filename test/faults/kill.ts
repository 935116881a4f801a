import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '../_wait-for.ts'
import type { Ending } from '../swarm/_testnet.ts'
import type { UnderWay } from './_acknowledged.ts'
import type { FaultRun } from './_fault-run.ts'
import { judgeTree } from './_judged-tree.ts'
import { untilFirstSync, untilServing, untilStarting } from './_kill-moments.ts'
import { assertAllKinds, killRows } from './_kill-report.ts'
import type { KillReport, Moment } from './_kill-report.ts'
import { KillSwarm } from './_kill-swarm.ts'
import type { KillSwarmInit } from './_kill-swarm.ts'
import { ask, askOnAndOn } from './_killed-clients.ts'
import type { AskInit } from './_killed-clients.ts'
import type { KilledNode } from './_killed-node.ts'
import { SeededRandom } from './_random.ts'
import { assertStartedInTime } from './_start-time.ts'
import { withEndings } from './_with-endings.ts'

const FULL_KILL: Omit<KillInit, 'seed'> = {
  ...{ kills: 500, smallNodes: 3, versions: 250 },
  isPatient: false,
}
/** Without a need to evict, and with few programs to start, which is what takes most of the time. */
export const SHORT_KILL: Omit<KillInit, 'seed'> = {
  ...{ kills: 5, smallNodes: 1, versions: 40 },
  isPatient: true,
}
const CLIENTS_A_NODE = 2
/** One in so many starts of a node begins with an empty directory, and one in as many is killed while it starts. */
const NEW_EVERY = 5
const STARTING_EVERY = 5
/** A publisher is killed within so many times the time of its last publish. */
const PUBLISHES_OF_A_LIFE = 1.5
/** A server serves for so many times what its start took, at most: on a busy machine others need longer for what they ask of it, too. */
const STARTS_OF_A_LIFE = 4

export interface KillInit extends KillSwarmInit, Pick<AskInit, 'isPatient'> {
  readonly kills: number
  readonly seed: number
}

/** Kill processes of a swarm at work so often, several at once, and look at what each left. @throws {ViolationError} */
export async function killSwarm(test: Ending, init: KillInit): Promise<KillReport> {
  const swarm = await KillSwarm.create(test, init)
  if (init.kills > SHORT_KILL.kills) await swarm.warmUp()
  const killing = new Killing(swarm, init)
  await killing.run(init.seed)
  return killing.report
}

class Killing {
  readonly report: KillReport = {
    kills: 0,
    moments: {
      storing: 0,
      evicting: 0,
      'head update': 0,
      'first sync': 0,
      publishing: 0,
      rotating: 0,
      starting: 0,
      anything: 0,
    },
    killed: { server: 0, publisher: 0, mirror: 0, 'small node': 0 },
    acknowledged: 0,
    evicted: 0,
    slowestStartMs: 0,
    slowestAloneMs: 0,
    slowestHeadMs: 0,
    answers: { served: 0, refused: {} },
    publishes: 0,
    rotations: 0,
  }
  readonly #swarm: KillSwarm
  readonly #isPatient: boolean
  #left: number

  constructor(swarm: KillSwarm, { kills, isPatient }: Pick<KillInit, 'kills' | 'isPatient'>) {
    this.#swarm = swarm
    this.#isPatient = isPatient
    this.#left = kills
  }

  /** Each process has lives of its own, so that several are killed at a time, and while others are away. */
  async run(seed: number): Promise<void> {
    const { nodes, publisher } = this.#swarm
    const [done, quiet] = [new AbortController(), new AbortController()]
    const drawn = (at: number): SeededRandom => new SeededRandom(seed + at)
    publisher.start()
    const clients = nodes.flatMap((node, at) =>
      Array.from({ length: CLIENTS_A_NODE }, (_, client) => {
        const random = drawn(100 + CLIENTS_A_NODE * at + client)
        const counts = this.report.answers
        return askOnAndOn({ ...this.#askInit(node), random, counts }, quiet.signal)
      }),
    )
    const lives = [
      this.#repeat(drawn(0), (random) => this.#liveAsServer(random)).then(() =>
        this.#swarm.primary.untilReady(),
      ),
      ...nodes.map((node, at) =>
        this.#repeat(drawn(1 + at), (random) => this.#liveAsNode(node, random)),
      ),
    ]
    const publishing = this.#publishOnAndOn(drawn(50), done.signal)
    const asking = Promise.all(clients)
    const all = Promise.all([...lives, publishing])
    // Heads go on to come until all others have had their moment.
    void Promise.allSettled(lives).then(() => {
      done.abort()
    })
    try {
      await Promise.race([all, asking])
      await Promise.race([this.#settle(), asking])
    } finally {
      quiet.abort()
    }
    await asking
    await this.#end()
  }

  async #repeat(
    random: SeededRandom,
    live: (random: SeededRandom) => Promise<void>,
  ): Promise<void> {
    while (this.#left > 0) {
      this.#left -= 1
      await live(random)
    }
  }

  async #liveAsNode(node: KilledNode, random: SeededRandom): Promise<void> {
    const { mirror } = this.#swarm
    if (random.below(NEW_EVERY) === 0) {
      node.empty()
      node.start()
      await untilFirstSync(node, random)
    } else {
      node.start()
      if (random.below(STARTING_EVERY) === 0) await untilStarting(node, random)
      else {
        await this.#goOn(node)
        const kinds: readonly UnderWay[] = ['storing', 'head update', 'evicting']
        await untilServing(node, { random, kinds: node === mirror ? kinds.slice(0, 2) : kinds })
      }
    }
    const isStarting = node.command.ready === undefined
    await node.kill()
    this.#count(node === mirror ? 'mirror' : 'small node', [
      ...node.acknowledged.underWay,
      ...(node.isInFirstSync ? (['first sync'] as const) : []),
      ...(isStarting ? (['starting'] as const) : []),
    ])
    await this.#judge(node)
  }

  /** It serves again, on what it had, and comes to the newest head. */
  async #goOn(node: KilledNode): Promise<void> {
    await node.command.untilReady()
    const { published } = this.#swarm.publisher
    await node.look()
    const behindMs = await node.untilInUse(published)
    this.report.slowestHeadMs = Math.max(this.report.slowestHeadMs, behindMs)
  }

  async #judge(node: KilledNode): Promise<void> {
    const { report } = this
    await node.judge()
    report.evicted += node.acknowledged.takeRemoved()
    report.acknowledged += node.acknowledged.stored.size
  }

  #noteStarts(): void {
    const { report } = this
    const { nodes, primary } = this.#swarm
    for (const { slowestStartMs, slowestAloneMs } of [
      primary,
      ...nodes.map((node) => node.command),
    ]) {
      report.slowestStartMs = Math.max(report.slowestStartMs, slowestStartMs)
      report.slowestAloneMs = Math.max(report.slowestAloneMs, slowestAloneMs)
    }
  }

  async #liveAsServer(random: SeededRandom): Promise<void> {
    const { primary, publisher } = this.#swarm
    await primary.kill()
    this.#count('server', [])
    const { published } = publisher
    primary.start()
    if (random.below(STARTING_EVERY) === 0) {
      await delay(random.below(primary.lastStartMs))
      return
    }
    await primary.untilReady()
    await this.#swarm.judgePrimary(published)
    await delay(random.below(STARTS_OF_A_LIFE * primary.lastStartMs))
  }

  /** Publish, and be killed in the midst of that, until the others have ended. */
  async #publishOnAndOn(random: SeededRandom, signal: AbortSignal): Promise<void> {
    const { publisher, places } = this.#swarm
    let publishMs = 0
    while (!signal.aborted) {
      const begun = performance.now()
      await publisher.publish()
      await publisher.idle()
      publishMs = performance.now() - begun
      if (this.#left <= 0) {
        await delay(publishMs)
        continue
      }
      this.#left -= 1
      await publisher.publish()
      await delay(random.below(Math.ceil(PUBLISHES_OF_A_LIFE * publishMs)))
      await publisher.kill()
      const { underWay } = publisher
      this.#count('publisher', underWay === undefined ? [] : [underWay])
      await judgeTree(places, publisher)
      publisher.start()
    }
  }

  /** All live on in peace, have the newest head, and each serves the oldest release and the newest. */
  async #settle(): Promise<void> {
    const { nodes, primary, publisher } = this.#swarm
    await publisher.idle()
    await publisher.kill()
    await primary.untilReady()
    for (const node of nodes) node.start()
    await Promise.all(
      nodes.map(async (node) => {
        await this.#goOn(node)
        const ready = await node.command.untilReady()
        for (const version of [1, publisher.versions])
          await waitFor(`release ${String(version)} of ${node.dataDir}`, async () =>
            (await ask(this.#askInit(node), ready, version)) === undefined ? true : undefined,
          )
      }),
    )
  }

  /** Ended in peace, too, each has all that it acknowledged. */
  async #end(): Promise<void> {
    const { nodes, publisher, places } = this.#swarm
    await Promise.all(
      nodes.map(async (node) => {
        await node.kill('SIGTERM')
        await this.#judge(node)
      }),
    )
    assert.equal(await judgeTree(places, publisher), publisher.published)
    this.report.publishes = publisher.done.publishes
    this.report.rotations = publisher.done.rotations
    this.#noteStarts()
  }

  #askInit(node: KilledNode): AskInit {
    const { primary, publisher } = this.#swarm
    return { node, primary, publisher, isPatient: this.#isPatient }
  }

  #count(who: keyof KillReport['killed'], moments: readonly Moment[]): void {
    this.report.kills += 1
    this.report.killed[who] += 1
    for (const moment of moments.length === 0 ? (['anything'] as const) : moments)
      this.report.moments[moment] += 1
  }
}

export const kill: FaultRun = {
  name: 'kill',
  about: 'a server, a publisher and nodes at work that are killed again and again',
  run: ({ full, seed, runs }) =>
    withEndings(async function* (test) {
      const init = full ? FULL_KILL : SHORT_KILL
      const report = await killSwarm(test, {
        ...init,
        seed,
        ...(runs !== undefined && { kills: runs }),
      })
      if (full) {
        assertAllKinds(report)
        assertStartedInTime(report)
      }
      yield* killRows(report)
    }),
}
