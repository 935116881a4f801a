import type { RecordStore } from '@jarswarm/ports'
import { textTable } from './table.ts'
import type { Database } from './database.ts'
import { toStorageError } from './storage-error.ts'

const RECORDS = textTable('record')
const NAME = /^[a-z0-9][a-z0-9./-]{0,199}$/

/** Records in the database of the data directory. They do not survive its loss, so nothing irreplaceable goes here. */
export class LevelRecordStore implements RecordStore {
  readonly #database: Database

  constructor(components: { readonly database: Database }) {
    this.#database = components.database
  }

  async get(name: string): Promise<unknown> {
    const text = await this.#database.get(RECORDS, checkName(name))
    return text === undefined ? undefined : parse(name, text)
  }

  async set(name: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new TypeError(`Cannot store record ${name}: it has no JSON form`)
    await this.#database.write([{ table: RECORDS, key: checkName(name), value: text }], {
      sync: true,
    })
  }

  async delete(name: string): Promise<void> {
    await this.#database.write([{ table: RECORDS, key: checkName(name), value: undefined }], {
      sync: true,
    })
  }

  async *list(prefix: string): AsyncIterable<readonly [name: string, value: unknown]> {
    const range = { gte: prefix, lt: `${prefix}\x7f` }
    for await (const [name, text] of this.#database.entries(RECORDS, range)) {
      yield [name, parse(name, text)]
    }
  }
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw toStorageError(error, `read record ${name}`)
  }
}

function checkName(name: string): string {
  if (!NAME.test(name)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(name)} as a record's name: wanted ${String(NAME)}`,
    )
  }
  return name
}
