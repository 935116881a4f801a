import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sha256 } from '@jarswarm/manifest'
import { initRepository, publishTree } from '@jarswarm/publisher'
import { openDataDirectory } from '@jarswarm/store'
import { serveTree } from '../clients/_serve-tree.ts'
import { startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { readAcknowledged } from './_acknowledged.ts'
import { ALONE, QUOTA_BYTES } from './_cut-work.ts'
import { deploy, deployedJar, formatDeployed } from './_deployed.ts'
import { journalsOf } from './_failing-calls.ts'
import { OtherRepository } from './_other-repository.ts'
import type { SeededRandom } from './_random.ts'
import { UserChanges } from './_user-changes.ts'
import { ViolationError } from './_violation-error.ts'

/** Requests that are open at the node at a time, where nobody says otherwise. */
const CLIENTS = 6
const PRELOADS = ['_acknowledging.ts', '_without-memory.ts'].map(
  (name) => `--import=${fileURLToPath(new URL(name, import.meta.url))}`,
)

/** How requests were answered. */
export interface Answers {
  /** With the right bytes. */
  served: number
  /** 424, or no answer at all. */
  refused: number
}

export interface BurstOptions {
  /** Requests that are open at a time. @defaultValue {@link CLIENTS} */
  readonly clients?: number
  /** Whether to ask for what was refused until it is served: a machine that is busy may be late with anything. @defaultValue false */
  readonly isPatient?: boolean
}

export interface DiskWorkInit {
  /** Where the node keeps its data. */
  readonly dataDir: string
  readonly random: SeededRandom
  /** Releases that are published from the beginning. */
  readonly versions: number
}

/** A node with clients, on a disk that somebody else lets fail, and an origin that works. */
export class DiskWork implements AsyncDisposable {
  readonly #init: DiskWorkInit
  readonly #outside: string
  readonly #log: string
  readonly #ends: (() => Promise<void> | void)[] = []
  #node: Running | undefined
  #other: OtherRepository | undefined
  #changes: UserChanges | undefined
  /** What the last refusal said. */
  #refusal = ''
  #published = 0
  #versions: number

  private constructor(init: DiskWorkInit) {
    this.#init = init
    this.#versions = init.versions
    this.#outside = mkdtempSync(join(tmpdir(), 'jarswarm-disk-'))
    this.#log = join(this.#outside, 'log')
    this.#ends.push(() => {
      rmSync(this.#outside, { recursive: true })
    })
  }

  /** Publish, and start a node that follows. */
  static async start(init: DiskWorkInit): Promise<DiskWork> {
    const work = new DiskWork(init)
    try {
      await work.#start()
    } catch (error) {
      await work[Symbol.asyncDispose]()
      throw error
    }
    return work
  }

  async #start(): Promise<void> {
    const { tree, state } = this.#places
    mkdirSync(tree)
    writeFileSync(this.#log, '')
    for (let version = 1; version <= this.#versions; version += 1) await deploy(tree, version)
    const origin = await serveTree(tree)
    this.#ends.push(() => origin.stop())
    const url = `http://127.0.0.1:${String(origin.port)}/`
    const { id, link } = await initRepository({ stateDir: state, name: 'sample', origin: url })
    this.#published = (await publishTree({ stateDir: state, treeDir: tree })).seq
    const other = await OtherRepository.create(join(this.#outside, 'other'))
    this.#other = other
    this.#ends.push(() => other[Symbol.asyncDispose]())
    this.#changes = new UserChanges(this.#init.dataDir, other.link)
    const node = await startJarswarm(
      [
        ...['start', '--data', this.#init.dataDir, '--join', link],
        ...['--quota', String(QUOTA_BYTES), ...ALONE],
      ],
      {
        env: {
          NODE_OPTIONS: ['--conditions=source', ...PRELOADS].join(' '),
          ACKNOWLEDGED: this.#log,
          ACKNOWLEDGED_REPOSITORY: id,
        },
      },
    )
    this.#node = node
    this.#ends.push(() => node.stop('SIGKILL'))
  }

  /** Files that the node writes by the call by which it also speaks to its other threads. */
  written(): readonly string[] {
    const lists = ['joined.json.new', 'deny.json.new']
    return [...journalsOf(this.pid), ...lists.map((name) => join(this.#init.dataDir, name))]
  }

  get pid(): number {
    return this.#node?.process.pid ?? 0
  }

  /** Ask for so many releases, drawn at random. */
  async burst(
    requests: number,
    { clients = CLIENTS, isPatient = false }: BurstOptions = {},
  ): Promise<Answers> {
    const answers = { served: 0, refused: 0 }
    let left = requests
    const client = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        const version = 1 + this.#init.random.below(this.#init.versions)
        if (await this.get(version)) answers.served += 1
        else {
          answers.refused += 1
          if (isPatient) await this.#untilServed(version)
        }
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    return answers
  }

  async #untilServed(version: number): Promise<void> {
    try {
      await waitFor(deployedJar(version), async () => (await this.get(version)) || undefined)
    } catch (cause) {
      throw new Error(`It was never served: ${this.#refusal}`, { cause })
    }
  }

  /**
   * @returns whether it was served; anything but the right bytes and 424 is a violation, and so is a dead node. What was
   * published while something failed may still be unknown
   */
  async get(version: number): Promise<boolean> {
    this.#assertUp()
    const path = deployedJar(version)
    let answer: Response
    let bytes: Uint8Array
    try {
      answer = await fetch(`${String(this.#node?.ready.http)}/sample/${path}`)
      bytes = new Uint8Array(await answer.arrayBuffer())
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      this.#assertUp()
      return false
    }
    if (answer.status !== 200) this.#refusal = Buffer.from(bytes).toString()
    if (answer.status === 424) return false
    if (answer.status === 404 && version > this.#init.versions) return false
    if (answer.status !== 200) throw new ViolationError('status', `${path}: ${answer.status}`)
    const wanted = formatDeployed(version)[1]?.bytes ?? new Uint8Array()
    if (sha256(bytes) !== sha256(wanted)) throw new ViolationError('bytes', path)
    return true
  }

  /** Publish one more release, and have the node look for it. */
  async publish(): Promise<void> {
    const { tree, state } = this.#places
    this.#versions += 1
    await deploy(tree, this.#versions)
    this.#published = (await publishTree({ stateDir: state, treeDir: tree })).seq
    await this.get(this.#versions)
  }

  /** Have the user change something. @returns whether it was done */
  async change(): Promise<boolean> {
    this.#assertUp()
    return (await this.#changes?.attempt()) ?? false
  }

  /** Have the keys of the other repository sign one more contradiction, and the node look at it. */
  async contradict(): Promise<void> {
    await this.#other?.contradict()
    try {
      await this.#other?.showTo(String(this.#node?.ready.http))
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      this.#assertUp()
    }
  }

  /** Wait until everything works again: all that is asked for comes, and is stored, and the user can change things. */
  async recovered(): Promise<void> {
    let answers: Answers | undefined
    try {
      await waitFor('what the user changes', async () => (await this.change()) || undefined)
      await waitFor('what a disk that works allows', async () => {
        const before = readFileSync(this.#log, 'utf8').length
        answers = await this.burst(CLIENTS)
        const isStoring = readFileSync(this.#log, 'utf8').slice(before).includes('stored ')
        return (answers.refused === 0 && isStoring) || undefined
      })
    } catch (cause) {
      const refusals = [this.#refusal, this.#changes?.refusal]
      const said = [JSON.stringify(answers), ...refusals, this.#node?.errors()].join('\n')
      throw new Error(`The node did not recover: ${said}`, { cause })
    }
  }

  /** Wait until the newest head is trusted. */
  async upToDate(): Promise<void> {
    await waitFor('the newest head', async () => {
      const isServed = await this.get(this.#versions)
      const { trusted } = readAcknowledged(readFileSync(this.#log, 'utf8'))
      return (isServed && trusted.seq === this.#published) || undefined
    })
  }

  /** Releases that the node has acknowledged, and so must be able to give whatever becomes of the disk. */
  kept(): number[] {
    const { stored } = readAcknowledged(readFileSync(this.#log, 'utf8'))
    const all = Array.from({ length: this.#versions }, (_, at) => at + 1)
    return all.filter((version) => stored.has(sha256(formatDeployed(version)[1]?.bytes ?? EMPTY)))
  }

  /** What is there goes on being served; what is evicted meanwhile comes from the origin, unstored. */
  async assertKeptIsServed(most: number): Promise<void> {
    for (const version of this.kept().slice(0, most)) {
      const what = `${deployedJar(version)} is stored, and was refused`
      if (await this.get(version)) continue
      // It may have made room meanwhile for what was asked for before it.
      if (this.kept().includes(version))
        throw new ViolationError('lost', `${what}: ${this.#refusal}`)
    }
  }

  /** Stop the node in peace, and see that all that it acknowledged is there. @returns how much that is */
  async judge(): Promise<number> {
    this.#assertUp()
    const errors = this.#node?.errors() ?? ''
    if (errors.includes('Lost a blob')) throw new ViolationError('lost', errors)
    await this.#node?.stop()
    this.#changes?.judge()
    const { stored, trusted } = readAcknowledged(readFileSync(this.#log, 'utf8'))
    await using directory = await openDataDirectory(this.#init.dataDir, {
      quotaBytes: QUOTA_BYTES,
    })
    for (const digest of stored) {
      const bytes = await directory.blobs.read(digest)
      if (bytes === undefined) throw new ViolationError('lost', digest)
      if (sha256(bytes) !== digest) throw new ViolationError('bytes', digest)
    }
    for await (const finding of directory.blobs.check()) {
      throw new ViolationError('lost', JSON.stringify(finding))
    }
    if (trusted.seq !== this.#published) throw new ViolationError('rollback', String(trusted.seq))
    return stored.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.reverse()) await end()
  }

  get #places(): { readonly tree: string; readonly state: string } {
    return { tree: join(this.#outside, 'tree'), state: join(this.#outside, 'state') }
  }

  #assertUp(): void {
    const { exitCode, signalCode } = this.#node?.process ?? {}
    if (exitCode === null && signalCode === null) return
    throw new ViolationError('status', `the node ended: ${String(this.#node?.errors())}`)
  }
}

const EMPTY = new Uint8Array()
