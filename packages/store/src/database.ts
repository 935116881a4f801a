import { damagedFiles, flushJournal } from '@jarswarm/files'
import { StorageFailedError } from '@jarswarm/ports'
import type { AbortOptions } from '@jarswarm/ports'
import { Level } from 'level'
import { StoreClosedError } from './errors.ts'
import { isCorrupt } from './level-error.ts'
import { MAX_OPEN_TABLES } from './limits.ts'
import { Mutex } from './mutex.ts'
import { openValue, sealValue } from './sealed-value.ts'
import { deepestMessage, toStorageError } from './storage-error.ts'
import { decode, nameOf } from './table.ts'
import type { AnyTable, Table } from './table.ts'

/** One put, or a removal when `value` is undefined. */
export interface TableChange {
  readonly table: AnyTable
  readonly key: string
  readonly value: string | Uint8Array | undefined
}

export interface KeyRange {
  readonly gte?: string
  readonly gt?: string
  readonly lt?: string
}

/** Reads the keys of a range in order, and can leap over those that do not interest. */
export interface KeyCursor {
  next(): Promise<string | undefined>
  /** Go on, after the first, with the first key that is not below `key`. */
  seek(key: string): void
  close(): Promise<void>
}

export interface DatabaseComponents {
  readonly openLevel?: (location: string) => Promise<Level>
  /**
   * Rejects while the disk does not take what opening a database takes. Asked before the database is closed and opened again:
   * until then it can be read, and LevelDB lets nobody open it twice.
   */
  readonly probe?: () => Promise<void>
  /** Told of each value that is not as it was written, by its key in LevelDB, each time it is read. Closing waits for it. */
  readonly damaged?: (name: string) => Promise<void>
}

type Section = ReturnType<typeof openSection>

/** What stands under a key, as LevelDB has it; undefined when nothing does. */
interface StoredValue extends Pick<TableChange, 'table' | 'key'> {
  readonly sealed: Uint8Array | undefined
}

/**
 * The Level database of a data directory, by tables.
 *
 * After a failed write LevelDB may refuse all further ones, or append to a log with a torn record in it. So the
 * write after a failed one opens the database anew first, which replays the log and begins a clean one. The log may hold the
 * failed write, too: a failed sync does not say what is there. Whoever was told that it failed acted on that, so it is undone.
 * Writes come one at a time, for what is behind a torn record is lost though LevelDB took it.
 *
 * Each value has a checksum. One that disks spoilt counts as missing, and the owner is told: all that is kept here can be
 * had again, and nothing wrong may be made of it.
 */
export class Database {
  readonly #location: string
  readonly #open: (location: string) => Promise<Level>
  readonly #probe: () => Promise<void>
  readonly #tellDamage: (name: string) => Promise<void>
  readonly #sections = new Map<string, Section>()
  readonly #turns = new Mutex()
  #reopening: Promise<void> | undefined
  #told: Promise<void> | undefined
  #level: Level
  #torn = false
  /** The write that failed, until the database is open again as it was before it. */
  #refused: readonly TableChange[] = []
  #undo: readonly StoredValue[] | undefined
  /** What stood in place of values that were refused, and may be there all the same. */
  #hidden: ReadonlyMap<string, Uint8Array | undefined> | undefined
  #hasFailed = false
  #closed = false

  private constructor(location: string, level: Level, components: DatabaseComponents) {
    this.#location = location
    this.#level = level
    this.#open = components.openLevel ?? openLevel
    this.#probe = components.probe ?? (() => Promise.resolve())
    this.#tellDamage = components.damaged ?? (() => Promise.resolve())
  }

  /** @throws what Level threw; see `isLocked` and `isCorrupt` */
  static async open(location: string, components: DatabaseComponents = {}): Promise<Database> {
    const level = await (components.openLevel ?? openLevel)(location)
    return new Database(location, level, components)
  }

