import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { initRepository, publishTree } from '@jarswarm/publisher'
import type { RepositoryId } from '@jarswarm/trust'
import { serveTree } from '../clients/_serve-tree.ts'
import type { ServedTree } from '../clients/_serve-tree.ts'
import { waitFor } from '../_wait-for.ts'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import type { CutDisk, RecoveredDisk } from './_cut-disk.ts'
import { deploy, deployedJar, formatDeployed } from './_deployed.ts'
import type { SeededRandom } from './_random.ts'

/** Releases that are there when the work begins: more than the node may keep. */
const DEPLOYED_BEFORE = 400
/** Makes the node evict with nearly each blob that it stores. */
export const QUOTA_BYTES: number = 1024 * 1024
/** Requests that are open at the node at a time. */
const CLIENTS = 6
/** The power goes after 1 to so many answers of a burst of work. */
const MOST_ANSWERS = 80

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** What was said to be durable before the power went. */
export interface Acknowledged {
  readonly repository: RepositoryId
  /** Blobs that must be there: stored, and not about to be removed when the power went. */
  readonly stored: ReadonlySet<Digest>
  /** The newest trusted state: number of its root and of its head, or 0. */
  readonly trusted: { readonly root: number; readonly seq: number }
  /** Number of the newest head whose publish had ended, and of the newest root that was put in force. */
  readonly published: number
  readonly rotated: number
}

/** A cut, and what must have outlived it. */
export interface Cut {
  readonly acknowledged: Acknowledged
  readonly recover: () => Promise<RecoveredDisk>
}

/** What a disk is used for while its power is cut: a node under load, and a publisher that publishes without end. */
export class CutWork implements AsyncDisposable {
  readonly #disk: CutDisk
  readonly #random: SeededRandom
  readonly #log: string
  readonly #synced: boolean
  readonly #ends: (() => unknown)[] = []
  /** Of the jars of versions. */
  readonly #digests = new Map<number, Digest>()
  #node: Running | undefined
  #origin: ServedTree | undefined
  #repository: RepositoryId = ''
  #link = ''
  #published = 0
  #rotated = 1
  #versions = DEPLOYED_BEFORE
  #publisher: ChildProcess | undefined
  #clients: readonly Promise<void>[] = []
  #answers = 0
  #resting = false
  #failure: Error | undefined

