import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'
import { SignedRepositoryBuilder } from '@jarswarm/testkit'
import { waitFor } from '../_wait-for.ts'
import { QUICKENED } from './_donors.ts'
import type { BenchRepository, DonorOrder, DonorReport } from './_donors.ts'
import type { Bench, Row } from './_row.ts'
import { withTemporary } from './_temporary.ts'
import { seededBytes } from './_tree.ts'

const PROCESS = fileURLToPath(new URL('_donor-process.ts', import.meta.url))
const PROCESSES = 5
const DONORS = 50
/** How many leave at once, and how many come. */
const MOVING = 10
/** Copies of everything that the donated space of all would take. */
const ROOM = 6
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
const BOUND_MS = 1_200_000

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

  /** Wait until each file is held so often, and then until nothing moves. */
  async settle(copies: number): Promise<Settled> {
    const start = performance.now()
    await waitFor(
      `${String(copies)} copies of each file`,
      async () => leastOf(await this.#later()) >= copies || undefined,
      BOUND_MS,
    )
    const tookMs = performance.now() - start
    let before = await this.state()
    let quietSince = performance.now()
    await waitFor(
      'rest',
      async () => {
        const now = await this.#later()
        if (now.storedBytes !== before.storedBytes) quietSince = performance.now()
        before = now
        return performance.now() - quietSince > QUIET_MS || undefined
      },
      BOUND_MS,
    )
    return { tookMs, state: before }
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
    if (child === undefined) throw new RangeError(`Cannot reach process ${String(process)}`)
    child.send(order)
    const [report] = (await once(child, 'message')) as [DonorReport]
    return report
  }
}

interface Settled {
  readonly tookMs: number
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

async function measure(donors: Donors, bytes: number): Promise<readonly Row[]> {
  const donatedBytes = Math.ceil((bytes * ROOM) / DONORS)
  const rows: Row[] = []
  const add = (what: string, value: number, rest: Pick<Row, 'unit' | 'target'>): void => {
    rows.push({ bench: 'donate', what, value, ...rest })
  }
  const step = async (name: string, copies: number, begin: () => Promise<void>): Promise<void> => {
    await begin()
    const before = await donors.state()
    const lacking = donors.lackingBytes(before, copies)
    const { tookMs, state } = await donors.settle(copies)
    const moved = state.storedBytes - before.storedBytes
    add(`${name}: least copies of a file`, leastOf(state), { unit: '', target: `${copies}` })
    add(`${name}: time until then`, tookMs / 1_000, { unit: 's' })
    add(`${name}: bytes stored / bytes that had to move`, moved / lacking, {
      unit: '',
      target: 'at most 1.5',
    })
    const received = state.receivedBytes - before.receivedBytes
    add(`${name}: bytes received from peers`, received / 1e6, { unit: 'MB' })
  }
  const wanted = Math.floor(0.9 * ROOM)
  await step(`${String(DONORS)} donors fill from an origin`, wanted, () =>
    donors.join(DONORS, donatedBytes),
  )
  await donors.tellAll({ kind: 'origin-dies' })
  await step(`the origin dies, ${String(MOVING)} leave at once`, PROMISED, () =>
    donors.tellAll({ kind: 'leave', count: MOVING / PROCESSES }),
  )
  await step(`${String(MOVING)} join`, wanted, () => donors.join(MOVING, donatedBytes))
  return rows
}

export const donate: Bench = {
  name: 'donate',
  about: `space donated by ${String(DONORS)} nodes over loopback, waits shortened ${String(QUICKENED)} times`,
  run: ({ files = FILES }) =>
    withTemporary(async (directory) => {
      const { repository, sizes } = publish(files)
      const file = join(directory, 'repository')
      writeFileSync(file, serialize(repository))
      const donors = new Donors(file, sizes)
      try {
        return await measure(
          donors,
          sizes.reduce((sum, bytes) => sum + bytes, 0),
        )
      } finally {
        await donors.stop()
      }
    }),
}
