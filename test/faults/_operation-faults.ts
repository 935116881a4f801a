import { setImmediate as turn } from 'node:timers/promises'
import { MemoryUpstream } from '@jarswarm/testkit'
import type { UpstreamBehaviour } from '@jarswarm/testkit'
import type { Node, Rig } from '../../packages/mirror/test/_rig.ts'
import type { SwarmEvent } from './_operation-event.ts'
import type { OperationNode } from './_operation-node.ts'
import { OperationPublisher } from './_operation-publisher.ts'
import type { SeededRandom } from './_random.ts'

/** Peers that hold everything, and answer other peers badly. */
export const HOSTILE = ['lying', 'truncating', 'slow'] as const
const BEHAVIOURS: readonly UpstreamBehaviour[] = [
  ...Array<UpstreamBehaviour>(4).fill('healthy'),
  'refusing',
  'failing',
  'truncating',
  'lying',
]
/** Given to nodes to take a new head. */
const LONGEST_TURNS = 400
const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
/** A head that was looked for a moment ago is not looked for again. */
const CONFIRMED_MS = 11 * SECOND_MS
/** How wrong the clock of the machine is set. */
const LEAPS_HOURS = [-365 * 24, -24, -1, 1, 24, 8 * 24, 31 * 24, 400 * 24]

/** What was done to the swarm. */
export type FaultCounts = Record<
  'published' | 'restarted' | 'killed' | 'parted' | 'healed' | 'forked' | 'jumped',
  number
>

export interface OperationFaultsComponents {
  readonly rig: Rig
  readonly random: SeededRandom
  readonly nodes: readonly OperationNode[]
  readonly log: (event: SwarmEvent) => void
  /** Called with what a node that ended had registered. */
  readonly forget: (stop: () => Promise<void>) => void
}

/** What happens to a swarm while it is used, one thing at a time. */
export class OperationFaults {
  readonly counts: FaultCounts = {
    published: 0,
    restarted: 0,
    killed: 0,
    parted: 0,
    healed: 0,
    forked: 0,
    jumped: 0,
  }
  /** Where forks are published. */
  readonly evil: MemoryUpstream
  readonly publisher: OperationPublisher
  readonly #components: OperationFaultsComponents
  #wrongByMs = 0
  #begun = 0
  #ended = 0

  constructor(components: OperationFaultsComponents) {
    this.#components = components
    const { rig, random } = components
    // Whoever publishes has a clock of their own.
    const now = (): number => rig.clock.now() - this.#wrongByMs
    this.publisher = new OperationPublisher({ builder: rig.builder, now }, random)
    this.evil = new MemoryUpstream({ files: new Map(), kind: 'mirror', url: 'http://evil.test/' })
    this.evil.behaviour = 'refusing'
  }

  /** Another one after each change; undefined while something is being done. */
  get quiet(): number | undefined {
    return this.#begun === this.#ended ? this.#begun : undefined
  }

  /** Do something that is drawn. */
  async next(): Promise<void> {
    const faults = [
      () => this.publish(),
      () => this.publish(),
      () => this.publish(),
      () => this.restart(this.#one(this.#components.nodes)),
      () => this.#kill(),
      () => this.#part(),
      () => this.#heal(),
      () => this.#heal(),
      () => this.#turnOrigin(),
      () => this.#fork(),
      () => this.#jump(),
      () => this.#setRight(),
      () => this.#passTime(),
      () => this.#passTime(),
    ]
    this.#begun += 1
    try {
      await this.#one(faults)()
    } finally {
      this.#ended += 1
    }
  }

  publish(): Promise<void> {
    this.counts.published += 1
    this.#components.log(this.publisher.publish())
    return Promise.resolve()
  }

  async restart(node: OperationNode): Promise<void> {
    if (node.running === undefined) return
    this.counts.restarted += 1
    this.#components.forget(node.running.stop)
    await node.stop()
    await this.#begin(node)
  }

  async #kill(): Promise<void> {
    const node = this.#one(this.#components.nodes.filter(({ mortal }) => mortal))
    if (node.running === undefined) return
    this.counts.killed += 1
    this.#components.forget(node.running.stop)
    await node.kill()
    await this.#begin(node)
  }

  async #begin(node: OperationNode): Promise<void> {
    await node.start()
    // What only tests look at.
    this.#components.rig.origin.requests.length = 0
    this.evil.requests.length = 0
  }

  /** Take a node away from all others. */
  #part(): Promise<void> {
    const { name } = this.#one(this.#components.nodes)
    this.counts.parted += 1
    for (const other of this.#peerNames()) this.#components.rig.network.disconnect(name, other)
    return Promise.resolve()
  }

  async #heal(): Promise<void> {
    const { origin, network } = this.#components.rig
    this.counts.healed += 1
    origin.behaviour = 'healthy'
    const names = this.#peerNames()
    for (const one of names) for (const other of names) await network.connect(one, other)
  }

  #turnOrigin(): Promise<void> {
    this.#components.rig.origin.behaviour = this.#one(BEHAVIOURS)
    return Promise.resolve()
  }

  /** Somebody with the keys tells another story, and whoever heard the true one is told it too. */
  async #fork(): Promise<void> {
    const { builder, clock, network } = this.#components.rig
    const twin = builder.fork()
    twin.put('org/example/forked/1.0/forked-1.0.jar', 'another story')
    const forked = twin.publish({ nowMs: clock.now() - this.#wrongByMs })
    await this.publish()
    await this.#heal()
    await this.#look()
    if (!this.#running().every(({ repository }) => this.#isNewest(repository))) return
    this.counts.forked += 1
    this.evil.files.clear()
    for (const [path, bytes] of twin.files) this.evil.files.set(path, bytes)
    this.evil.behaviour = 'healthy'
    await network.find('lying')?.gossipManifest(builder.id, forked.manifest)
    await this.#look()
    this.evil.behaviour = 'refusing'
    this.evil.files.clear()
  }

  /** Have all nodes look for a newer head, and give them a while to take it. */
  async #look(): Promise<void> {
    this.#components.rig.clock.advance(CONFIRMED_MS)
    const looks = this.#running().map(({ repository }) => repository.lookForNewerHead({}))
    await Promise.allSettled(looks)
    for (let turns = 0; turns < LONGEST_TURNS; turns += 1) {
      if (this.#running().every(({ repository }) => this.#isNewest(repository))) return
      await turn()
    }
  }

  /** The clock of the machine is set wrong, and stays so for a while. */
  async #jump(): Promise<void> {
    await this.#setRight()
    const { clock } = this.#components.rig
    this.counts.jumped += 1
    this.#wrongByMs = this.#one(LEAPS_HOURS) * HOUR_MS
    clock.jumpTo(clock.now() + this.#wrongByMs)
  }

  #setRight(): Promise<void> {
    const { clock } = this.#components.rig
    if (this.#wrongByMs !== 0) clock.jumpTo(clock.now() - this.#wrongByMs)
    this.#wrongByMs = 0
    return Promise.resolve()
  }

  #passTime(): Promise<void> {
    this.#components.rig.clock.advance(this.#one([1, 11, 61, 600]) * SECOND_MS)
    return Promise.resolve()
  }

  #running(): readonly Node[] {
    return this.#components.nodes.flatMap(({ running }) => running ?? [])
  }

  #isNewest({ head }: Node['repository']): boolean {
    return head?.seq === this.#components.rig.builder.state?.head.seq
  }

  #peerNames(): readonly string[] {
    return [...this.#components.nodes.map(({ name }) => name), ...HOSTILE]
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#components.random.below(list.length)] as T
  }
}
