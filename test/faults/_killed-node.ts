import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RepositoryId } from '@jarswarm/trust'
import { waitFor } from '../_wait-for.ts'
import type { Acknowledgements } from './_acknowledged.ts'
import { FollowedLog } from './_followed-log.ts'
import { judgeBlobFiles, judgeDirectory } from './_judged-directory.ts'
import { KilledCommand } from './_killed-command.ts'
import { ViolationError } from './_violation-error.ts'

const ACKNOWLEDGING = fileURLToPath(new URL('_acknowledging.ts', import.meta.url))
const MARKER = 'jarswarm.json'
/** What a data directory has only when it has a marker. */
const BESIDE_MARKER = ['db', 'blobs', 'trust', 'joined.json']
/** Within so long a node that was started again uses the newest head, though those that it asks are being killed. */
const MAX_BEHIND_MS = 180_000

export interface KilledNodeInit {
  /** Where its data directory and the logs of what it acknowledged lie. */
  readonly work: string
  readonly name: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly repository: RepositoryId
}

/** A node that is killed and started again on its data directory, or on an empty one, and all that it acknowledged there. */
export class KilledNode {
  readonly command: KilledCommand
  readonly #init: KilledNodeInit
  #log: FollowedLog
  #generation = 0
  /** Number of the newest head that it was seen to use. */
  #seen = 0
  /** Whether its directory was seen with its marker. */
  #wasMarked = false

  constructor(init: KilledNodeInit) {
    this.#init = init
    const { work, name, args, env } = init
    this.command = new KilledCommand(['start', '--data', join(work, name), ...args], {
      ...env,
      NODE_OPTIONS: `--conditions=source --import=${ACKNOWLEDGING}`,
    })
    this.#log = this.#begin()
  }

  get dataDir(): string {
    return join(this.#init.work, this.#init.name)
  }

  get acknowledged(): Acknowledgements {
    return this.#log.acknowledged
  }

  /** Whether it never had a whole index. */
  get isInFirstSync(): boolean {
    return this.acknowledged.index.acknowledged === undefined
  }

  /** Take all away that it had, while it does not run. */
  empty(): void {
    this.#log.close()
    this.#log = this.#begin()
  }

  start(): void {
    this.acknowledged.restarted()
    this.command.start({ ACKNOWLEDGED: this.#logFile })
  }

  /** Wait for what it acknowledges or begins, and be there at once. */
  async until(check: (said: Acknowledgements) => boolean): Promise<void> {
    await this.#log.until(check)
  }

  /** Whether a file of its data directory is there. */
  has(name: string): boolean {
    return existsSync(join(this.dataDir, name))
  }

  /** Which head it uses, 0 for none. @throws {ViolationError} when it used a newer one before */
  async look(): Promise<number> {
    const least = Math.max(this.#seen, this.acknowledged.inUse)
    const answer = await fetch(`${String(this.command.ready?.http)}/-/status`)
    const { repositories } = (await answer.json()) as Status
    const seq = repositories[0]?.head?.seq ?? 0
    if (seq < least) {
      const found = `${this.#init.name} fell from head ${String(least)} to ${String(seq)}`
      throw new ViolationError('rollback', found)
    }
    this.#seen = seq
    return seq
  }

  /** Wait until it uses a head. A request for what is absent has it look for a newer one. @returns milliseconds */
  async untilInUse(seq: number): Promise<number> {
    const begun = performance.now()
    const url = `${String(this.command.ready?.http)}/sample/a/${String(seq)}/none.jar`
    await waitFor(
      `head ${String(seq)} at ${this.#init.name}`,
      async () => {
        if ((await this.look()) >= seq) return true
        await (await fetch(url)).arrayBuffer()
        return undefined
      },
      MAX_BEHIND_MS,
    )
    return performance.now() - begun
  }

  /** Kill it, and read all that it said. */
  async kill(signal?: NodeJS.Signals): Promise<void> {
    await this.command.kill(signal)
    this.#log.read()
    this.#log.forget()
  }

  /** Look at what it left, of which nothing is changed. @throws {ViolationError} for what is not as it acknowledged */
  async judge(): Promise<void> {
    const { work, name, repository } = this.#init
    const files = judgeBlobFiles(this.dataDir, this.acknowledged.stored)
    if (files.lost.size > 0) throw new ViolationError('lost', [...files.lost].join())
    if (files.wrong.size > 0) throw new ViolationError('bytes', [...files.wrong].join())
    if (!this.has(MARKER)) {
      this.#judgeUnbegun()
      return
    }
    this.#wasMarked = true
    const copy = join(work, `${name}.copy`)
    await cp(this.dataDir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') })
    const { lost, wrong, rebuilt, broken } = await judgeDirectory(
      copy,
      { repository },
      this.acknowledged,
    )
    await rm(copy, { recursive: true })
    if (lost + wrong > 0) throw new ViolationError('lost', `${String(lost + wrong)} blobs`)
    if (rebuilt) throw new ViolationError('lost', 'the database was begun anew')
    if (broken.length > 0) throw new ViolationError('rollback', broken.join('; '))
  }

  /** It was killed before it had begun anything, for the marker is what it makes first. */
  #judgeUnbegun(): void {
    const there = BESIDE_MARKER.filter((name) => this.has(name))
    const { stored, trust, step, index } = this.acknowledged
    const said = [trust, step, index].some(({ acknowledged }) => acknowledged !== undefined)
    if (!this.#wasMarked && !said && stored.size === 0 && there.length === 0) return
    throw new ViolationError('lost', `the marker of ${this.#init.name}, beside ${there.join()}`)
  }

  /** Let nothing of it run on. */
  async end(): Promise<void> {
    await this.command.end()
    this.#log.close()
  }

  #begin(): FollowedLog {
    rmSync(this.dataDir, { recursive: true, force: true })
    this.#generation += 1
    this.#seen = 0
    this.#wasMarked = false
    writeFileSync(this.#logFile, '')
    return new FollowedLog(this.#logFile)
  }

  get #logFile(): string {
    return join(this.#init.work, `${this.#init.name}.${String(this.#generation)}.log`)
  }
}

/** As far as it is read here. */
interface Status {
  readonly repositories: readonly { readonly head: { readonly seq: number } | null }[]
}
