import { sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { projectOf } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { DigestMismatchError, providerKey } from '@jarswarm/ports'
import type { AbortOptions, EntryChange, IndexStore, NamedObject } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { checkDigest } from './blob-files.ts'
import { bytesTable, textTable } from './table.ts'
import type { Database, TableChange } from './database.ts'
import type { Table } from './table.ts'
import { formatEntryLine, parseEntryLine } from './entry-line.ts'
import { Mutex } from './mutex.ts'

const ROOT_KEY = 'root'

/** Paths are visible ASCII, so that this sorts after whatever may follow a prefix. */
const AFTER_ALL = '\x7f'

/** The character after the slash: the end of everything below a folder. */
const AFTER_SLASH = '0'

/** The index of one repository in Level; `docs/design.md`, section "On disk", has the keys. */
export class LevelIndexStore implements IndexStore {
  readonly #database: Database
  readonly #repository: RepositoryId
  readonly #objects: Table<Uint8Array>
  readonly #paths: Table<string>
  /** How many paths each project directory has. */
  readonly #projects: Table<string>
  readonly #projectKeys: Table<string>
  readonly #state: Table<string>
  readonly #changes = new Mutex()

  constructor(
    components: { readonly database: Database },
    init: { readonly repository: RepositoryId },
  ) {
    checkDigest(init.repository)
    this.#database = components.database
    this.#repository = init.repository
    this.#objects = bytesTable('index', init.repository, 'object')
    this.#paths = textTable('index', init.repository, 'path')
    this.#projects = textTable('index', init.repository, 'project')
    this.#projectKeys = textTable('index', init.repository, 'key')
    this.#state = textTable('index', init.repository, 'state')
  }

  async getObject(digest: Digest): Promise<Uint8Array | undefined> {
    const bytes = await this.#database.get(this.#objects, digest)
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
      table: this.#objects,
      key: digest,
      value: bytes,
    }))
    // Not synced: the log keeps the order of writes, so that the synced root never outlives its objects.
    await this.#database.write(changes, { sync: false })
  }

  async deleteObjects(digests: readonly Digest[]): Promise<void> {
    const changes = digests.map((key) => ({ table: this.#objects, key, value: undefined }))
    await this.#database.write(changes, { sync: false })
  }

  applyChanges(changes: readonly EntryChange[], root?: Digest): Promise<void> {
    return this.#changes.run(async () => {
      const last = new Map(changes.map((change) => [change.path, change]))
      const writes: TableChange[] = [...last.values()].map(({ path, after }) => ({
        table: this.#paths,
        key: path,
        value: after && formatEntryLine(after),
      }))
      writes.push(...(await this.#projectChanges([...last.values()])))
      if (changes.length > 0 || root !== undefined) {
        writes.push({ table: this.#state, key: ROOT_KEY, value: root })
      }
      await this.#database.write(writes, { sync: true })
    })
  }

  completeRoot(): Promise<Digest | undefined> {
    return this.#database.get(this.#state, ROOT_KEY)
  }

  async *listEntries(
    prefix: string,
    options: AbortOptions & { readonly after?: string } = {},
  ): AsyncIterable<IndexEntry> {
    const { after, signal } = options
    const from = after === undefined || after < prefix ? { gte: prefix } : { gt: after }
    const range = { ...from, lt: prefix + AFTER_ALL }
    for await (const [path, line] of this.#database.entries(this.#paths, range)) {
      signal?.throwIfAborted()
      yield parseEntryLine(path, line)
    }
  }

  /** Leaps over what is below each folder, so that it costs the names and not the descendants. */
  async *listDirectory(directory: string, options: AbortOptions = {}): AsyncIterable<string> {
    const prefix = directory === '' ? '' : `${directory}/`
    const cursor = this.#database.cursor(this.#paths, { gte: prefix, lt: prefix + AFTER_ALL })
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
    return (await this.#database.get(this.#projects, project)) !== undefined
  }

  projectOfKey(keyHex: string): Promise<string | undefined> {
    return this.#database.get(this.#projectKeys, keyHex)
  }

  clear(): Promise<void> {
    return this.#changes.run(async () => {
      // First the root, durably: a clearing that a crash cuts short must not look complete.
      const noRoot = { table: this.#state, key: ROOT_KEY, value: undefined }
      await this.#database.write([noRoot], { sync: true })
      for (const table of [this.#paths, this.#projects, this.#projectKeys, this.#objects]) {
        await this.#database.clear(table)
      }
    })
  }

  /**
   * New counts of the projects whose number of paths changes. What is stored decides whether a path comes
   * or goes, not the change's `before`, so that a change applied twice counts once.
   */
  async #projectChanges(changes: readonly EntryChange[]): Promise<TableChange[]> {
    const stored = await this.#database.getMany(
      this.#paths,
      changes.map(({ path }) => path),
    )
    const grown = new Map<string, number>()
    for (const [at, { path, after }] of changes.entries()) {
      const growth = Number(after !== undefined) - Number(stored[at] !== undefined)
      if (growth === 0) continue
      // Each path here was a `RepositoryPath` when its entry was made.
      const project = projectOf(path as RepositoryPath)
      grown.set(project, (grown.get(project) ?? 0) + growth)
    }
    const counts = await this.#database.getMany(this.#projects, [...grown.keys()])
    return [...grown].flatMap(([project, growth], at) =>
      this.#projectChange(project, {
        before: Number(counts[at] ?? 0),
        after: Number(counts[at] ?? 0) + growth,
      }),
    )
  }

  #projectChange(
    project: string,
    count: { readonly before: number; readonly after: number },
  ): TableChange[] {
    const isThere = count.after > 0
    const changed: TableChange[] = [
      { table: this.#projects, key: project, value: isThere ? String(count.after) : undefined },
    ]
    if (count.before > 0 !== isThere) {
      const key = providerKey({ repository: this.#repository, project })
      changed.push({ table: this.#projectKeys, key, value: isThere ? project : undefined })
    }
    return changed
  }
}
