import { join } from 'node:path'
import { sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { DigestMismatchError } from '@jarswarm/ports'
import type { AbortOptions, EntryChange, IndexPart, IndexStore, NamedObject } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { checkDigest } from './blob-files.ts'
import type { Database, TableChange } from './database.ts'
import type { AnyTable } from './table.ts'
import { formatEntryLine, parseEntryLine } from './entry-line.ts'
import { IndexLoad } from './index-load.ts'
import type { IndexLoadComponents } from './index-load.ts'
import { growProject, IndexTables } from './index-tables.ts'
import { Mutex } from './mutex.ts'

const ROOT_KEY = 'root'

/** Paths are visible ASCII, so that this sorts after whatever may follow a prefix. */
const AFTER_ALL = '\x7f'

/** The character after the slash: the end of everything below a folder. */
const AFTER_SLASH = '0'

/** The index of one repository in Level; `docs/design.md`, section "On disk", has the keys. */
export class LevelIndexStore implements IndexStore {
  readonly #database: Database
  readonly #tables: IndexTables
  readonly #components: IndexLoadComponents
  readonly #temporary: string
  readonly #changes = new Mutex()

  /** @param init.root of the data directory */
  constructor(
    components: IndexLoadComponents,
    init: { readonly repository: RepositoryId; readonly root: string },
  ) {
    checkDigest(init.repository)
    this.#components = components
    this.#database = components.database
    this.#tables = new IndexTables(init.repository)
    this.#temporary = join(init.root, 'tmp', `index-${init.repository}`)
  }

  async getObject(digest: Digest): Promise<Uint8Array | undefined> {
    const bytes = await this.#database.get(this.#tables.objects, digest)
    // Level gives a Buffer, whose `slice` is a view and not a copy.
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  async putObjects(objects: readonly NamedObject[]): Promise<void> {
    for (const { digest, bytes } of objects) {
      const actual = sha256(bytes)
      if (actual !== digest) {
        throw new DigestMismatchError(`object ${digest}`, { expected: digest, actual })
      }
    }
    const changes = objects.map(({ digest, bytes }) => ({
      table: this.#tables.objects,
      key: digest,
      value: bytes,
    }))
    // Not synced: the log keeps the order of writes, so that the synced root never outlives its objects.
    await this.#database.write(changes, { sync: false })
  }

  async deleteObjects(digests: readonly Digest[]): Promise<void> {
    const changes = digests.map((key) => ({ table: this.#tables.objects, key, value: undefined }))
    await this.#database.write(changes, { sync: false })
  }

  applyChanges(changes: readonly EntryChange[], root?: Digest): Promise<void> {
    return this.#changes.run(async () => {
      const last = new Map(changes.map((change) => [change.path, change]))
      const writes: TableChange[] = [...last.values()].map(({ path, after }) => ({
        table: this.#tables.paths,
        key: path,
        value: after && formatEntryLine(after),
      }))
      writes.push(...(await this.#projectChanges([...last.values()])))
      if (changes.length > 0 || root !== undefined) {
        writes.push({ table: this.#tables.state, key: ROOT_KEY, value: root })
      }
      await this.#database.write(writes, { sync: true })
    })
  }

  load(parts: AsyncIterable<IndexPart>, options: AbortOptions = {}): Promise<void> {
    return this.#changes.run(async () => {
      await this.#clear(this.#byPath())
      const init = { tables: this.#tables, temporary: this.#temporary }
      await new IndexLoad(this.#components, init).run(parts, options)
    })
  }

  clearEntries(): Promise<void> {
    return this.#changes.run(() => this.#clear(this.#byPath()))
  }

  completeRoot(): Promise<Digest | undefined> {
    return this.#database.get(this.#tables.state, ROOT_KEY)
  }

  async *listEntries(
    prefix: string,
    options: AbortOptions & { readonly after?: string } = {},
  ): AsyncIterable<IndexEntry> {
    const { after, signal } = options
    const from = after === undefined || after < prefix ? { gte: prefix } : { gt: after }
    const range = { ...from, lt: prefix + AFTER_ALL }
    for await (const [path, line] of this.#database.entries(this.#tables.paths, range)) {
      signal?.throwIfAborted()
      yield parseEntryLine(path, line)
    }
  }

  /** Leaps over what is below each folder, so that it costs the names and not the descendants. */
  async *listDirectory(directory: string, options: AbortOptions = {}): AsyncIterable<string> {
    const prefix = directory === '' ? '' : `${directory}/`
    const cursor = this.#database.cursor(this.#tables.paths, {
      gte: prefix,
      lt: prefix + AFTER_ALL,
    })
    try {
      for (;;) {
        options.signal?.throwIfAborted()
        const path = await cursor.next()
        if (path === undefined) return
        const slash = path.indexOf('/', prefix.length)
        if (slash === -1) yield path.slice(prefix.length)
        else {
          yield path.slice(prefix.length, slash + 1)
          cursor.seek(path.slice(0, slash) + AFTER_SLASH)
        }
      }
    } finally {
      await cursor.close()
    }
  }

  async hasProject(project: string): Promise<boolean> {
    return (await this.#database.get(this.#tables.projects, project)) !== undefined
  }

  projectOfKey(keyHex: string): Promise<string | undefined> {
    return this.#database.get(this.#tables.projectKeys, keyHex)
  }

  clear(): Promise<void> {
    return this.#changes.run(() => this.#clear([...this.#byPath(), this.#tables.objects]))
  }

  async #clear(tables: readonly AnyTable[]): Promise<void> {
    // First the root, durably: a clearing that a crash cuts short must not look complete.
    const noRoot = { table: this.#tables.state, key: ROOT_KEY, value: undefined }
    await this.#database.write([noRoot], { sync: true })
    for (const table of tables) await this.#database.clear(table)
  }

  /**
   * New counts of the projects whose number of paths changes. What is stored decides whether a path comes
   * or goes, not the change's `before`, so that a change applied twice counts once.
   */
  async #projectChanges(changes: readonly EntryChange[]): Promise<TableChange[]> {
    const stored = await this.#database.getMany(
      this.#tables.paths,
      changes.map(({ path }) => path),
    )
    const grown = new Map<string, number>()
    for (const [at, { path, after }] of changes.entries()) {
      const growth = Number(after !== undefined) - Number(stored[at] !== undefined)
      if (growth !== 0) growProject(grown, path, growth)
    }
    return await this.#tables.countProjects(this.#database, grown)
  }

  #byPath(): readonly AnyTable[] {
    const { paths, projects, projectKeys } = this.#tables
    return [paths, projects, projectKeys]
  }
}
