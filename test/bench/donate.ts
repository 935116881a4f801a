import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { COUNTED_SHARE } from '../../packages/mirror/src/donate/copies-goal.ts'
import { QUICKENED } from './_donors.ts'
import type { BenchRepository, DonorOrder, DonorReport } from './_donors.ts'
import { note } from './_progress.ts'
import type { Bench, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'
import { seededBytes } from './_tree.ts'

const PROCESS = fileURLToPath(new URL('_donor-process.ts', import.meta.url))
const PROCESSES = 5
const DONORS = 50
/** One of so many leaves, all at once, and as many come. */
const MOVING = 5
/**
 * Copies of everything that the donated space of all would take. Eight copies are the most that are made; with five, ten of
 * fifty that leave at once take all of some file with them in one repository of five.
 */
const ROOM = 9
/** Copies that are promised while so many have left. */
const PROMISED = 4
const FILES = 20_000
/** As a release with sources and signatures has. */
const FILES_PER_DIRECTORY = 8
/** Joins bootstrap from so many nodes that are there already. */
const BOOTSTRAPS = 3
/** Between two looks at all that is held. */
const LOOK_MS = 1_000
/** Without a byte moved for so long nothing more is on its way. */
const QUIET_MS = 20_000
/** Who leaves is missed only when its notice has ended, after 15 to 20 minutes before they are shortened. */
const STILL_MS = 180_000
const NOTE_MS = 10_000

interface State {
  readonly holders: Uint8Array
  readonly addresses: readonly string[]
  readonly storedBytes: number
  readonly receivedBytes: number
  readonly wantedCopies: number
}

/** All donors, in some processes. */
class Donors {
  readonly #processes: readonly ChildProcess[]
  readonly #sizes: readonly number[]

  constructor(file: string, sizes: readonly number[]) {
    this.#sizes = sizes
    this.#processes = Array.from({ length: PROCESSES }, () =>
      fork(PROCESS, [file], { serialization: 'advanced' }),
    )
  }

  async join(count: number, donatedBytes: number): Promise<void> {
    let { addresses } = await this.state()
    for (let n = 0; n < count; n += 1) {
      const bootstrap = Array.from(
        { length: Math.min(BOOTSTRAPS, addresses.length) },
        (_, i) => addresses[(n * 7 + i * 13) % addresses.length] ?? '',
      )
      const order = { kind: 'join', donatedBytes, bootstrap: [...new Set(bootstrap)] } as const
      const report = await this.#order(n % PROCESSES, order)
      addresses = [...new Set([...addresses, ...report.addresses])]
    }
  }

  async tellAll(order: DonorOrder): Promise<void> {
    await Promise.all(this.#processes.map((_, n) => this.#order(n, order)))
  }

  async state(): Promise<State> {
    const reports = await Promise.all(
      this.#processes.map((_, n) => this.#order(n, { kind: 'report' })),
    )
    const sum = (read: (report: DonorReport) => number): number =>
      reports.reduce((total, report) => total + read(report), 0)
    return {
      holders: Uint8Array.from(this.#sizes, (_, place) =>
        sum(({ holders }) => holders[place] ?? 0),
      ),
      addresses: reports.flatMap(({ addresses }) => addresses),
      storedBytes: sum(({ storedBytes }) => storedBytes),
      receivedBytes: sum(({ receivedBytes }) => receivedBytes),
      wantedCopies: Math.max(...reports.map(({ wantedCopies }) => wantedCopies)),
    }
  }

  /** Wait until each file is held so often, and then until nothing moves; or until nothing moves that would bring it there. */
  async settle(copies: number): Promise<Settled> {
    const start = performance.now()
    let [tookMs, movedMs, notedMs]: [number | undefined, number, number] = [undefined, start, start]
    for (let before = await this.state(); ;) {
      const state = await this.#later()
      const nowMs = performance.now()
      if (state.storedBytes !== before.storedBytes) movedMs = nowMs
      before = state
      const least = leastOf(state)
      if (least >= copies) tookMs ??= nowMs - start
      if (nowMs - notedMs > NOTE_MS) {
        const stored = (state.storedBytes / 1e6).toFixed(0)
        note(
          `${String(least)} of ${String(copies)} copies of the rarest file, ${stored} MB stored so far`,
        )
        notedMs = nowMs
      }
      if (nowMs - movedMs > (tookMs === undefined ? STILL_MS : QUIET_MS)) return { tookMs, state }
    }
  }

  lackingBytes({ holders }: State, copies: number): number {
    return this.#sizes.reduce(
      (sum, bytes, place) => sum + Math.max(0, copies - (holders[place] ?? 0)) * bytes,
      0,
    )
  }

  async stop(): Promise<void> {
    const gone = Promise.all(this.#processes.map((one) => once(one, 'exit')))
    for (const one of this.#processes) one.disconnect()
    await gone
  }

  /** Looking costs what it looks at. */
  async #later(): Promise<State> {
    await delay(LOOK_MS)
    return await this.state()
  }

  async #order(process: number, order: DonorOrder): Promise<DonorReport> {
    const child = this.#processes[process]
    if (child?.connected !== true) throw new Error(`Cannot reach process ${String(process)}`)
    const { promise, resolve, reject } = Promise.withResolvers<DonorReport>()
    const gone = (): void => {
      reject(new Error(`Cannot go on: process ${String(process)} ended`))
    }
    child.once('message', resolve).once('exit', gone)
    child.send(order)
    try {
      return await promise
    } finally {
      child.off('exit', gone)
    }
  }
}

