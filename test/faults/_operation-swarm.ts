import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Rig } from '../../packages/mirror/test/_rig.ts'
import type { Ending } from '../swarm/_testnet.ts'
import { ORIGIN } from './_operation-event.ts'
import type { SwarmEvent } from './_operation-event.ts'
import { HOSTILE, OperationFaults } from './_operation-faults.ts'
import type { FaultCounts } from './_operation-faults.ts'
import { OperationChecker } from './_operation-history.ts'
import { OperationNode } from './_operation-node.ts'
import type { Question } from './_operation-node.ts'
import { drawQuestion } from './_operation-question.ts'
import { operationStores } from './_operation-stores.ts'
import type { SeededRandom } from './_random.ts'
import { UnderWay } from './_under-way.ts'

const FULL_MIRRORS = 2
const CACHES = 4
/** Of these, from the first mirror and the first cache on, so many each keep what they have on a real disk. */
const ON_DISK = 1
/** Of a cache: something is evicted all the time. */
const CACHE_BYTES = 1_500_000
/** Who is killed loses nothing that the system has: a file system in memory does, where there is one. */
const SHARED_MEMORY = '/dev/shm'
/** Turns of the event loop after which nothing moves without time passing, and how much of it passes then. */
const TURNS = 10
const STEP_MS = 250
/** Operations that are under way at the same time. */
const BATCH = 64
/** Longest that a disk may take, in real time. */
const STUCK_MS = 60_000

/** What came of a run. */
export interface OperationReport {
  readonly operations: number
  /** How many were answered with each status. */
  readonly statuses: Readonly<Record<string, number>>
  readonly faults: FaultCounts
  /** Blobs that went to make room. */
  readonly evictions: number
}

/** Nodes that are asked many things while all kinds of things happen; each event is checked as it comes. */
export class OperationSwarm {
  readonly #rig: Rig
  readonly #random: SeededRandom
  readonly #checker = new OperationChecker()
  readonly #faults: OperationFaults
  readonly #underWay = new UnderWay()
  readonly #directory = mkdtempSync(
    join(existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), 'jarswarm-operations-'),
  )
  readonly #nodes: OperationNode[] = []
  readonly #statuses: Record<string, number> = {}
  #violation: unknown
  /** Of what runs: what has ended is let go, for there are thousands of starts. */
  readonly #endings = new Set<unknown>()

  private constructor(test: Ending, random: SeededRandom) {
    this.#rig = new Rig({ after: (end) => void this.#endings.add(end) })
    this.#random = random
    this.#faults = new OperationFaults({
      rig: this.#rig,
      random,
      nodes: this.#nodes,
      log: (event) => {
        this.#log(event)
      },
      forget: (stop) => void this.#endings.delete(stop),
    })
    test.after(async () => {
      for (const node of this.#nodes) await node.stop()
      for (const end of this.#endings) await (end as () => unknown)()
      rmSync(this.#directory, { recursive: true, force: true })
    })
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
      const fault = this.#random.below(2) === 0 ? this.#faults.next() : Promise.resolve()
      const asked = Array.from({ length: BATCH }, () => this.#ask())
      const [answered] = await this.#wait(Promise.all([Promise.all(asked), fault]))
      this.#throwViolation()
      done += answered.filter((one) => one).length
    }
    for (const node of this.#nodes) await this.#wait(this.#faults.restart(node))
    this.#throwViolation()
    const { evictions } = this.#checker
    return { operations: done, statuses: this.#statuses, faults: this.#faults.counts, evictions }
  }

  async #begin(): Promise<void> {
    const { publisher, evil } = this.#faults
    this.#log(publisher.first())
    const upstreams = [this.#rig.origin, evil]
    for (let made = 0; made < FULL_MIRRORS + CACHES; made += 1) {
      const name = `node-${String(made)}`
      const isMirror = made < FULL_MIRRORS
      const isOnDisk = (isMirror ? made : made - FULL_MIRRORS) < ON_DISK
      const quotaBytes = isMirror ? undefined : CACHE_BYTES
      const stores = operationStores(
        { rig: this.#rig, underWay: this.#underWay },
        {
          quotaBytes,
          directory: isOnDisk ? join(this.#directory, name) : undefined,
        },
      )
      const options = { upstreams, ...(isMirror && { mirrorPolicy: 'all' as const }) }
      this.#nodes.push(this.#node(stores, { name, quotaBytes: quotaBytes ?? Infinity, options }))
    }
    for (const node of this.#nodes) await this.#wait(node.start())
    for (const manner of HOSTILE)
      await this.#rig.node({ manner, name: manner, mirrorPolicy: 'all' })
    this.#throwViolation()
  }

  #node(
    stores: ReturnType<typeof operationStores>,
    init: ConstructorParameters<typeof OperationNode>[1],
  ): OperationNode {
    const log = (event: SwarmEvent): void => {
      this.#log(event)
    }
    const watch = (node: string): (() => readonly string[]) => this.#watch(node)
    return new OperationNode({ rig: this.#rig, stores, log, checker: this.#checker, watch }, init)
  }

  /** Let time pass while nothing else moves. */
  async #wait<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => true,
      () => true,
    )
    let movedMs = performance.now()
    for (;;) {
      for (let turns = 0; turns < TURNS; turns += 1)
        if (await Promise.race([settled, turn(false)])) return await work
      if (this.#underWay.count === 0) {
        this.#rig.clock.advance(STEP_MS)
        movedMs = performance.now()
      } else if (performance.now() - movedMs > STUCK_MS) {
        throw new Error('Cannot go on: a store has not answered for a minute')
      }
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

  /** Watch whom a node can ask, while nothing is done to the swarm and the node has the whole index. */
  #watch(node: string): () => readonly string[] {
    const quiet = this.#faults.quiet
    const before = this.#reachable(node)
    return () => {
      if (quiet === undefined || this.#faults.quiet !== quiet) return []
      const after = new Set(this.#reachable(node))
      return before.filter((name) => after.has(name))
    }
  }

  #reachable(name: string): readonly string[] {
    const running = this.#nodes.filter((node) => node.running !== undefined)
    const isComplete = running.find((node) => node.name === name)?.running?.repository.status()
    if (isComplete?.index.complete !== true) return []
    const peers = running.map((node) => node.name)
    const { origin, network } = this.#rig
    return [
      name,
      ...peers.filter((other) => network.linked(name, other)),
      ...(origin.behaviour === 'healthy' ? [ORIGIN] : []),
    ]
  }

  /** Whether there was an answer. */
  async #ask(): Promise<boolean> {
    const node = this.#nodes[this.#random.below(this.#nodes.length)]
    const question: Question = drawQuestion(this.#random, this.#faults.publisher.paths)
    const status = await node?.ask(question)
    if (status === undefined) return false
    this.#statuses[String(status)] = (this.#statuses[String(status)] ?? 0) + 1
    return true
  }
}
