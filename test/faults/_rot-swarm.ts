import assert from 'node:assert/strict'
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { sha256, walkIndex } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { createNode } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import type { Logger } from '@jarswarm/ports'
import { openDataDirectory } from '@jarswarm/store'
import type { DataDirectory } from '@jarswarm/store'
import { get, Testnet } from '../swarm/_testnet.ts'
import { waitFor } from '../_wait-for.ts'
import { deployedJar, formatDeployed } from './_deployed.ts'
import { readContent } from './_rot-content.ts'
import type { Asked, Content } from './_rot-content.ts'

const FIRST_VERSIONS = Array.from({ length: 24 }, (_, at) => at + 1)
/** One more, published when the nodes hold all others, so that two generations of trust differ. */
const LAST_VERSION = 100
/** What a node keeps against the keys of a repository; it only keeps it. */
const EVIDENCE = Buffer.from('{"kind":"two-stories"}\n'.repeat(20))
const EVIDENCE_KIND = 'two-stories'
/** Damaged files that only their owner can do without. */
const REFUSALS: readonly string[] = ['ERR_CORRUPT_FILE', 'ERR_FOREIGN_DIRECTORY']
const LOOPBACK = { host: '127.0.0.1', port: 0 }
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
    const victim = await net.node({ dataDir: sound, mirror: 'all', origin: true, https: LOOPBACK })
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

  /** Start a node on a directory that meets nobody, so that all that it serves is from there. */
  async startAlone(dataDir: string, logger: Logger): Promise<Node> {
    const node = await createNode({
      ...{ dataDir, logger, version: '0.0.0-test', offline: true },
      ...{ http: LOOPBACK, https: LOOPBACK },
    })
    await node.start()
    return node
  }

  /** Ask for every file. Wrong bytes are a failure, and so is any refusal but 424. @returns how many were refused */
  async getAll(node: Node): Promise<number> {
    let refused = 0
    for (const version of ALL_VERSIONS) {
      const path = deployedJar(version)
      try {
        const { status, bytes } = await get(node, path)
        if (status === 424) refused += 1
        else assert.ok(status === 200 && bytes.equals(jarOf(version)), `${path}: ${String(status)}`)
      } catch (error) {
        // An answer that was cut short: what is wrong showed only in a later piece.
        if (!(error instanceof TypeError)) throw error
        refused += 1
      }
    }
    return refused
  }

  /** Bring evidence that is there already. @returns whether it was not as it had been brought before */
  async bringEvidence(directory: DataDirectory): Promise<boolean> {
    const evidence = directory.evidence(this.asked.repository)
    const [name = ''] = await evidence.list()
    const file = join(directory.path, 'evidence', name)
    const before = readFileSync(file)
    assert.equal(await evidence.add(EVIDENCE_KIND, EVIDENCE), name)
    assert.ok(readFileSync(file).equals(EVIDENCE))
    return !before.equals(EVIDENCE)
  }

  /** Start a node on a damaged directory, do what it says when it refuses, and have it heal from its peer. */
  async heal(dataDir: string, damaged: string): Promise<void> {
    await using node = await this.#start(dataDir, damaged)
    await this.getAll(node)
    await node.check({ repair: true })
    await waitUntilWhole(node, ALL_VERSIONS.length)
    assert.equal(await this.getAll(node), 0)
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

async function readSound(net: Testnet, sound: string): Promise<{ content: Content; asked: Asked }> {
  const { id: repository, state } = net.builder
  const objects: Digest[] = []
  await using directory = await openDataDirectory(sound)
  await directory.evidence(repository).add(EVIDENCE_KIND, EVIDENCE)
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
