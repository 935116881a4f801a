import { setImmediate as turn } from 'node:timers/promises'
import { MemoryUpstream } from '@jarswarm/testkit'
import type { UpstreamBehaviour } from '@jarswarm/testkit'
import { Rig } from '../../packages/mirror/test/_rig.ts'
import type { Node } from '../../packages/mirror/test/_rig.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { OperationChecker } from './_operation-history.ts'
import type { SwarmEvent } from './_operation-history.ts'
import { OperationNode } from './_operation-node.ts'
import type { Question } from './_operation-node.ts'
import { OperationPublisher } from './_operation-publisher.ts'
import type { SeededRandom } from './_random.ts'

const FULL_MIRRORS = 2
const CACHES = 4
/** Of a cache: something is evicted all the time. */
const CACHE_BYTES = 1_500_000
/** Peers that hold everything, and answer other peers badly. */
const HOSTILE = ['lying', 'truncating', 'slow'] as const
const BEHAVIOURS: readonly UpstreamBehaviour[] = [
  ...Array<UpstreamBehaviour>(4).fill('healthy'),
  'refusing',
  'failing',
  'truncating',
  'lying',
]
const VERBS: readonly Question['verb'][] = ['get', 'get', 'get', 'range', 'head', 'list']
/** Turns of the event loop after which nothing moves without time passing, and how much of it passes then. */
const TURNS = 10
const STEP_MS = 250
/** Given to nodes to take a new head. */
const LONGEST_TURNS = 400
const SECOND_MS = 1_000
/** A head that was looked for a moment ago is not looked for again. */
const CONFIRMED_MS = 11 * SECOND_MS
const HOUR_MS = 3_600_000
/** Operations that are under way at the same time. */
const BATCH = 64

/** What was done to the swarm. */
export type FaultCounts = Record<'published' | 'restarted' | 'parted' | 'forked' | 'jumped', number>

/** What came of a run. */
export interface OperationReport {
  readonly operations: number
  /** How many were answered with each status. */
  readonly statuses: ReadonlyMap<number, number>
  readonly faults: FaultCounts
}

/** Nodes in memory that are asked many things while all kinds of things happen; each event is checked as it comes. */
export class OperationSwarm {
  readonly #rig: Rig
  readonly #random: SeededRandom
  readonly #checker = new OperationChecker()
  readonly #publisher: OperationPublisher
  readonly #nodes: OperationNode[] = []
  readonly #statuses = new Map<number, number>()
  readonly #faults: FaultCounts = { published: 0, restarted: 0, parted: 0, forked: 0, jumped: 0 }
  /** Where forks are published. */
  readonly #evil: MemoryUpstream
  #violation: unknown
  /** Of what runs: what has ended is let go, for there are thousands of starts. */
  readonly #endings = new Set<unknown>()

  private constructor(test: Ending, random: SeededRandom) {
    this.#rig = new Rig({ after: (end) => void this.#endings.add(end) })
    test.after(async () => {
      for (const end of this.#endings) await (end as () => unknown)()
    })
    this.#random = random
    const { builder, clock } = this.#rig
    this.#publisher = new OperationPublisher({ builder, now: () => clock.now() }, random)
    this.#evil = new MemoryUpstream({ files: new Map(), kind: 'mirror', url: 'http://evil.test/' })
    this.#evil.behaviour = 'refusing'
  }

  static async create(test: Ending, random: SeededRandom): Promise<OperationSwarm> {
    const swarm = new OperationSwarm(test, random)
    await swarm.#begin()
    return swarm
  }

  /** Ask so many things. Throws at the first violation. */
  async run(operations: number): Promise<OperationReport> {
    let done = 0
    while (done < operations) {
      const asked = Array.from({ length: BATCH }, () => this.#ask())
      const fault = this.#random.below(2) === 0 ? this.#disturb() : Promise.resolve()
      const [answered] = await this.#wait(Promise.all([Promise.all(asked), fault]))
      this.#throwViolation()
      done += answered.filter((one) => one).length
    }
    for (const node of this.#nodes) await this.#wait(this.#restart(node))
    this.#throwViolation()
    return { operations: done, statuses: this.#statuses, faults: this.#faults }
  }

  async #begin(): Promise<void> {
    this.#log(this.#publisher.first())
    const upstreams = [this.#rig.origin, this.#evil]
    const log = (event: SwarmEvent): void => {
      this.#log(event)
    }
    const components = { rig: this.#rig, log }
    for (let made = 0; made < FULL_MIRRORS + CACHES; made += 1) {
      const name = `node-${String(made)}`
      const init =
        made < FULL_MIRRORS
          ? { name, options: { upstreams, mirrorPolicy: 'all' as const } }
          : { name, quotaBytes: CACHE_BYTES, options: { upstreams } }
      this.#nodes.push(new OperationNode(components, init))
    }
    for (const node of this.#nodes) await node.start()
    for (const manner of HOSTILE)
      await this.#rig.node({ manner, name: manner, mirrorPolicy: 'all' })
    this.#throwViolation()
  }

  /** Let time pass while nothing else moves. */
  async #wait<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => true,
      () => true,
    )
    for (;;) {
      for (let turns = 0; turns < TURNS; turns += 1)
        if (await Promise.race([settled, turn(false)])) return await work
      this.#rig.clock.advance(STEP_MS)
    }
  }

  /** Kept until somebody awaits: listeners of stores must not throw. */
  #log(event: SwarmEvent): void {
    try {
      this.#checker.observe(event)
    } catch (error) {
      this.#violation ??= error
    }
  }

  #throwViolation(): void {
    if (this.#violation !== undefined) throw this.#violation as Error
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)] as T
  }

  /** Whether there was an answer. */
  async #ask(): Promise<boolean> {
    const node = this.#one(this.#nodes)
    const status = await node.ask(this.#question())
    if (status === undefined) return false
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    return true
  }

  #question(): Question {
    const verb = this.#one(VERBS)
    const known = this.#one(this.#publisher.paths)
    // Half of the time something of the last days: what is new is what goes wrong.
    const path = this.#random.below(2) === 0 ? known : this.#one(this.#publisher.paths.slice(-50))
    if (verb === 'list') return { verb, path: path.slice(0, path.lastIndexOf('/')) }
    if (this.#random.below(12) === 0) return { verb: 'get', path: `${path}-missing` }
    if (verb !== 'range') return { verb, path }
    // Each file has a first byte.
    return { verb, path, range: [0, 1] }
  }

  async #disturb(): Promise<void> {
    const faults = [
      () => this.#publish(),
      () => this.#publish(),
      () => this.#publish(),
      () => this.#restart(this.#one(this.#nodes)),
      () => this.#part(),
      () => this.#heal(),
      () => this.#heal(),
      () => this.#turnOrigin(),
      () => this.#fork(),
      () => this.#jump(),
      () => this.#passTime(),
      () => this.#passTime(),
    ]
    await this.#one(faults)()
  }

