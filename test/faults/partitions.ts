import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ControlClient } from '@jarswarm/node'
import { initRepository, publishTree } from '@jarswarm/publisher'
import { startJarswarm } from '../_jarswarm.ts'
import { percentile } from '../_percentile.ts'
import type { Row } from '../_report.ts'
import { waitFor } from '../_wait-for.ts'
import { HostNetwork, namespacesMissing } from '../_namespaces.ts'
import type { Host } from '../_namespaces.ts'
import { addVersion } from '../swarm/_tiny-repository.ts'
import type { FaultRun } from './_fault-run.ts'
import { SeededRandom } from './_random.ts'
import { withEndings } from './_with-endings.ts'

/** Within so long after healing all nodes use the newest head. */
const CONVERGED_MS = 60_000
/** Between two looks at the head of a node. */
const WATCH_MS = 200
/** Where some splits are long, one of so many. */
const LONG_EVERY = 3

export interface PartitionsInit {
  readonly seed: number
  /** Nodes beside the primary. */
  readonly nodes: number
  readonly splits: number
  /** Longest split that is drawn, unless it is a long one. */
  readonly longestMs: number
  /** One of three splits lasts for so long, up to twice that. @defaultValue none does */
  readonly longMs?: number
  /** A last split of so long, in which connections die in silence. @defaultValue none */
  readonly lastMs?: number
}

/** How one split healed. */
export interface Healing {
  /** Until the last node used the newest head. */
  readonly convergedMs: number
  readonly splitMs: number
  /** Nodes that could reach the primary, and until all of these used what it published meanwhile. */
  readonly beside: number
  readonly besideMs: number
  /** Nodes that could not reach the primary. */
  readonly away: number
  readonly reset: boolean
}

/**
 * Split a network of real processes again and again while the primary publishes. Throws when a node's head ever falls, when one
 * takes longer than a minute after healing, when one beside the primary takes longer meanwhile, and when one that is cut off has
 * what is published all the same.
 */
export async function liveThroughPartitions(
  test: Pick<TestContext, 'after'>,
  init: PartitionsInit,
): Promise<readonly Healing[]> {
  const swarm = await PartitionedSwarm.create(test, init.nodes)
  const random = new SeededRandom(init.seed)
  const healings: Healing[] = []
  for (let split = 0; split < init.splits; split += 1)
    healings.push(await swarm.splitOnce(random, drawMs(random, init)))
  if (init.lastMs !== undefined) healings.push(await swarm.splitOnce(random, init.lastMs, false))
  swarm.assertNoneFell()
  return healings
}

function drawMs(random: SeededRandom, { longestMs, longMs }: PartitionsInit): number {
  const isLong = longMs !== undefined && random.below(LONG_EVERY) === 0
  return isLong ? longMs + random.below(longMs) : random.below(longestMs)
}

/** A node whose head is watched all along. */
interface Watched {
  readonly host: Host
  readonly control: ControlClient
  seq: number
  fell: string | undefined
}

class PartitionedSwarm {
  readonly #network: HostNetwork
  readonly #work: string
  readonly #watched: Watched[] = []
  #published = 0

  private constructor(network: HostNetwork, work: string) {
    this.#network = network
    this.#work = work
  }

