import assert from 'node:assert/strict'
import { cpSync, globSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { walkIndex } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { Node } from '@jarswarm/node'
import { openDataDirectory } from '@jarswarm/store'
import { get, Testnet } from '../swarm/_testnet.ts'
import { waitFor } from '../_wait-for.ts'
import { deployedJar, formatDeployed } from './_deployed.ts'
import { readContent } from './_rot-content.ts'
import type { Asked, Content } from './_rot-content.ts'

const FIRST_VERSIONS = Array.from({ length: 24 }, (_, at) => at + 1)
/** One more, published when the nodes hold all others, so that two generations of trust differ. */
const LAST_VERSION = 100
const ALL_VERSIONS: readonly number[] = [...FIRST_VERSIONS, LAST_VERSION]

/** A sound data directory of a full mirror, copies of it to damage, and a peer that holds the same. */
export class RotSwarm {
  readonly #net: Testnet
  readonly #holder: Node
  readonly #sound: string
  readonly #work: string
  readonly content: Content
  readonly asked: Asked

  private constructor(
    net: Testnet,
    holder: Node,
    init: { sound: string; work: string; content: Content; asked: Asked },
  ) {
    this.#net = net
    this.#holder = holder
    this.#sound = init.sound
    this.#work = init.work
    this.content = init.content
    this.asked = init.asked
  }

  static async create(test: Pick<TestContext, 'after'>): Promise<RotSwarm> {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-rot-'))
    test.after(() => {
      rmSync(work, { recursive: true })
    })
    const jars = FIRST_VERSIONS.map((version) => [deployedJar(version), jarOf(version)] as const)
    const net = await Testnet.create(test, Object.fromEntries(jars))
    const holder = await net.holder()
    const sound = join(work, 'sound')
    const victim = await net.node({ dataDir: sound, mirror: 'all', origin: true })
    await waitUntilWhole(victim, FIRST_VERSIONS.length)
    net.builder.put(deployedJar(LAST_VERSION), jarOf(LAST_VERSION)).publish({ nowMs: Date.now() })
    for (const node of [holder, victim]) {
      await waitUntilWhole(node, ALL_VERSIONS.length)
    }
    await victim.denials({ add: { what: 'org/example/denied.jar', reason: 'for a test' } })
    await victim.stop()
    const { content, asked } = await readSound(net, sound)
    return new RotSwarm(net, holder, { sound, work, content, asked })
  }

  /** Files of a data directory that hold something, by their names in it. */
  files(): readonly string[] {
    return globSync('**/*', { cwd: this.#sound })
      .filter((name) => {
        const stat = statSync(join(this.#sound, name))
        return stat.isFile() && stat.size > 0
      })
      .sort()
  }

  /** A copy of the sound data directory, in place of the one before. */
  copy(): string {
    const copy = join(this.#work, 'copy')
    rmSync(copy, { recursive: true, force: true })
    cpSync(this.#sound, copy, { recursive: true })
    return copy
  }

  /** Start a node on a damaged directory, do what it says when it refuses, and have it heal from its peer. */
  async heal(dataDir: string, damaged: string): Promise<void> {
    await using node = await this.#start(dataDir, damaged)
    await node.check({ repair: true })
    await waitUntilWhole(node, ALL_VERSIONS.length)
    for (const version of ALL_VERSIONS) {
      const { status, bytes } = await get(node, deployedJar(version))
      assert.equal(status, 200)
      assert.ok(bytes.equals(jarOf(version)))
    }
  }

  async #start(dataDir: string, damaged: string): Promise<Node> {
    const init = { dataDir, mirror: 'all', knows: [this.#holder] } as const
    try {
      return await this.#net.node(init)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      // What the message says: move away, or remove, the file that it names.
      assert.ok(message.includes(damaged), `${damaged}: ${message}`)
      renameSync(join(dataDir, damaged), join(dataDir, '..', 'moved-away'))
      return this.#net.node(init)
    }
  }
}

function jarOf(version: number): Uint8Array {
  return formatDeployed(version)[1]?.bytes ?? new Uint8Array()
}

async function waitUntilWhole(node: Node, blobs: number): Promise<void> {
  await waitFor('all blobs', async () => {
    // A request for what is absent has a node look for a newer head.
    await get(node, 'a/none.jar')
    const { store, repositories } = node.statusNow()
    return (store.blobs >= blobs && repositories[0]?.index.complete === true) || undefined
  })
}

async function readSound(net: Testnet, sound: string): Promise<{ content: Content; asked: Asked }> {
  const { id: repository, state } = net.builder
  const objects: Digest[] = []
  await using directory = await openDataDirectory(sound)
  const index = directory.index(repository)
  const source = (digest: Digest): Promise<Uint8Array | undefined> => {
    objects.push(digest)
    return index.getObject(digest)
  }
  let entries = 0
  for await (const { path } of walkIndex(source, state?.head.index.root ?? '')) {
    entries += Number(path.endsWith('.jar'))
  }
  assert.equal(entries, ALL_VERSIONS.length)
  const asked = { repository, objects }
  return { content: await readContent(directory, asked), asked }
}
