import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { percentile } from '../../_percentile.ts'
import { waitFor } from '../../_wait-for.ts'
import { Child } from '../_child.ts'
import { SeededRandom } from '../_random.ts'
import { dhtFigure } from './arrivals.ts'
import type { Arrivals } from './arrivals.ts'
import type { FalseHeads, Target } from './attack.ts'
import { arrivalsBut, figuresOf } from './figures.ts'
import type { Figures } from './figures.ts'
import type { HonestQuestion, HonestState } from './honest-process.ts'
import { HonestSwarm } from './honest-swarm.ts'
import type { HonestNode, Patience } from './honest-swarm.ts'
import type { AttackName, HostileInit, HostileQuestion, HostileReport } from './hostile-process.ts'
import { assertJust } from './justice.ts'

const SCRIPT = new URL('hostile-process.ts', import.meta.url)
export const MIB: number = 2 ** 20
/** Rounds of builds in which attackers do what they have not done yet. */
const MAX_MORE_ROUNDS = 30
const MAX_RESIDENT_BYTES = 512 * MIB
/** Nodes that start, or build, at the same time: one for each processor of the machine that this is shown on. */
const AT_ONCE = 2
/** Put forward by so much, a node has forgiven who let it down, and asks once more whom it caught lying. */
const FORGIVEN_HOURS = 2
/** As `nice`: attackers stand for machines that are not this one. */
const NICENESS = 10
/** One of so many artifacts is large enough to come in pieces from several peers. */
const LARGE_EVERY = 12

export interface HostileRunInit extends Patience {
  readonly seed: number
  /** Honest nodes that hold everything. */
  readonly holders: number
  /** Honest nodes that build. */
  readonly builders: number
  /** Artifacts that each build fetches. */
  readonly artifacts: number
  /** Builds of each node to measure, before the attack and in it. */
  readonly rounds: number
  /** Builds after some hours each, in which somebody may be caught lying again: the third time is a ban. */
  readonly hours: number
  /** Honest nodes that come while the attack is on. */
  readonly newcomers: number
  /** Builds go on until so much of each was done. */
  readonly least: Readonly<Record<string, number>>
  readonly manners: HostileInit['manners']
  readonly attacks: readonly AttackName[]
}

/** What the honest nodes lived through. */
export interface HostileRunReport {
  readonly downloads: number
  /** 99th percentiles in milliseconds: without hostile peers, while they attack, and while they are strangers again. */
  readonly p99Ms: { readonly before: number; readonly during: number; readonly strangers: number }
  readonly deploySeconds: number
  /** Until a sound head, which an attacker pushed and nobody else showed, was on all nodes. */
  readonly toldSeconds: number
  readonly peakResidentBytes: readonly number[]
  readonly lies: number
  readonly bans: number
  readonly figures: Figures
}

/** Let honest nodes build among hostile peers. Throws at the first wrong byte, failed download, lost head, or unjust ban. */
export async function liveAmongHostile(
  test: Pick<TestContext, 'after'>,
  init: HostileRunInit,
): Promise<HostileRunReport> {
  const run = new HostileRun(test, init)
  await run.settle()
  const before = await run.rounds(init.rounds)
  await run.attack()
  const during = [...(await run.rounds(init.rounds))]
  const deploySeconds = await run.deploy()
  const toldSeconds = await run.tell()
  for (let made = 0; made < init.newcomers; made += 1) await run.join()
  const strangers = await run.hours()
  during.push(...(await run.more()))
  const { bans, lies, figures, peakResidentBytes } = await run.end()
  return {
    downloads: run.downloads,
    p99Ms: {
      before: percentile(before, 99),
      during: percentile(during, 99),
      strangers: percentile(strangers, 99),
    },
    deploySeconds,
    toldSeconds,
    peakResidentBytes,
    lies,
    bans,
    figures,
  }
}

class HostileRun {
  downloads = 0
  readonly #test: Pick<TestContext, 'after'>
  readonly #init: HostileRunInit
  readonly #random: SeededRandom
  #swarm: HonestSwarm | undefined
  #heads: FalseHeads | undefined
  readonly #hostile: Child[] = []
  #sets = 0
  #published = 0

  constructor(test: Pick<TestContext, 'after'>, init: HostileRunInit) {
    this.#test = test
    this.#init = init
    this.#random = new SeededRandom(init.seed)
  }

