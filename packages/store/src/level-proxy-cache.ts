import { isDigest } from '@jarswarm/manifest'
import { isPath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { CHECKSUM_KINDS } from '@jarswarm/ports'
import type { AbortOptions, ProxyCache, ProxyRecord } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { textTable } from './table.ts'
import type { Database } from './database.ts'
import type { Table } from './table.ts'

/** Records of a proxied repository in Level, one line of JSON by path. */
export class LevelProxyCache implements ProxyCache {
  readonly #database: Database
  readonly #records: Table<string>

  constructor(
    components: { readonly database: Database },
    init: { readonly repository: RepositoryId },
  ) {
    this.#database = components.database
    this.#records = textTable('proxy', init.repository)
  }

  async get(path: RepositoryPath): Promise<ProxyRecord | undefined> {
    const text = await this.#database.get(this.#records, path)
    return text === undefined ? undefined : readRecord(path, text)
  }

  /** Not synced: a record that a power cut takes is fetched again. */
  async put(record: ProxyRecord): Promise<void> {
    const { path, ...rest } = record
    const change = { table: this.#records, key: path, value: JSON.stringify(rest) }
    await this.#database.write([change], { sync: false })
  }

  async delete(paths: readonly RepositoryPath[]): Promise<void> {
    const changes = paths.map((key) => ({ table: this.#records, key, value: undefined }))
    await this.#database.write(changes, { sync: false })
  }

  async *list(prefix: string, options: AbortOptions = {}): AsyncIterable<ProxyRecord> {
    // Paths are visible ASCII, so that this is behind all that begin with the prefix.
    const range = { gte: prefix, lt: `${prefix}\x7f` }
    for await (const [path, text] of this.#database.entries(this.#records, range)) {
      options.signal?.throwIfAborted()
      const record = readRecord(path, text)
      if (record !== undefined) yield record
    }
  }
}

/** @returns undefined for what this program did not write: it is then fetched again */
function readRecord(path: string, text: string): ProxyRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const record = { ...value, path }
    return isRecord(record) ? record : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isRecord(value: Readonly<Record<string, unknown>>): value is ProxyRecord & typeof value {
  const { path, digest, sha1, checksum, checksumHex, etag, pieceList } = value
  const numbers = [value['sizeBytes'], value['mtimeSeconds'], value['fetchedAtMs']]
  return (
    typeof path === 'string' &&
    isPath(path) &&
    isBlobName(digest) &&
    typeof sha1 === 'string' &&
    /^[0-9a-f]{40}$/.test(sha1) &&
    CHECKSUM_KINDS.some((kind) => kind === checksum) &&
    numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    isAbsentOr(isHex, checksumHex) &&
    (etag === undefined || typeof etag === 'string') &&
    isAbsentOr(isBlobName, pieceList)
  )
}

function isBlobName(value: unknown): boolean {
  return typeof value === 'string' && isDigest(value)
}

function isAbsentOr(isRight: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || isRight(value)
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[0-9a-f]{2}){16,64}$/.test(value)
}
