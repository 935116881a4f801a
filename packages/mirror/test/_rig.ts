import { parsePath } from '@jarswarm/maven'
import type { ArtifactContent, Resolution, Upstream } from '@jarswarm/ports'
import {
  ManualClock,
  MemoryBlobStore,
  MemoryEvidenceStore,
  MemoryHistoryStore,
  MemoryIndexStore,
  MemoryNetwork,
  MemoryRecordStore,
  MemoryServedLog,
  MemoryTrustStore,
  MemoryUpstream,
  RecordingLogger,
  SignedRepositoryBuilder,
} from '@jarswarm/testkit'
import type { MemorySwarm, PeerManner } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Mirror, MirroredRepository } from '../src/index.ts'
import type { MirroredRepositoryInit, ObservedOrigin } from '../src/index.ts'

/** Turns of the event loop after which nothing moves without time passing. */
const TURNS = 30
/** Step in which time passes while a test waits. */
const STEP_MS = 25
/** Longest wait of a test, in the time of its clock. */
const MAX_WAIT_MS = 120_000

export const JAR = 'org/example/lib/1.0/lib-1.0.jar'
/** A peer that the root names. */
export const BOOTSTRAP =
  '/ip4/192.0.2.1/tcp/4870/p2p/12D3KooWGRUfHvgVRQvcJk8xNHbqUjKcBRt8aFHfbbVL2jx2LMXo'
export const POM = 'org/example/lib/1.0/lib-1.0.pom'
export const METADATA = 'org/example/lib/maven-metadata.xml'
export const BIG = 'org/example/big/1.0/big-1.0.bin'
export const BIG_BYTES = Uint8Array.from({ length: 1_500_000 }, (_, i) => (i * 31 + (i >> 9)) % 256)

export interface Stores {
  readonly blobs: MemoryBlobStore
  readonly index: MemoryIndexStore
  readonly trust: MemoryTrustStore
  readonly history: MemoryHistoryStore
  readonly evidence: MemoryEvidenceStore
  readonly records: MemoryRecordStore
  readonly served: MemoryServedLog
}

export interface Node {
  readonly mirror: Mirror
  readonly repository: MirroredRepository
  readonly swarm: MemorySwarm
  readonly stores: Stores
  readonly logger: RecordingLogger
  readonly stop: () => Promise<void>
}

export interface NodeOptions extends Partial<Omit<MirroredRepositoryInit, 'id' | 'name'>> {
  readonly name?: string
  readonly upstreams?: readonly Upstream[]
  /** Makes the mirrors of the signed list. */
  readonly createMirror?: (url: string) => Upstream | undefined
  /** Opens the repository that an observed head names. */
  readonly openObserved?: (url: string) => ObservedOrigin
  readonly isDenied?: (digest: string) => boolean
  readonly manner?: PeerManner
  readonly stores?: Stores
  readonly roundTripMs?: number
}

/** A published repository, a network in which time stands still, and nodes to put there. */
export class Rig {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly builder = new SignedRepositoryBuilder({ bootstrap: [BOOTSTRAP] })
  readonly origin: MemoryUpstream
  readonly #test: Pick<TestContext, 'after'>

  constructor(test: Pick<TestContext, 'after'>, options: { readonly autoConnect?: boolean } = {}) {
    this.#test = test
    this.network = new MemoryNetwork({ clock: this.clock, slowMs: 5_000, ...options })
    this.builder.put(JAR, 'a jar').put(POM, '<project/>').put(METADATA, '<metadata/>')
    this.builder.put(BIG, BIG_BYTES)
    this.builder.publish()
    this.origin = new MemoryUpstream({ files: this.builder.files })
  }

  stores(): Stores {
    return {
      blobs: new MemoryBlobStore(),
      index: new MemoryIndexStore(this.builder.id),
      trust: new MemoryTrustStore(),
      history: new MemoryHistoryStore(),
      evidence: new MemoryEvidenceStore(),
      records: new MemoryRecordStore(),
      served: new MemoryServedLog(),
    }
  }

  /** Start a node; with the origin as upstream unless told otherwise. */
  async node(options: NodeOptions = {}): Promise<Node> {
    const stores = options.stores ?? this.stores()
    const logger = new RecordingLogger()
    const mirror = new Mirror({ blobs: stores.blobs })
    const { name, manner, roundTripMs, upstreams, ...given } = options
    const { createMirror, openObserved, isDenied, ...init } = given
    const swarm = this.network.createSwarm({
      content: mirror,
      ...(name === undefined ? {} : { name }),
      ...(manner === undefined ? {} : { manner }),
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
    })
    const { clock } = this
    const repository = new MirroredRepository(
      {
        ...stores,
        swarm,
        clock,
        logger,
        upstreams: upstreams ?? [this.origin],
        random: () => 0.5,
        ...(createMirror && { createMirror }),
        ...(openObserved && { openObserved }),
        ...(isDenied && { isDenied }),
      },
      { id: this.builder.id, name: 'sample', ...init },
    )
    await mirror.add(repository)
    await mirror.start()
    await swarm.start()
    const stop = async (): Promise<void> => {
      await swarm.stop()
      await this.wait(mirror.stop())
    }
    this.#test.after(stop)
    return { mirror, repository, swarm, stores, logger, stop }
  }

  /** A node that has the newest index, and every file. */
  async fullNode(options: NodeOptions = {}): Promise<Node> {
    const node = await this.node({ mirrorPolicy: 'all', ...options })
    await this.until(
      () => node.mirror.holdings(this.builder.id).completeToSeq === this.builder.state?.head.seq,
    )
    return node
  }

  /** Wait for a promise, letting time pass only while nothing else moves. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    promise.then(mark, mark)
    await this.until(() => settled)
    return await promise
  }

  /** Let time pass until a condition holds. */
  async until(condition: () => boolean): Promise<void> {
    const end = this.clock.now() + MAX_WAIT_MS
    for (;;) {
      for (let turn = 0; turn < TURNS; turn += 1) {
        if (condition()) return
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      }
      assert.ok(this.clock.now() < end, 'what the test waits for did not come')
      this.clock.advance(STEP_MS)
    }
  }

  async synced(node: Node): Promise<void> {
    await this.until(() => {
      const { head, index } = node.repository.status()
      return index.complete && head?.seq === this.builder.state?.head.seq
    })
  }

  /** Make a node look for the newest head, and sync to it. */
  async refresh(node: Node): Promise<void> {
    this.clock.advance(11_000)
    await this.wait(node.repository.lookForNewerHead({}))
    await this.synced(node)
  }

  async resolve(node: Node, path: string): Promise<Resolution> {
    return await this.wait(node.repository.resolve(parsePath(path), {}))
  }

  /** Open an artifact by its path. */
  async open(node: Node, path: string): Promise<ArtifactContent> {
    return await this.wait(node.repository.open(this.builder.entry(path), {}))
  }

  /** Fetch an artifact whole; asserts that it is what was published. */
  async fetch(node: Node, path: string): Promise<string> {
    const content = await this.open(node, path)
    const bytes = await this.wait(readAll(content))
    content.release()
    assert.deepEqual(bytes, Buffer.from(this.builder.files.get(path) ?? []))
    return content.source
  }
}

export async function readAll(content: ArtifactContent): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const range = { offset: 0, length: content.sizeBytes }
  for await (const chunk of content.read(range, {})) chunks.push(chunk)
  return Buffer.concat(chunks)
}
