import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveTree } from '../clients/_serve-tree.ts'
import type { ServedTree } from '../clients/_serve-tree.ts'
import { commandOf } from '../_jarswarm.ts'
import { publishOutside } from './_disk-scenarios.ts'
import type { DiskScenario, Outside } from './_disk-scenarios.ts'
import { kindOf, runFailing } from './_failing-calls.ts'
import type { CallFault, DiskCall, TracedCommand } from './_failing-calls.ts'
import { placesOn } from './_places.ts'
import type { Places } from './_places.ts'
import { shell } from './_shell.ts'
import { SmallDisk } from './_small-disk.ts'
import { usedInTrace } from './_system-calls.ts'
import type { SystemCall } from './_system-calls.ts'
import { ViolationError } from './_violation-error.ts'
import { siteOf } from './_write-sites.ts'
import type { StruckSites, WriteSite } from './_write-sites.ts'

const DISK_MIB = 32
/** What a tmpfs gives a file at least. */
const PAGE_BYTES = 4096
/** What a command says of an error of the disk. */
const CAUSES = {
  EIO: /EIO|i\/o error|input\/output error/i,
  ENOSPC: /ENOSPC|no space left|disk is full/i,
}
/** A name that is another one in the next run. */
const DRAWN = /\.[0-9a-f-]{36}/
/** Says what to do. */
const CURE = /wanted/

/** One fault: calls of a kind fail that concern a file, or the so-manieth of a kind; or so many pages are free. */
export type DiskTrial =
  | CallTrial
  | { readonly kind: 'nth'; readonly call: DiskCall; readonly at: number }
  | { readonly kind: 'room'; readonly pages: number }

export interface CallTrial {
  readonly kind: 'call'
  readonly call: DiskCall
  readonly path: string
  readonly site: WriteSite
}

/** What came of a trial. */
export interface TrialOutcome {
  /** How many calls failed. */
  readonly struck: number
  /** Whether the command ended with an error. */
  readonly refused: boolean
}

interface DiskTrialsParts {
  readonly scenario: DiskScenario
  readonly disk: SmallDisk
  readonly outside: string
  readonly origin: ServedTree
  readonly repository: Outside
}

/** A command on a disk that lets it do all but one thing; afterwards the same is done again on a disk that works. */
export class DiskTrials implements AsyncDisposable {
  readonly #parts: DiskTrialsParts

  private constructor(parts: DiskTrialsParts) {
    this.#parts = parts
  }

  static async create(scenario: DiskScenario): Promise<DiskTrials> {
    const outside = mkdtempSync(join(tmpdir(), 'jarswarm-trials-'))
    const served = placesOn(join(outside, 'served'))
    for (const name of ['served', 'before']) mkdirSync(join(outside, name))
    const origin = await serveTree(served.tree)
    const repository = await publishOutside(served, `http://127.0.0.1:${String(origin.port)}/`)
    const disk = await SmallDisk.create(DISK_MIB)
    await scenario.prepare(placesOn(join(outside, 'before')), repository)
    return new DiskTrials({ scenario, disk, outside, origin, repository })
  }

  /** Do it without a fault. @returns each call that can fail, by kind and file */
  async calls(): Promise<readonly CallTrial[]> {
    await this.#begin()
    const done = await this.#run({})
    if (done.code !== 0) throw new ViolationError('status', done.stderr)
    const names = new Map(
      done.calls.flatMap(({ path, to }) => (to === undefined ? [] : [[path, to]])),
    )
    const found = new Map<string, CallTrial>()
    for (const call of done.calls) {
      const trial = this.#trialOf(call, names)
      if (trial === undefined) continue
      // What is opened is mostly read: of each purpose one file is enough.
      const { call: kind, path, site } = trial
      found.set(`${kind} ${kind === 'open' ? site : path}`, trial)
    }
    return [...found.values()]
  }

