import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readText, removeFile, replaceText } from './text-file.ts'

/** What a setup did to a file, so that it can be undone exactly. */
export interface SetupRecord {
  readonly file: string
  /** Copy of what was there before, beside the file; null when there was no file. */
  readonly backup: string | null
  /** SHA-256 of the text before and after. */
  readonly before: string
  readonly after: string
}

/** The records of a data directory, one for each client. */
export class SetupRecords {
  readonly #file: string

  constructor(dataDir: string, client: string) {
    this.#file = join(dataDir, 'setup', `${client}.json`)
  }

  async read(): Promise<readonly SetupRecord[]> {
    const text = await readText(this.#file)
    return text === undefined ? [] : (JSON.parse(text) as readonly SetupRecord[])
  }

  async write(records: readonly SetupRecord[]): Promise<void> {
    if (records.length === 0) await removeFile(this.#file)
    else await replaceText(this.#file, `${JSON.stringify(records, null, 2)}\n`)
  }
}

export function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
