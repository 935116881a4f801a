import type { RepositoryPath } from '@jarswarm/maven'
import { MAX_SERVED_PATHS } from '@jarswarm/ports'
import type { ServedLog, ServedTimes } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { textTable } from './table.ts'
import type { Database, TableChange } from './database.ts'
import type { Table } from './table.ts'
import { MAX_NOTED_PATHS } from './limits.ts'
import { Mutex } from './mutex.ts'

/** Share of what is remembered that goes at once, so that a full log is not gone through each time: a tenth. */
const DROP_PARTS = 10

/** What went to clients, in Level: `first last` in milliseconds by path. */
export class LevelServedLog implements ServedLog {
  readonly #database: Database
  readonly #table: Table<string>
  readonly #turns = new Mutex()
  readonly #maxPaths: number
  #noted = new Map<RepositoryPath, ServedTimes>()
  /** Paths that are written; undefined until they were counted. */
  #count: number | undefined

  constructor(
    components: { readonly database: Database },
    init: { readonly repository: RepositoryId; readonly maxPaths?: number },
  ) {
    this.#database = components.database
    this.#table = textTable('served', init.repository)
    this.#maxPaths = init.maxPaths ?? MAX_SERVED_PATHS
  }

  note(path: RepositoryPath, nowMs: number): void {
    const known = this.#noted.get(path)
    if (known === undefined && this.#noted.size >= MAX_NOTED_PATHS) return
    this.#noted.set(path, { firstMs: known?.firstMs ?? nowMs, lastMs: nowMs })
  }

  async find(path: RepositoryPath): Promise<ServedTimes | undefined> {
    const noted = this.#noted.get(path)
    const written = await this.#read(path)
    if (noted === undefined || written === undefined) return noted ?? written
    return { firstMs: written.firstMs, lastMs: noted.lastMs }
  }

  flush(): Promise<void> {
    return this.#turns.run(() => this.#flush())
  }

  async #flush(): Promise<void> {
    if (this.#noted.size === 0) return
    const noted = this.#noted
    this.#noted = new Map()
    const changes: TableChange[] = []
    let added = 0
    for (const [path, { firstMs, lastMs }] of noted) {
      const written = await this.#read(path)
      if (written === undefined) added += 1
      changes.push(this.#change(path, { firstMs: written?.firstMs ?? firstMs, lastMs }))
    }
    this.#count ??= (await this.#times()).length
    await this.#database.write(changes, { sync: false })
    this.#count += added
    if (this.#count > this.#maxPaths) await this.#dropOldest()
  }

  async #dropOldest(): Promise<void> {
    const times = await this.#times()
    times.sort(([, a], [, b]) => a - b)
    const kept = Math.floor(this.#maxPaths - this.#maxPaths / DROP_PARTS)
    const dropped = times.slice(0, Math.max(0, times.length - kept))
    await this.#database.write(
      dropped.map(([key]) => ({ table: this.#table, key, value: undefined })),
      { sync: false },
    )
    this.#count = times.length - dropped.length
  }

  async #times(): Promise<[path: string, lastMs: number][]> {
    const times: [path: string, lastMs: number][] = []
    for await (const [path, text] of this.#database.entries(this.#table, {})) {
      times.push([path, parse(text)?.lastMs ?? 0])
    }
    return times
  }

  async #read(path: RepositoryPath): Promise<ServedTimes | undefined> {
    const text = await this.#database.get(this.#table, path)
    return text === undefined ? undefined : parse(text)
  }

  #change(key: RepositoryPath, { firstMs, lastMs }: ServedTimes): TableChange {
    return { table: this.#table, key, value: `${String(firstMs)} ${String(lastMs)}` }
  }
}

function parse(text: string): ServedTimes | undefined {
  const [, firstMs, lastMs] = /^(\d{1,15}) (\d{1,15})$/.exec(text) ?? []
  return firstMs === undefined ? undefined : { firstMs: Number(firstMs), lastMs: Number(lastMs) }
}