interface Settled {
  /** Undefined when it did not come to that. */
  readonly tookMs: number | undefined
  readonly state: State
}

function leastOf({ holders }: State): number {
  return holders.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY)
}

/** A repository of releases with jar, pom, sources and their like. */
function publish(files: number): {
  readonly repository: BenchRepository
  readonly sizes: number[]
} {
  const builder = new SignedRepositoryBuilder()
  for (let n = 0; n < files; n += 1) {
    const directory = `bench/p${String(Math.floor(n / FILES_PER_DIRECTORY))}/1.0`
    const kind = n % FILES_PER_DIRECTORY
    const path = `${directory}/file-${String(kind)}.${kind === 0 ? 'jar' : 'txt'}`
    builder.put(path, seededBytes(path, kind === 0 ? 8_192 : 512))
  }
  builder.publish()
  const paths = [...builder.files.keys()].filter((path) => path.startsWith('bench/'))
  const entries = paths.map((path) => builder.entry(path))
  return {
    repository: {
      id: builder.id,
      files: builder.files,
      digests: entries.map(({ digest }) => digest),
    },
    sizes: entries.map(({ sizeBytes }) => sizeBytes),
  }
}

async function measure(
  donors: Donors,
  { bytes, count }: { readonly bytes: number; readonly count: number },
): Promise<readonly Row[]> {
  const donatedBytes = Math.ceil((bytes * ROOM) / count)
  const moving = count / MOVING
  const rows: Row[] = []
  const add = (what: string, value: number, rest: Pick<Row, 'unit' | 'target'>): void => {
    rows.push({ bench: 'donate', what, value, ...rest })
  }
  const step = async (name: string, aim: number, begin: () => Promise<void>): Promise<void> => {
    note(name)
    await begin()
    const before = await donors.state()
    const { tookMs, state } = await donors.settle(aim)
    const lacking = donors.lackingBytes(before, Math.max(aim, state.wantedCopies))
    const moved = state.storedBytes - before.storedBytes
    const target = `at least ${PROMISED}`
    add(`${name}: least copies of a file at first`, leastOf(before), { unit: '' })
    add(`${name}: least copies of a file in the end`, leastOf(state), { unit: '', target })
    if (tookMs !== undefined)
      add(`${name}: time until each had ${aim}`, tookMs / 1_000, { unit: 's' })
    add(`${name}: bytes stored / bytes that had to move`, moved / lacking, {
      unit: '',
      target: 'at most 1.5',
    })
    const received = state.receivedBytes - before.receivedBytes
    add(`${name}: bytes received from peers`, received / 1e6, { unit: 'MB' })
  }
  const [full, fewer] = [ROOM, ROOM * (1 - 1 / MOVING)].map((room) =>
    Math.floor(COUNTED_SHARE * room),
  )
  await step(`${String(count)} donors fill from an origin`, full ?? 0, () =>
    donors.join(count, donatedBytes),
  )
  await donors.tellAll({ kind: 'origin-dies' })
  await step(`the origin dies, ${String(moving)} leave at once`, fewer ?? 0, () =>
    donors.tellAll({ kind: 'leave', count: moving / PROCESSES }),
  )
  await step(`${String(moving)} join`, full ?? 0, () => donors.join(moving, donatedBytes))
  return rows
}

export const donate: Bench = {
  name: 'donate',
  about: `space donated by ${String(DONORS)} nodes over loopback, waits shortened ${String(QUICKENED)} times (--nodes, --files)`,
  run: ({ files = FILES, nodes = DONORS }) =>
    withTemporary(async (directory) => {
      const multiple = MOVING * PROCESSES
      if (nodes % multiple !== 0)
        throw new RangeError(
          `Cannot measure: found ${nodes} nodes, wanted a multiple of ${multiple}`,
        )
      const { repository, sizes } = publish(files)
      const file = join(directory, 'repository')
      writeFileSync(file, serialize(repository))
      const donors = new Donors(file, sizes)
      try {
        const bytes = sizes.reduce((sum, size) => sum + size, 0)
        return await measure(donors, { bytes, count: nodes })
      } finally {
        await donors.stop()
      }
    }),
}