  /** Let it fail, and do it again. @param sites told of what was struck. @throws {ViolationError} */
  async try(trial: DiskTrial, sites: StruckSites): Promise<TrialOutcome> {
    await this.#begin()
    if (trial.kind === 'room') this.#parts.disk.fill(trial.pages * PAGE_BYTES)
    const first = await this.#run(faultOf(trial))
    const struck = first.calls.filter(({ error }) => error === 'EIO' || error === 'ENOSPC')
    if (struck.length === 0) return { struck: 0, refused: false }
    sites.add(first.calls, trial.kind === 'call' ? () => trial.site : undefined)
    try {
      await this.#judge(trial, first)
    } catch (cause) {
      const what = `${this.#parts.scenario.name} ${JSON.stringify(trial)}`
      const said = cause instanceof Error ? cause.message : String(cause)
      throw new ViolationError('status', `${what}: ${said}\n${first.stderr}`)
    }
    return { struck: struck.length, refused: first.code !== 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { origin, disk, outside } = this.#parts
    await origin.stop()
    disk.empty()
    await disk.remove()
    rmSync(outside, { recursive: true })
  }

  get #places(): Places {
    return placesOn(join(this.#parts.disk.path, 'work'))
  }

  /** As it was before. */
  async #begin(): Promise<void> {
    const { disk, outside } = this.#parts
    const work = join(disk.path, 'work')
    rmSync(work, { recursive: true, force: true })
    await shell('cp', '-a', join(outside, 'before'), work)
  }

  #run(fault: CallFault): Promise<TracedCommand> {
    const { scenario, repository } = this.#parts
    return runFailing(commandOf(scenario.args(this.#places, repository), { built: true }), fault)
  }

  async #judge(trial: DiskTrial, first: TracedCommand): Promise<void> {
    const { scenario, disk } = this.#parts
    if (first.code !== 0) this.#checkRefusal(trial, first)
    const wasDone = await scenario.isDone(this.#places)
    if (first.code === 0 && !wasDone) throw new Error('it ended well, and did nothing')
    disk.empty()
    const second = await this.#run(trial.kind === 'call' ? { only: [trial.path] } : {})
    await this.#checkDone(second)
    const used = usedInTrace([...first.calls, ...second.calls])
    if (used.length > 0) throw new Error(`used after a failed sync: ${used.join()}`)
    if (trial.kind !== 'call' || trial.site !== 'release' || trial.call !== 'fsync') return
    await scenario.writeAnew?.(this.#places)
    await this.#checkDone(await this.#run({}))
  }

  async #checkDone({ code, stderr }: TracedCommand): Promise<void> {
    if (code !== 0) throw new Error(`it could not be done again, and said: ${stderr}`)
    if (!(await this.#parts.scenario.isDone(this.#places))) {
      throw new Error(`it was done again, and is not done; it said: ${stderr}`)
    }
  }

  #checkRefusal(trial: DiskTrial, { code, stderr }: TracedCommand): void {
    const cause = CAUSES[trial.kind === 'room' ? 'ENOSPC' : 'EIO']
    const saysWhere = stderr.includes(this.#parts.disk.path)
    if (code !== null && cause.test(stderr) && saysWhere && CURE.test(stderr)) return
    throw new Error(`it ended with ${String(code)}, and does not say what, where and what to do`)
  }

  #trialOf(call: SystemCall, names: ReadonlyMap<string, string>): CallTrial | undefined {
    const { path, to } = call
    const kind = kindOf(call)
    // Of a rename strace looks at the first name only.
    const failing = kind === 'link' ? (to ?? path) : path
    const isOurs = failing.startsWith(this.#parts.disk.path) && !DRAWN.test(failing)
    if (kind === undefined || !isOurs) return undefined
    const site = siteOf(to ?? names.get(failing) ?? failing)
    return site === undefined ? undefined : { kind: 'call', call: kind, path: failing, site }
  }
}

function faultOf(trial: DiskTrial): CallFault {
  switch (trial.kind) {
    case 'call':
      return { call: trial.call, only: [trial.path] }
    case 'nth':
      return { call: trial.call, at: trial.at }
    case 'room':
      return {}
  }
}
