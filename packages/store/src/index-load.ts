import type { AbortOptions, IndexPart } from '@jarswarm/ports'
import type { Database } from './database.ts'
import { formatEntryLine } from './entry-line.ts'
import type { FileSystem } from './file-system.ts'
import { growProject } from './index-tables.ts'
import type { IndexTables } from './index-tables.ts'
import { MAX_PENDING_PROJECTS } from './limits.ts'
import { SortedRecords } from './sorted-records.ts'
import type { AnyTable } from './table.ts'

/** Written at a time; LevelDB makes a table of four of them. */
const BATCH_BYTES = 1024 * 1024

export interface IndexLoadComponents {
  readonly database: Database
  readonly files: FileSystem
}

/**
 * Takes an index that comes whole into tables of which those by path are empty.
 *
 * Digests come in no order, and paths in that of hashes. LevelDB would write each record fifteen times until such an index is
 * sorted: here it is sorted first, and all of one table is written before the next, so that no two of LevelDB's own tables overlap.
 */
export class IndexLoad {
  readonly #components: IndexLoadComponents
  readonly #tables: IndexTables
  readonly #objects: SortedRecords
  readonly #paths: SortedRecords
  readonly #grown = new Map<string, number>()

  /** @param init.temporary where files for what is in the making go; each name begins so */
  constructor(
    components: IndexLoadComponents,
    init: { readonly tables: IndexTables; readonly temporary: string },
  ) {
    this.#components = components
    this.#tables = init.tables
    this.#objects = new SortedRecords(components, { path: `${init.temporary}-objects` })
    this.#paths = new SortedRecords(components, { path: `${init.temporary}-paths` })
  }

  /** As `IndexStore.load`, with nothing left of its files however it ends. */
  async run(parts: AsyncIterable<IndexPart>, options: AbortOptions): Promise<void> {
    try {
      for await (const { object, entries } of parts) {
        options.signal?.throwIfAborted()
        await this.#objects.add({ key: object.digest, value: object.bytes })
        for (const entry of entries) {
          const value = Buffer.from(formatEntryLine(entry), 'latin1')
          await this.#paths.add({ key: entry.path, value })
        }
      }
      await this.#write(this.#tables.objects, this.#objects, options)
      await this.#write(this.#tables.paths, this.#paths, options)
      await this.#writeProjects()
      // Once for all: only now does anybody count on it.
      await this.#components.database.flush()
    } finally {
      try {
        await this.#objects.close()
      } finally {
        await this.#paths.close()
      }
    }
  }

  async #write(table: AnyTable, records: SortedRecords, { signal }: AbortOptions): Promise<void> {
    for await (const batch of records.read(BATCH_BYTES)) {
      signal?.throwIfAborted()
      const changes = batch.map(({ key, value }) => ({ table, key, value }))
      await this.#components.database.write(changes, { sync: false })
      if (table !== this.#tables.paths) continue
      for (const { key } of batch) growProject(this.#grown, key, 1)
      if (this.#grown.size > MAX_PENDING_PROJECTS) await this.#writeProjects()
    }
  }

  async #writeProjects(): Promise<void> {
    const { database } = this.#components
    const changes = await this.#tables.countProjects(database, this.#grown)
    this.#grown.clear()
    await database.write(changes, { sync: false })
  }
}