  /** Whether a write failed since the database was opened, so that nobody may call it cleanly closed. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /**
   * Read one value, on this thread: LevelDB has nearly all of them in its cache or the system's, from where they
   * come in microseconds. Handing each to another thread costs ten times as much, and queues behind its fsyncs.
   */
  async get<V extends string | Uint8Array>(table: Table<V>, key: string): Promise<V | undefined> {
    return this.#reading(async () => {
      const section = this.#section(table)
      if (section.status !== 'open') await section.open()
      return this.#unseal(table, key, this.#visible(table, key, section.getSync(key)))
    })
  }

  /** @returns the values in the order of the keys, undefined where there is none */
  async getMany<V extends string | Uint8Array>(
    table: Table<V>,
    keys: readonly string[],
  ): Promise<(V | undefined)[]> {
    if (keys.length === 0) return []
    return this.#reading(async () => {
      const sealed = await this.#section(table).getMany([...keys])
      return keys.map((key, at) => this.#unseal(table, key, this.#visible(table, key, sealed[at])))
    })
  }

  /** Apply all changes or none. With `sync` they survive a power cut once this resolves. */
  async write(changes: readonly TableChange[], options: { readonly sync: boolean }): Promise<void> {
    if (changes.length === 0) return
    await this.#turns.run(() => this.#write(changes, options))
  }

  async #write(
    changes: readonly TableChange[],
    options: { readonly sync: boolean },
  ): Promise<void> {
    await this.#mend()
    this.#check()
    const operations = changes.map(({ table, key, value }) => {
      const sublevel = this.#section(table)
      if (value === undefined) return { type: 'del' as const, sublevel, key }
      return { type: 'put' as const, sublevel, key, value: sealValue(nameOf(table, key), value) }
    })
    try {
      await this.#level.batch(operations, options)
    } catch (error) {
      this.#torn = true
      this.#hasFailed = true
      this.#refused = changes
      throw toStorageError(error, 'write to the database')
    }
  }

  /** Keys and values of a range in order, as they were when the iteration began. */
  async *entries<V extends string | Uint8Array>(
    table: Table<V>,
    range: KeyRange = {},
  ): AsyncGenerator<[string, V], void, undefined> {
    this.#check()
    try {
      const opening = this.#opening()
      if (opening !== undefined) await opening
      this.#refuseHidden()
      for await (const [key, sealed] of this.#section(table).iterator(range)) {
        const value = this.#unseal(table, key, sealed)
        if (value !== undefined) yield [key, value]
      }
    } catch (error) {
      throw this.#failedToRead(error)
    }
  }

  cursor(table: AnyTable, range: KeyRange): KeyCursor {
    this.#check()
    const open = () => this.#section(table).keys(range)
    let keys: ReturnType<typeof open> | undefined
    return {
      // Not before: a database that is closed is opened by whoever reads.
      next: () =>
        this.#reading(() => {
          this.#refuseHidden()
          keys ??= open()
          return keys.next()
        }),
      seek: (key) => {
        keys?.seek(key)
      },
      close: async () => {
        await keys?.close()
      },
    }
  }

  /** Whether anything was read that is not as it was written. */
  get isDamaged(): boolean {
    return this.#told !== undefined
  }

  /** Read everything again. @returns how many files, or else values, are not as they were written, or cannot be read */
  async countDamaged(options: AbortOptions): Promise<number> {
    let damaged = 0
    for await (const name of damagedFiles(this.#location)) {
      options.signal?.throwIfAborted()
      damaged += 1
      this.#told = this.#tellDamage(name)
    }
    // LevelDB may end the process when it reads them.
    if (damaged > 0) return damaged
    await this.#reading(async () => {
      for await (const [name, sealed] of this.#level.iterator<string, Uint8Array>({
        valueEncoding: 'view',
      })) {
        options.signal?.throwIfAborted()
        if (openValue(name, sealed) !== undefined) continue
        damaged += 1
        this.#told = this.#tellDamage(name)
      }
    }).catch((error: unknown) => {
      // What follows a part that cannot be read cannot be found.
      if (!isCorrupt(error)) throw error
      damaged += 1
    })
    return damaged
  }

  /** Write out what was written without sync, so that it survives a power cut once this resolves. */
  async flush(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#mend()
      this.#check()
      try {
        await flushJournal(this.#level)
      } catch (error) {
        throw toStorageError(error, 'write out the database')
      }
    })
  }

  /** Remove all keys of a table. Not atomic: a crash may leave some. */
  async clear(table: AnyTable): Promise<void> {
    await this.#reading(() => this.#section(table).clear())
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#told
    await this.#turns.run(async () => {
      if (!this.#torn && this.#level.status === 'open') await flushJournal(this.#level)
      await this.#level.close()
    })
  }

  /** Open the database anew. While the disk takes no writes it stays as it is, and readable. */
  async #mend(): Promise<void> {
    if (!this.#torn || this.#closed) return
    try {
      await this.#probe()
      // Read while the database that refused the write is open: it does not show it.
      this.#undo ??= await this.#valuesOf(this.#refused)
      this.#reopening = this.#reopen(this.#undo)
      await this.#reopening
    } catch (error) {
      throw toStorageError(error, 'open the database again after a failed write')
    } finally {
      this.#reopening = undefined
    }
  }

  async #reopen(undo: readonly StoredValue[]): Promise<void> {
    this.#sections.clear()
    await this.#level.close()
    this.#level = await this.#open(this.#location)
    // Else what was refused could be read, and be taken for stored, when it cannot be undone yet.
    this.#hidden = new Map(undo.map(({ table, key, sealed }) => [nameOf(table, key), sealed]))
    const operations = undo.map(({ table, key, sealed }) => {
      const sublevel = this.#section(table)
      if (sealed === undefined) return { type: 'del' as const, sublevel, key }
      return { type: 'put' as const, sublevel, key, value: sealed }
    })
    await this.#level.batch(operations, { sync: true })
    this.#undo = undefined
    this.#hidden = undefined
    this.#torn = false
  }

  #valuesOf(changes: readonly TableChange[]): Promise<StoredValue[]> {
    return Promise.all(
      changes.map(async ({ table, key }) => {
        return { table, key, sealed: await this.#section(table).get(key) }
      }),
    )
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    this.#check()
    try {
      const opening = this.#opening()
      if (opening !== undefined) await opening
      return await read()
    } catch (error) {
      this.#check()
      throw this.#failedToRead(error)
    }
  }

  /** One that could not be opened anew is tried again by whoever reads: without reading nobody comes to write. */
  #opening(): Promise<void> | undefined {
    if (this.#reopening !== undefined || this.#level.status !== 'closed') return this.#reopening
    return this.#turns.run(() => this.#mend())
  }

  /** What LevelDB cannot make sense of is damage, too; where it is, is not known. */
  #failedToRead(error: unknown): Error {
    if (!isCorrupt(error)) return toStorageError(error, 'read from the database')
    this.#told = this.#tellDamage('')
    return new StorageFailedError(
      `Cannot read from the database: found it damaged (${deepestMessage(error)}); the next start begins it anew`,
      { cause: error },
    )
  }

  /** The value of a key as it was before a refused write that is not undone yet. */
  #visible(table: AnyTable, key: string, found: Uint8Array | undefined): Uint8Array | undefined {
    const name = nameOf(table, key)
    return this.#hidden?.has(name) === true ? this.#hidden.get(name) : found
  }

  #refuseHidden(): void {
    if (this.#hidden === undefined) return
    throw new StorageFailedError(
      'Cannot list what is in the database: found a failed write that could not be undone yet, wanted a disk that works',
    )
  }

  #unseal<V extends string | Uint8Array>(
    table: Table<V>,
    key: string,
    sealed: Uint8Array | undefined,
  ): V | undefined {
    if (sealed === undefined) return undefined
    const name = nameOf(table, key)
    const bytes = openValue(name, sealed)
    if (bytes === undefined) this.#told = this.#tellDamage(name)
    return bytes && decode(table, bytes)
  }

  #check(): void {
    if (this.#closed) {
      throw new StoreClosedError('Cannot use the data directory: found it closed, wanted it open')
    }
  }

  #section(table: AnyTable): Section {
    const name = table.names.join('/')
    let section = this.#sections.get(name)
    if (section === undefined) {
      section = openSection(this.#level, table)
      this.#sections.set(name, section)
    }
    return section
  }
}

async function openLevel(location: string): Promise<Level> {
  const level = new Level(location, { maxOpenFiles: MAX_OPEN_TABLES })
  await level.open()
  return level
}

function openSection(
  level: Level,
  table: AnyTable,
): ReturnType<typeof level.sublevel<string, Uint8Array>> {
  return level.sublevel<string, Uint8Array>([...table.names], { valueEncoding: 'view' })
}