  /** Publish, start the honest nodes, and let each build once, so that all are warm. */
  async settle(): Promise<void> {
    const swarm = await HonestSwarm.create(this.#test, {
      random: this.#random,
      isPatient: this.#init.isPatient,
    })
    this.#swarm = swarm
    const { builder } = swarm
    this.#publishSet()
    const { manifest: old } = builder.publish()
    const twin = builder.fork()
    const { rounds, hours, newcomers, holders, builders } = this.#init
    const builds = 1 + 2 * rounds + newcomers + hours
    for (let made = 1; made < builds; made += 1) this.#publishSet()
    builder.publish()
    const { manifest: forked } = twin.put(pathOf(0, 999), 'another story').publish()
    this.#heads = { old, forked, forged: forgedHead() }
    await atOnce(Array(holders).fill(undefined), () => swarm.addHolder())
    await atOnce(Array(builders).fill(undefined), () => swarm.addBuilder())
    this.#sets = 0
    await this.rounds(1)
  }

  /** Let each node build what it never had. @returns milliseconds of each download */
  async rounds(count: number): Promise<readonly number[]> {
    const tookMs: number[] = []
    for (let round = 0; round < count; round += 1) {
      const paths = await this.#nextSet()
      await atOnce(this.#honest.builders, async (node) => {
        tookMs.push(...(await this.#honest.build(node, paths)))
      })
    }
    this.downloads += tookMs.length
    return tookMs
  }

  /** Let the hostile peers come: those that answer, and those that attack. */
  async attack(): Promise<void> {
    const { manners, attacks, seed } = this.#init
    if (this.#heads === undefined) throw new Error('Cannot attack: nothing is published yet')
    const common = {
      seed,
      repository: this.#honest.builder.id,
      projects: Array.from({ length: this.#init.artifacts }, (_, at) => projectOf(at)),
      targets: this.#honest.all().map(targetOf),
      heads: {
        forged: base64(this.#heads.forged),
        old: base64(this.#heads.old),
        forked: base64(this.#heads.forked),
      },
    }
    const parts: readonly HostileInit[] = [
      { ...common, manners, attacks: [], range: 1, niceness: 0 },
      { ...common, manners: [], attacks, range: 2, niceness: NICENESS },
    ]
    await atOnce(parts, async (part) => {
      const child = Child.start(SCRIPT, part)
      this.#test.after(() => child.kill())
      this.#hostile.push(child)
      await this.#ask(child, { kind: 'begin' })
    })
  }

  /** Publish a new head, which one holder sees at the origin. @returns seconds until the last node had it */
  async deploy(): Promise<number> {
    const beganMs = performance.now()
    this.#honest.builder.put(pathOf(0, 1_000), 'a new version').publish()
    await this.#honest.converged()
    return (performance.now() - beganMs) / 1_000
  }

  /**
   * Let an attacker push a sound head as it pushes false ones, while the origin still shows the one before: so those came, too,
   * and would have been taken but for what they say. @returns seconds until the last node had it
   */
  async tell(): Promise<number> {
    const { builder } = this.#honest
    const beganMs = performance.now()
    this.#honest.holdBack()
    const { manifest } = builder.put(pathOf(0, 1_001), 'told by a stranger').publish()
    const [teller] = this.#hostile
    if (teller === undefined) throw new Error('Cannot tell: nobody attacks yet')
    await waitFor('a node that takes the head', async () => {
      await this.#ask(teller, { kind: 'tell', head: base64(manifest) })
      return (await this.#honest.isKnown()) || undefined
    })
    await this.#honest.converged()
    this.#honest.showNewest()
    return (performance.now() - beganMs) / 1_000
  }

  /** Somebody honest comes while the attack is on, and builds. */
  async join(): Promise<void> {
    const newcomer = await this.#honest.addBuilder()
    for (const child of this.#hostile)
      await this.#ask(child, { kind: 'meet', target: targetOf(newcomer) })
    const tookMs = await this.#honest.build(newcomer, this.#takeSet())
    this.downloads += tookMs.length
  }

  /** Let hours pass and build, until whoever lies each time is banned. */
  async hours(): Promise<readonly number[]> {
    const tookMs: number[] = []
    for (let round = 0; round < this.#init.hours; round += 1) {
      for (const node of this.#honest.all())
        await ask(node, { kind: 'ahead', hours: FORGIVEN_HOURS })
      tookMs.push(...(await this.rounds(1)))
    }
    return tookMs
  }

  /** Build on until each attacker has done what it came for. @returns milliseconds of each download */
  async more(): Promise<readonly number[]> {
    const tookMs: number[] = []
    for (let made = 0; ; made += 1) {
      const missing = await this.#missing()
      if (missing.length === 0) return tookMs
      assert.ok(made < MAX_MORE_ROUNDS, `attackers have not done their work: ${missing.join(', ')}`)
      tookMs.push(...(await this.rounds(1)))
    }
  }

  /** End the attack, and judge what was left of the honest nodes. */
  async end(): Promise<Pick<HostileRunReport, 'bans' | 'lies' | 'figures' | 'peakResidentBytes'>> {
    const reports = await this.#reports('stop')
    const peers = reports.flatMap((report) => report.peers)
    const peakResidentBytes: number[] = []
    let bans = 0
    let lies = 0
    for (const node of this.#honest.all()) {
      const state = await ask(node, { kind: 'state' })
      const head = this.#honest.builder.state?.head
      assert.deepEqual(state.head, head && { seq: head.seq, root: head.index.root })
      const told = new Map(peers.map(({ name, lies: each }) => [name, each[state.peer] ?? 0]))
      assertJust(state, told)
      bans += state.banned.length
      lies += Object.values(state.blamed).reduce((sum, times) => sum + times, 0)
      const bytes = node.child.peakResidentBytes()
      assert.ok(bytes < MAX_RESIDENT_BYTES, `an honest node took ${String(bytes)} bytes`)
      peakResidentBytes.push(bytes)
    }
    const figures = figuresOf(reports, await this.#arrived())
    assert.equal(figures[dhtFigure('PUT_VALUE', 'taken')] ?? 0, 0, 'a value of a stranger is kept')
    return { bans, lies, peakResidentBytes, figures }
  }

  get #honest(): HonestSwarm {
    if (this.#swarm === undefined) throw new Error('Cannot go on: the swarm has not settled')
    return this.#swarm
  }

  async #reports(kind: 'report' | 'stop'): Promise<readonly HostileReport[]> {
    return await Promise.all(this.#hostile.map((child) => this.#ask(child, { kind })))
  }

  /** What came to honest nodes, of others than honest nodes. */
  async #arrived(): Promise<readonly Arrivals[]> {
    const states = await Promise.all(this.#honest.all().map((node) => ask(node, { kind: 'state' })))
    const honest = new Set(states.map(({ peer }) => peer))
    return states.map(({ arrived }) => arrivalsBut(arrived, honest))
  }

  /** What attackers have not done yet. */
  async #missing(): Promise<readonly string[]> {
    const done = figuresOf(await this.#reports('report'), await this.#arrived())
    return Object.entries(this.#init.least)
      .filter(([what, times]) => (done[what] ?? 0) < times)
      .map(([what, times]) => `${what} ${String(done[what] ?? 0)} of ${String(times)}`)
  }

  async #ask(child: Child, question: HostileQuestion): Promise<HostileReport> {
    return await child.ask<HostileReport>(question)
  }

  #publishSet(): void {
    const { builder } = this.#honest
    this.#published += 1
    this.#takeSet().forEach((path, at) => {
      const sizeBytes =
        at % LARGE_EVERY === 0 ? MIB + this.#random.below(MIB) : 1 + this.#random.below(65_536)
      builder.put(path, noise(path, sizeBytes))
    })
  }

  /** Paths of the next build, which are published when they are not yet. */
  async #nextSet(): Promise<readonly string[]> {
    if (this.#sets === this.#published) {
      const set = this.#sets
      this.#publishSet()
      this.#sets = set
      this.#honest.builder.publish()
      await this.#honest.converged()
      await this.#honest.held()
    }
    return this.#takeSet()
  }

  /** The next paths that nobody has asked for. */
  #takeSet(): readonly string[] {
    const set = this.#sets
    this.#sets += 1
    return Array.from({ length: this.#init.artifacts }, (_, project) => pathOf(project, set))
  }
}

/** Do something with each, {@link AT_ONCE} at a time. */
async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Bytes that look random, and follow from a name. */
const noise = (name: string, outputLength: number): Uint8Array =>
  createHash('shake256', { outputLength }).update(name).digest()

const projectOf = (project: number): string => `org/example/p${String(project)}`

const pathOf = (project: number, set: number): string =>
  `${projectOf(project)}/${String(set)}/p${String(project)}-${String(set)}.jar`

const targetOf = ({ started }: HonestNode): Target => ({
  peer: started.peer,
  address: started.listen[0] ?? '',
})

const ask = ({ child }: HonestNode, question: HonestQuestion): Promise<HonestState> =>
  child.ask<HonestState>(question)

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** A head of another repository, whose keys nobody here trusts. */
const forgedHead = (): Uint8Array =>
  new SignedRepositoryBuilder({ nowMs: Date.now() }).put(pathOf(0, 0), 'forged').publish().manifest
