import { isDigest } from '@jarswarm/manifest'
import type { Digest, Tile } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { MAX_ACCEPTED_HEADS } from '@jarswarm/ports'
import type { AcceptedHead, AcceptedStep, GoneRelease, HistoryStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { checkDigest } from './blob-files.ts'
import { bytesTable, textTable } from './table.ts'
import type { Database, TableChange } from './database.ts'
import type { Table } from './table.ts'
import { Mutex } from './mutex.ts'

const WIDTH_BYTES = 2
const NUMBER_DIGITS = 16
const LAST_KEY = 'last'
const UNPROVEN_KEY = 'unproven'

export interface LevelHistoryStoreInit {
  readonly repository: RepositoryId
  /** Heads that are remembered. @defaultValue {@link MAX_ACCEPTED_HEADS} */
  readonly maxHeads?: number
}

/** The history of one repository in Level; `docs/design.md`, section "On disk", has the keys. */
export class LevelHistoryStore implements HistoryStore {
  readonly #database: Database
  readonly #tiles: Table<Uint8Array>
  readonly #manifest: Table<Uint8Array>
  readonly #heads: Table<string>
  readonly #gone: Table<string>
  readonly #state: Table<string>
  readonly #maxHeads: number
  readonly #turns = new Mutex()
  #headCount: number | undefined

  constructor(components: { readonly database: Database }, init: LevelHistoryStoreInit) {
    checkDigest(init.repository)
    this.#database = components.database
    this.#maxHeads = init.maxHeads ?? MAX_ACCEPTED_HEADS
    this.#tiles = bytesTable('history', init.repository, 'tile')
    this.#manifest = bytesTable('history', init.repository, 'manifest')
    this.#heads = textTable('history', init.repository, 'head')
    this.#gone = textTable('history', init.repository, 'gone')
    this.#state = textTable('history', init.repository, 'state')
  }

  async readTile(
    tile: Omit<Tile, 'width'>,
  ): Promise<{ width: number; bytes: Uint8Array } | undefined> {
    const value = await this.#database.get(this.#tiles, tileKey(tile))
    if (value === undefined || value.length < WIDTH_BYTES) return undefined
    return {
      width: new DataView(value.buffer, value.byteOffset).getUint16(0),
      bytes: new Uint8Array(
        value.buffer,
        value.byteOffset + WIDTH_BYTES,
        value.length - WIDTH_BYTES,
      ),
    }
  }

  writeTile(tile: Tile, bytes: Uint8Array): Promise<void> {
    return this.#turns.run(async () => {
      if (((await this.readTile(tile))?.width ?? 0) >= tile.width) return
      const value = new Uint8Array(WIDTH_BYTES + bytes.length)
      new DataView(value.buffer).setUint16(0, tile.width)
      value.set(bytes, WIDTH_BYTES)
      // Not synced: what a power cut takes is fetched again.
      await this.#database.write([{ table: this.#tiles, key: tileKey(tile), value }], {
        sync: false,
      })
    })
  }

  async lastStep(): Promise<Omit<AcceptedStep, 'gone'> | undefined> {
    const manifest = await this.#database.get(this.#manifest, LAST_KEY)
    const state = await this.#database.get(this.#state, LAST_KEY)
    if (manifest === undefined || state === undefined) return undefined
    const { head, replayed } = (parseJson(state) ?? {}) as Record<string, unknown>
    if (!isAcceptedHead(head) || typeof replayed !== 'boolean') return undefined
    const unproven = await this.#database.get(this.#manifest, UNPROVEN_KEY)
    return { manifest, head, replayed, unproven }
  }

  accept({ manifest, head, gone, replayed, unproven }: AcceptedStep): Promise<void> {
    return this.#turns.run(async () => {
      const excess = await this.#excessHead(head.seq)
      const changes: TableChange[] = [
        { table: this.#manifest, key: LAST_KEY, value: manifest },
        { table: this.#manifest, key: UNPROVEN_KEY, value: unproven },
        { table: this.#state, key: LAST_KEY, value: JSON.stringify({ head, replayed }) },
        { table: this.#heads, key: numberKey(head.seq), value: JSON.stringify(head) },
        ...gone.map(({ path, digest, sizeBytes, line }) => ({
          table: this.#gone,
          key: path,
          value: `${digest} ${String(sizeBytes)} ${String(line)}`,
        })),
        ...excess.changes,
      ]
      await this.#database.write(changes, { sync: true })
      this.#headCount = excess.count
    })
  }

  async *heads(): AsyncIterable<AcceptedHead> {
    for await (const [, text] of this.#database.entries(this.#heads)) {
      const head = parseJson(text)
      if (isAcceptedHead(head)) yield head
    }
  }

  async gone(path: RepositoryPath): Promise<GoneRelease | undefined> {
    const [digest = '', size, line] = (await this.#database.get(this.#gone, path))?.split(' ') ?? []
    if (!isDigest(digest)) return undefined
    return { path: parsePath(path), digest, sizeBytes: Number(size), line: Number(line) }
  }

  /** How many heads there are with one more, and the oldest to let go of when that is too many. */
  async #excessHead(
    seq: number,
  ): Promise<{ readonly count: number; readonly changes: readonly TableChange[] }> {
    this.#headCount ??= await this.#countHeads()
    const isHere = (await this.#database.get(this.#heads, numberKey(seq))) !== undefined
    const count = this.#headCount + Number(!isHere)
    if (count <= this.#maxHeads) return { count, changes: [] }
    const cursor = this.#database.cursor(this.#heads, {})
    try {
      const key = await cursor.next()
      if (key === undefined) return { count, changes: [] }
      return { count: count - 1, changes: [{ table: this.#heads, key, value: undefined }] }
    } finally {
      await cursor.close()
    }
  }

  async #countHeads(): Promise<number> {
    let count = 0
    const cursor = this.#database.cursor(this.#heads, {})
    try {
      while ((await cursor.next()) !== undefined) count += 1
    } finally {
      await cursor.close()
    }
    return count
  }
}

/** What the disk has damaged counts as not here. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isAcceptedHead(value: unknown): value is AcceptedHead {
  if (typeof value !== 'object' || value === null) return false
  const { seq, issued, size, root } = value as Record<string, unknown>
  const isHash = (hash: unknown): hash is Digest => typeof hash === 'string' && isDigest(hash)
  return (
    Number.isSafeInteger(seq) &&
    typeof issued === 'string' &&
    Number.isSafeInteger(size) &&
    isHash(root)
  )
}

function tileKey({ level, index }: Omit<Tile, 'width'>): string {
  return `${String(level)}/${numberKey(index)}`
}

function numberKey(value: number): string {
  return String(value).padStart(NUMBER_DIGITS, '0')
}
