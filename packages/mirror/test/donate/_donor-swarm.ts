import { sliceOf } from '@jarswarm/manifest'
import type { TestContext } from 'node:test'
import { BIG, Rig } from '../_rig.ts'
import type { Node, NodeOptions } from '../_rig.ts'

/** Step in which time passes: nothing here is quicker. */
const STEP_MS = 1_000
/** Turns of the event loop in a step. */
const TURNS = 12
const MAX_WAIT_MS = 3 * 3_600_000

export interface DonorNode extends Node {
  /** Bytes that were stored here since the start. */
  readonly storedBytes: () => number
  /** Digests of what is here now. */
  readonly holds: ReadonlySet<string>
}

/** A repository of many small directories, and nodes that donate space to it, in a time that passes at once. */
export class DonorSwarm {
  readonly rig: Rig
  readonly nodes: DonorNode[] = []
  readonly repositoryBytes: number
  readonly #paths: readonly string[]

  constructor(test: Pick<TestContext, 'after'>, directories: number) {
    this.rig = new Rig(test)
    const { builder } = this.rig
    // As large as all others together.
    builder.remove(BIG)
    for (let i = 0; i < directories; i += 1) {
      const directory = `g${i % 7}/a${i}/1.${i}`
      builder.put(`${directory}/a${i}.jar`, `jar ${i} `.repeat(1 + ((i * 37) % 200)))
      builder.put(`${directory}/a${i}.pom`, `<project>${i}</project>`)
    }
    builder.publish()
    this.#paths = [...builder.files.keys()].filter((path) => !path.startsWith('.jarswarm/'))
    this.repositoryBytes = this.#paths.reduce((sum, path) => sum + builder.entry(path).sizeBytes, 0)
  }

  /** Start a donor of so much space, in bytes. */
  async join(name: string, donatedBytes: number, options: NodeOptions = {}): Promise<DonorNode> {
    const stores = options.stores ?? this.rig.stores()
    const holds = new Set<string>()
    let storedBytes = 0
    const entries = this.#paths.map((path) => this.rig.builder.entry(path))
    const sizes = new Map(entries.map(({ digest, sizeBytes }) => [digest, sizeBytes]))
    for await (const { digest } of stores.blobs.list()) holds.add(digest)
    stores.blobs.onChange(({ kind, digest }) => {
      if (kind === 'removed') holds.delete(digest)
      else {
        holds.add(digest)
        storedBytes += sizes.get(digest) ?? 0
      }
    })
    const node = await this.rig.node({ name, donatedBytes: () => donatedBytes, ...options, stores })
    const donor = { ...node, holds, storedBytes: () => storedBytes }
    this.nodes.push(donor)
    return donor
  }

  async leave(...nodes: readonly DonorNode[]): Promise<void> {
    for (const node of nodes) {
      this.nodes.splice(this.nodes.indexOf(node), 1)
      await this.rig.wait(node.stop())
    }
  }

  /** Let time pass until a condition holds. @returns milliseconds that it took */
  async until(condition: () => boolean): Promise<number> {
    const { clock } = this.rig
    const startMs = clock.now()
    while (!condition()) {
      if (clock.now() > startMs + MAX_WAIT_MS)
        throw new Error('what the test waits for did not come')
      await this.#step()
    }
    return clock.now() - startMs
  }

  async pass(durationMs: number): Promise<void> {
    const endMs = this.rig.clock.now() + durationMs
    while (this.rig.clock.now() < endMs) await this.#step()
  }

  /** Nodes that hold the file that fewest hold. */
  least(): number {
    return Math.min(...this.#paths.map((path) => this.holders(path).length))
  }

  holders(path: string): readonly DonorNode[] {
    const { digest } = this.rig.builder.entry(path)
    return this.nodes.filter(({ holds }) => holds.has(digest))
  }

  /** Bytes that must move for each file to be held so often. */
  lackingBytes(copies: number): number {
    return this.#paths.reduce(
      (sum, path) =>
        sum +
        Math.max(0, copies - this.holders(path).length) * this.rig.builder.entry(path).sizeBytes,
      0,
    )
  }

  storedBytes(): number {
    return this.nodes.reduce((sum, node) => sum + node.storedBytes(), 0)
  }

  get paths(): readonly string[] {
    return this.#paths
  }

  /** Paths of the slice of one. */
  sliceMates(path: string): readonly string[] {
    const slice = sliceOf(this.rig.builder.entry(path).path)
    return this.#paths.filter((other) => sliceOf(this.rig.builder.entry(other).path) === slice)
  }

  async #step(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    this.rig.clock.advance(STEP_MS)
  }
}