  /** @param init.synced whether what programs sync is synced; else they only believe so */
  constructor(disk: CutDisk, init: { readonly random: SeededRandom; readonly synced: boolean }) {
    this.#disk = disk
    this.#random = init.random
    this.#synced = init.synced
    const outside = mkdtempSync(join(tmpdir(), 'jarswarm-acknowledged-'))
    this.#ends.push(() => {
      rmSync(outside, { recursive: true })
    })
    this.#log = join(outside, 'log')
    writeFileSync(this.#log, '')
  }

  /** Publish what is there before. */
  async prepare(): Promise<void> {
    const at = placesOn(this.#disk.path)
    mkdirSync(at.tree)
    for (let version = 1; version <= DEPLOYED_BEFORE; version += 1) await deploy(at.tree, version)
    const origin = await serveTree(at.tree)
    this.#origin = origin
    this.#ends.push(() => origin.stop())
    const url = `http://127.0.0.1:${String(origin.port)}/`
    const { id, link } = await initRepository({ stateDir: at.state, name: 'sample', origin: url })
    this.#repository = id
    this.#published = (await publishTree({ stateDir: at.state, treeDir: at.tree })).seq
    this.#link = link
  }

  /** Start node and publisher. Resolves when the node serves. */
  async start(): Promise<void> {
    const at = placesOn(this.#disk.path)
    this.#startPublisher(at)
    await this.#startNode(at.data, this.#link)
  }

  /** Wait until the node that starts for the first time has begun to write. */
  async begun(): Promise<void> {
    const { data } = placesOn(this.#disk.path)
    const first = FIRST_FILES[this.#random.below(FIRST_FILES.length)] ?? ''
    await waitFor('the data directory', () => existsSync(join(data, first)) || undefined)
  }

  /** Have clients ask and the publisher publish, until the clients had some answers; all of it goes on while this resolves. */
  async burst(): Promise<void> {
    this.#answers = 0
    const wanted = 1 + this.#random.below(MOST_ANSWERS)
    this.#publisher?.stdin?.write('publish\n')
    this.#clients = Array.from({ length: CLIENTS }, () => this.#fetchOnAndOn())
    await waitFor('answers', () => this.#failure ?? (this.#answers >= wanted || undefined))
  }

  /** Let the clients come to an end. */
  async rest(): Promise<void> {
    this.#resting = true
    await Promise.all(this.#clients)
    this.#resting = false
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Number of the newest head whose publish has ended. */
  get published(): number {
    return this.#published
  }

  /** How often the online keys were replaced. */
  get rotated(): number {
    return this.#rotated - 1
  }

  /** Whether the origin is away, as it is while its machine has no power: what goes on here is not the past of the copy. */
  setOriginAway(away: boolean): void {
    this.#origin?.setAway(away)
  }

  /** Cut the power of the disk; the work goes on. */
  async cut(): Promise<Cut> {
    const before = readFileSync(this.#log, 'utf8')
    const [published, rotated] = [this.#published, this.#rotated]
    const recover = await this.#disk.cut()
    const { stored, trusted } = readAcknowledged(before)
    // What was about to be removed at any moment of the cut may be gone.
    const since = readFileSync(this.#log, 'utf8').slice(before.length)
    for (const [, digest = ''] of since.matchAll(/^removing (\w+)$/gm)) stored.delete(digest)
    const repository = this.#repository
    return { acknowledged: { repository, stored, trusted, published, rotated }, recover }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resting = true
    for (const end of this.#ends.reverse()) await end()
  }

  #preloads(...names: readonly string[]): string {
    const all = this.#synced ? names : ['_without-sync.ts', ...names]
    return ['--conditions=source', ...all.map((name) => `--import=${fileOf(name)}`)].join(' ')
  }

  #startPublisher({ state, tree }: Places): void {
    const args = [fileOf('_endless-publisher.ts'), state, tree, String(DEPLOYED_BEFORE + 1)]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, NODE_OPTIONS: this.#preloads() },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#publisher = child
    this.#ends.push(() => killed(child))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, number] = line.split(' ')
      if (what === 'rotated') this.#rotated = Number(number)
      else {
        this.#published = Number(number)
        this.#versions += 1
        this.#look()
      }
    })
  }

  async #startNode(data: string, link: string): Promise<void> {
    const quota = String(QUOTA_BYTES)
    const node = await startJarswarm(
      ['start', '--data', data, '--join', link, '--quota', quota, ...ALONE],
      { env: { NODE_OPTIONS: this.#preloads('_acknowledging.ts'), ACKNOWLEDGED: this.#log } },
    )
    this.#node = node
    this.#ends.push(() => node.stop('SIGKILL'))
  }

  /** A request for what is absent has the node look for a newer head. */
  #look(): void {
    if (this.#node !== undefined) void this.#get(`a/${String(this.#published)}/none.jar`)
  }

  async #fetchOnAndOn(): Promise<void> {
    while (!this.#resting) {
      const version = 1 + this.#random.below(this.#versions)
      const bytes = await this.#get(deployedJar(version))
      this.#answers += 1
      if (bytes !== undefined && sha256(bytes) !== this.#digestOf(version)) {
        this.#failure ??= new Error(`${deployedJar(version)} was served with other bytes`)
      }
    }
  }

  #digestOf(version: number): Digest {
    const known = this.#digests.get(version)
    if (known !== undefined) return known
    const digest = sha256(formatDeployed(version)[1]?.bytes ?? new Uint8Array())
    this.#digests.set(version, digest)
    return digest
  }

  /** @returns undefined when it could not be had, or not to its end: a busy machine makes the origin slow */
  async #get(path: string): Promise<Uint8Array | undefined> {
    try {
      const answer = await fetch(`${String(this.#node?.ready.http)}/sample/${path}`)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      return answer.ok ? bytes : undefined
    } catch (error) {
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}

/** A node that meets nobody. */
export const ALONE: readonly string[] = [
  '--http',
  '127.0.0.1:0',
  '--listen',
  '/ip4/127.0.0.1/tcp/0',
  '--no-mdns',
]

/** What a node makes when it starts for the first time, from the beginning to the end of that. */
const FIRST_FILES = ['jarswarm.json', 'db', 'blobs/00', 'pid', 'joined.json']

/** Where everything lies on the disk, before the cut and after it. */
export interface Places {
  readonly data: string
  readonly state: string
  readonly tree: string
}

export function placesOn(disk: string): Places {
  return { data: join(disk, 'data'), state: join(disk, 'state'), tree: join(disk, 'tree') }
}

export function readAcknowledged(
  log: string,
): Pick<Acknowledged, 'trusted'> & { stored: Set<Digest> } {
  const stored = new Set<Digest>()
  let trusted = { root: 0, seq: 0 }
  // What comes after the last line end is a line that is being written.
  for (const line of log.split('\n').slice(0, -1)) {
    const [what, first = '', second] = line.split(' ')
    if (what === 'trusted') trusted = { root: Number(first), seq: Number(second) }
    else if (what === 'stored') stored.add(first)
    else stored.delete(first)
  }
  return { stored, trusted }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
