import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { waitFor } from '../_wait-for.ts'
import { deploy } from './_deployed.ts'
import type { Places } from './_places.ts'
import { ViolationError } from './_violation-error.ts'

const SCRIPT = fileURLToPath(new URL('_endless-publisher.ts', import.meta.url))
/** Publishes between two rotations of the online keys. */
const ROTATE_EVERY = 3

export interface PublisherProcessInit {
  readonly places: Pick<Places, 'state' | 'tree'>
  /** Releases that are deployed and published already, from 1 on. */
  readonly versions: number
  /** Variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>
}

/** A publisher in a process of its own, which may be killed and started again. What it says to be done is kept here. */
export class PublisherProcess {
  /** Number of the newest head whose publish has ended, and of the newest root that was put in force. */
  published = 1
  root = 1
  /** How often it said that these are done. */
  readonly done = { publishes: 0, rotations: 0 }
  readonly #init: PublisherProcessInit
  /** Number of the first head that is known to have a release, by its version. */
  readonly #heads: number[]
  #deployed: number
  /** Of what it was asked for and has not done: the release to publish, or a rotation. */
  #underWay: (number | 'rotate')[] = []
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #isKilled = false

  constructor(init: PublisherProcessInit) {
    this.#init = init
    this.#deployed = init.versions
    this.#heads = Array.from({ length: init.versions + 1 }, () => 1)
  }

  /** Releases that are published, from 1 on. */
  get versions(): number {
    return this.#heads.length - 1
  }

  /** Number of the first head that is known to have a release. */
  headOf(version: number): number {
    return this.#heads[version] ?? Number.POSITIVE_INFINITY
  }

  start(): void {
    const { state, tree } = this.#init.places
    const child = spawn(process.execPath, [SCRIPT, state, tree], {
      env: { ...process.env, ...this.#init.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    // What it said before it was killed is read to the end.
    this.#ended = once(child, 'close')
    this.#child = child
    this.#isKilled = false
    this.#underWay = []
    // It may be killed before it reads.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#read(line)
    })
  }

  /** Deploy one more release, and have it published; every third time after a rotation, and whenever that is wanted. */
  async publish({ rotate = false }: { readonly rotate?: boolean } = {}): Promise<void> {
    this.#deployed += 1
    await deploy(this.#init.places.tree, this.#deployed)
    if (rotate || this.#deployed % ROTATE_EVERY === 0) this.#ask('rotate')
    this.#ask(this.#deployed)
  }

  get underWay(): 'publishing' | 'rotating' | undefined {
    const [first] = this.#underWay
    if (first === undefined) return undefined
    return first === 'rotate' ? 'rotating' : 'publishing'
  }

  /** Wait until all that was asked for is done. @throws {ViolationError} when it ends instead */
  async idle(): Promise<void> {
    await waitFor('a publish', () => {
      const { exitCode, signalCode } = this.#child ?? {}
      const isGone = (exitCode ?? signalCode ?? undefined) !== undefined
      if (isGone && !this.#isKilled) throw new ViolationError('status', 'the publisher ended')
      return isGone || this.underWay === undefined || undefined
    })
  }

  /** Let it end in peace. */
  async end(): Promise<void> {
    this.#isKilled = true
    this.#child?.stdin?.end()
    await this.#ended
  }

  /** Kill it. Resolves when it is gone, and all that it said was heard. */
  async kill(): Promise<void> {
    this.#isKilled = true
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  #ask(what: number | 'rotate'): void {
    this.#underWay.push(what)
    this.#child?.stdin?.write(what === 'rotate' ? 'rotate\n' : 'publish\n')
  }

  #read(line: string): void {
    const [what, number] = line.split(' ')
    const asked = this.#underWay.shift()
    if (what === 'rotated') {
      this.root = Number(number)
      this.done.rotations += 1
      return
    }
    this.published = Number(number)
    this.done.publishes += 1
    while (this.#heads.length <= Number(asked)) this.#heads.push(this.published)
  }
}
