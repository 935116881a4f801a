import assert from 'node:assert/strict'
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { sha256, walkIndex } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { Node } from '@jarswarm/node'
import { openDataDirectory } from '@jarswarm/store'
import { get, Testnet } from '../swarm/_testnet.ts'
import { waitFor } from '../_wait-for.ts'
import { deployedJar, formatDeployed } from './_deployed.ts'
import type { Asked } from './_rot-content.ts'
import { EVIDENCE, RotDirectory } from './_rot-directory.ts'
import type { RotProduct } from './_rot-product.ts'

const FIRST_VERSIONS = Array.from({ length: 24 }, (_, at) => at + 1)
/** One more, published when the nodes hold all others, so that two generations of trust differ. */
const LAST_VERSION = 100
/** Damaged files that only their owner can do without. */
const REFUSALS: readonly string[] = ['ERR_CORRUPT_FILE', 'ERR_FOREIGN_DIRECTORY']
const LOOPBACK = { host: '127.0.0.1', port: 0 }
const ALL_VERSIONS: readonly number[] = [...FIRST_VERSIONS, LAST_VERSION]

/** Sound data directories of a full mirror to damage copies of, and a peer that holds the same. */
export class RotSwarm {
  readonly #net: Testnet
  readonly #holder: Node
  /** As a node that was stopped left it. */
  readonly stopped: RotDirectory
  /** As it would have been left by a kill right before that: all that the database got is in its journal. */
  readonly killed: RotDirectory

  private constructor(
    net: Testnet,
    holder: Node,
    directories: { readonly stopped: RotDirectory; readonly killed: RotDirectory },
  ) {
    this.#net = net
    this.#holder = holder
    this.stopped = directories.stopped
    this.killed = directories.killed
  }

  static async create(test: Pick<TestContext, 'after'>, product: RotProduct): Promise<RotSwarm> {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-rot-'))
    test.after(() => {
      rmSync(work, { recursive: true })
    })
    const jars = FIRST_VERSIONS.map((version) => [deployedJar(version), jarOf(version)] as const)
    const net = await Testnet.create(test, Object.fromEntries(jars))
    const holder = await net.holder()
    const stopped = join(work, 'stopped', 'sound')
    const killed = join(work, 'killed', 'sound')
    const victim = await net.node({
      dataDir: stopped,
      mirror: 'all',
      origin: true,
      https: LOOPBACK,
    })
    await waitUntilWhole(victim, FIRST_VERSIONS.length)
    net.builder.put(deployedJar(LAST_VERSION), jarOf(LAST_VERSION)).publish({ nowMs: Date.now() })
    for (const node of [holder, victim]) {
      await waitUntilWhole(node, ALL_VERSIONS.length)
    }
    await victim.denials({ add: { what: 'org/example/denied.jar', reason: 'for a test' } })
    cpSync(stopped, killed, { recursive: true, filter: (path) => !path.endsWith('.sock') })
    await victim.stop()
    const asked = await askedOf(net, stopped)
    cpSync(join(stopped, 'evidence'), join(killed, 'evidence'), { recursive: true })
    return new RotSwarm(net, holder, {
      stopped: await RotDirectory.create(product, stopped, asked),
      killed: await RotDirectory.create(product, killed, asked),
    })
  }

  /** Start a node on a damaged directory, do what it says when it refuses, and have it heal from its peer. */
  async heal(dataDir: string, damaged: string): Promise<void> {
    await using node = await this.#start(dataDir, damaged)
    await getAll(String(node.url))
    await node.check({ repair: true })
    await waitUntilWhole(node, ALL_VERSIONS.length)
    assert.equal(await getAll(String(node.url)), 0)
    assert.deepEqual(rottenBlobs(dataDir), [])
  }

  async #start(dataDir: string, damaged: string): Promise<Node> {
    const init = { dataDir, mirror: 'all', knows: [this.#holder], https: LOOPBACK } as const
    try {
      return await this.#net.node(init)
    } catch (error) {
      if (isMendedNextTime(error)) return this.#net.node(init)
      assertRefusal(error, join(dataDir, damaged))
      doAsTold(dataDir, damaged)
      return this.#net.node(init)
    }
  }
}

/** Ask a node for every file. Wrong bytes are a failure, and so is any refusal but 424. @returns how many were refused */
export async function getAll(url: string): Promise<number> {
  let refused = 0
  for (const version of ALL_VERSIONS) {
    const path = deployedJar(version)
    try {
      const answer = await fetch(`${url}/sample/${path}`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      if (answer.status === 424) refused += 1
      else
        assert.ok(
          answer.status === 200 && bytes.equals(jarOf(version)),
          `${path}: ${String(answer.status)}`,
        )
    } catch (error) {
      // An answer that was cut short: what is wrong showed only in a later piece.
      if (!(error instanceof TypeError)) throw error
      refused += 1
    }
  }
  return refused
}

/** A refusal to begin: with the code of one, and the name of the file, so that whoever reads it can go on. */
export function assertRefusal(error: unknown, file: string): void {
  assert.ok(error instanceof Error && 'code' in error, String(error))
  assert.ok(REFUSALS.includes(String(error.code)), error.stack)
  assert.ok(error.message.includes(file), error.message)
}

/** What the message says: write anew what is always the same; move away, or remove, any other file that it names. */
function doAsTold(dataDir: string, damaged: string): void {
  const file = join(dataDir, damaged)
  if (damaged === 'jarswarm.json')
    writeFileSync(file, '{"purpose":"jarswarm data directory","version":1}')
  else renameSync(file, join(dataDir, '..', 'moved-away'))
}

/** Whether a node that could not start has noted what is damaged, so that the next start does without it. */
export function isMendedNextTime(error: unknown): boolean {
  return error instanceof Error && /; the next start begins it anew$/.test(error.message)
}

/** Digests of the blobs on a disk whose bytes are others. */
export function rottenBlobs(dataDir: string): readonly Digest[] {
  return globSync('blobs/*/*', { cwd: dataDir })
    .filter((name) => sha256(readFileSync(join(dataDir, name))) !== basename(name))
    .map((name) => basename(name))
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

/** Bring evidence to a sound directory. @returns what it may be asked for */
async function askedOf(net: Testnet, sound: string): Promise<Asked> {
  const { id: repository, state } = net.builder
  const objects: Digest[] = []
  await using directory = await openDataDirectory(sound)
  await directory.evidence(repository).add(EVIDENCE.kind, Buffer.from(EVIDENCE.text))
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
  return { repository, objects }
}