  /** A primary and nodes, each on a host of its own; all have the first head. */
  static async create(test: Pick<TestContext, 'after'>, nodes: number): Promise<PartitionedSwarm> {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-partitions-'))
    const network = new HostNetwork(test, nodes + 1)
    const swarm = new PartitionedSwarm(network, work)
    const watch = new AbortController()
    test.after(() => {
      watch.abort()
      rmSync(work, { recursive: true, force: true })
    })
    await initRepository({ stateDir: swarm.#state, name: 'tiny' })
    await swarm.#publish()
    const link = await swarm.#startPrimary(test)
    await Promise.all(network.hosts.slice(1).map((host) => swarm.#startNode(test, host, link)))
    for (const node of swarm.#watched) void swarm.#watch(node, watch.signal)
    await swarm.#converged(swarm.#watched)
    return swarm
  }

  /**
   * Split, publish, and have all nodes beside the primary use that; heal, and wait for the others.
   *
   * @param splitMs how long, at least: those beside the primary may have to find it first
   */
  async splitOnce(
    random: SeededRandom,
    splitMs: number,
    reset = random.below(2) === 0,
  ): Promise<Healing> {
    const { hosts } = this.#network
    // A side of one host at least, and of all but one at most.
    const drawn = random.shuffled(hosts).slice(0, 1 + random.below(hosts.length - 1))
    const [primary] = hosts
    const hasPrimary = drawn.some((host) => host === primary)
    const isAway = ({ host }: Watched): boolean => drawn.includes(host) !== hasPrimary
    const away = this.#watched.filter(isAway)
    const beside = this.#watched.filter((node) => !isAway(node))
    this.#network.split(drawn, { reset })
    const begunMs = performance.now()
    await delay(random.below(splitMs + 1))
    const before = this.#published
    await this.#publish()
    const besideMs = await this.#converged(beside)
    await delay(Math.max(0, splitMs - (performance.now() - begunMs)))
    for (const { seq } of away) assert.ok(seq <= before, 'a split kept nothing back')
    this.#network.heal()
    const healedMs = performance.now()
    const convergedMs = await this.#converged(this.#watched)
    return {
      convergedMs,
      splitMs: healedMs - begunMs,
      beside: beside.length,
      besideMs,
      away: away.length,
      reset,
    }
  }

  assertNoneFell(): void {
    for (const { host, fell } of this.#watched) assert.equal(fell, undefined, host.namespace)
  }

  get #state(): string {
    return join(this.#work, 'state')
  }

  get #tree(): string {
    return join(this.#work, 'tree')
  }

  async #publish(): Promise<void> {
    addVersion(this.#tree, String(this.#published + 1))
    const { seq } = await publishTree({ stateDir: this.#state, treeDir: this.#tree })
    this.#published = seq
  }

  async #startPrimary(test: Pick<TestContext, 'after'>): Promise<string> {
    const [host] = this.#network.hosts
    const where = ['--state', this.#state, '--tree', this.#tree, '--http', '127.0.0.1:0']
    const primary = await startJarswarm(['repo', 'serve', ...where, ...listenAt(host)], host)
    test.after(() => primary.stop())
    return String(primary.ready.link)
  }

  async #startNode(test: Pick<TestContext, 'after'>, host: Host, link: string): Promise<void> {
    const data = join(this.#work, host.namespace)
    // The origin is a loopback address of another host: only the swarm can bring a head.
    const start = ['start', '--data', data, '--join', link, '--no-mdns', '--http', '127.0.0.1:0']
    const node = await startJarswarm([...start, ...listenAt(host)], host)
    test.after(() => node.stop())
    this.#watched.push({ host, control: new ControlClient(data), seq: 0, fell: undefined })
  }

  async #watch(node: Watched, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        const { repositories } = await node.control.status({ signal })
        const seq = repositories[0]?.head?.seq ?? 0
        if (seq < node.seq) node.fell ??= `from ${String(node.seq)} to ${String(seq)}`
        node.seq = seq
      } catch (error) {
        if (signal.aborted) return
        node.fell ??= `it cannot be asked: ${String(error)}`
      }
      await delay(WATCH_MS)
    }
  }

  /** @returns milliseconds until all of these nodes used the newest head */
  async #converged(nodes: readonly Watched[]): Promise<number> {
    const begunMs = performance.now()
    await waitFor(
      `head ${String(this.#published)} on ${String(nodes.length)} nodes`,
      () => {
        this.assertNoneFell()
        return nodes.every(({ seq }) => seq === this.#published) ? true : undefined
      },
      CONVERGED_MS,
    )
    return performance.now() - begunMs
  }
}

const listenAt = (host: Host | undefined): readonly string[] => [
  '--listen',
  `/ip4/${host?.address ?? '127.0.0.1'}/tcp/0`,
]

/** Swarms that are split at the same time in the long form; they wait more than they work. */
const FULL_SWARMS = 4
const FULL_SPLITS = 100

export const partitions: FaultRun = {
  name: 'partitions',
  about: 'networks of real processes that split and heal while the primary publishes',
  run: ({ full, seed, runs: splits = full ? FULL_SPLITS : 4 }) =>
    withEndings(async function* (test) {
      const missing = namespacesMissing()
      if (missing !== false) throw new Error(`Cannot run: ${missing}`)
      const swarms = full ? FULL_SWARMS : 1
      const each = {
        nodes: 4,
        longestMs: 12_000,
        splits: Math.ceil(splits / swarms) - 1,
        ...(full && { longMs: 30_000 }),
      }
      const lived = await Promise.all(
        Array.from({ length: swarms }, (_, at) =>
          liveThroughPartitions(test, { ...each, seed: seed + at, lastMs: full ? 75_000 : 5_000 }),
        ),
      )
      yield* rowsOf(lived.flat())
    }),
}

function rowsOf(healings: readonly Healing[]): readonly Row[] {
  const bench = 'partitions'
  const row = (what: string, value: number, target?: string): Row => ({
    bench,
    what,
    value,
    unit: 's',
    ...(target !== undefined && { target }),
  })
  const kinds = [
    { name: 'all', of: healings },
    { name: 'connections reset', of: healings.filter(({ reset }) => reset) },
    { name: 'connections silent', of: healings.filter(({ reset }) => !reset) },
    { name: 'of 30 s and more', of: healings.filter(({ splitMs }) => splitMs >= 30_000) },
  ]
  const beside = healings.filter((healing) => healing.beside > 0)
  const meanwhile = row(
    `${String(beside.length)} splits with nodes beside the primary: these had the new head after, slowest`,
    percentile(
      beside.map(({ besideMs }) => besideMs / 1_000),
      100,
    ),
    '60',
  )
  const longest = row(
    'longest split',
    percentile(
      healings.map(({ splitMs }) => splitMs / 1_000),
      100,
    ),
  )
  const healed = kinds.flatMap(({ name, of }) => {
    const seconds = of.map(({ convergedMs }) => convergedMs / 1_000)
    const what = `${String(of.length)} splits, ${name}: converged after healing,`
    return [
      row(`${what} median`, percentile(seconds, 50)),
      row(`${what} 90 of 100`, percentile(seconds, 90)),
      row(`${what} slowest`, percentile(seconds, 100), '60'),
    ]
  })
  return [longest, meanwhile, ...healed]
}