  #publish(): Promise<void> {
    this.#faults.published += 1
    this.#log(this.#publisher.publish())
    return Promise.resolve()
  }

  async #restart(node: OperationNode): Promise<void> {
    if (node.running === undefined) return
    this.#faults.restarted += 1
    this.#endings.delete(node.running.stop)
    await node.stop()
    await node.start()
    // What only tests look at.
    this.#rig.origin.requests.length = 0
    this.#evil.requests.length = 0
  }

  /** Take a node away from all others. */
  #part(): Promise<void> {
    const { name } = this.#one(this.#nodes)
    this.#faults.parted += 1
    for (const other of this.#peerNames()) this.#rig.network.disconnect(name, other)
    return Promise.resolve()
  }

  async #heal(): Promise<void> {
    this.#rig.origin.behaviour = 'healthy'
    const names = this.#peerNames()
    for (const one of names) for (const other of names) await this.#rig.network.connect(one, other)
  }

  #turnOrigin(): Promise<void> {
    this.#rig.origin.behaviour = this.#one(BEHAVIOURS)
    return Promise.resolve()
  }

  /** Somebody with the keys tells another story, and whoever heard the true one is told it too. */
  async #fork(): Promise<void> {
    const { builder, clock } = this.#rig
    const twin = builder.fork()
    twin.put('org/example/forked/1.0/forked-1.0.jar', 'another story')
    const forked = twin.publish({ nowMs: clock.now() })
    await this.#publish()
    await this.#heal()
    await this.#look()
    if (!this.#running().every(({ repository }) => this.#isNewest(repository))) return
    this.#faults.forked += 1
    this.#evil.files.clear()
    for (const [path, bytes] of twin.files) this.#evil.files.set(path, bytes)
    this.#evil.behaviour = 'healthy'
    await this.#rig.network.find('lying')?.gossipManifest(builder.id, forked.manifest)
    await this.#look()
    this.#evil.behaviour = 'refusing'
  }

  /** Have all nodes look for a newer head, and give them a while to take it. */
  async #look(): Promise<void> {
    this.#rig.clock.advance(CONFIRMED_MS)
    const looks = this.#running().map(({ repository }) => repository.lookForNewerHead({}))
    await Promise.allSettled(looks)
    for (let turns = 0; turns < LONGEST_TURNS; turns += 1) {
      if (this.#running().every(({ repository }) => this.#isNewest(repository))) return
      await turn()
    }
  }

  #running(): readonly Node[] {
    return this.#nodes.flatMap(({ running }) => running ?? [])
  }

  #isNewest({ head }: Node['repository']): boolean {
    return head?.seq === this.#rig.builder.state?.head.seq
  }

  /** The machine's clock is set wrong, and right again. */
  #jump(): Promise<void> {
    const { clock } = this.#rig
    this.#faults.jumped += 1
    const now = clock.now()
    clock.jumpTo(now + this.#one([-24, -1, 1, 24, 8 * 24, 31 * 24]) * HOUR_MS)
    setImmediate(() => {
      clock.jumpTo(now)
    })
    return Promise.resolve()
  }

  #passTime(): Promise<void> {
    this.#rig.clock.advance(this.#one([1, 11, 61, 600]) * SECOND_MS)
    return Promise.resolve()
  }

  #peerNames(): readonly string[] {
    return [...this.#nodes.map(({ name }) => name), ...HOSTILE]
  }
}
