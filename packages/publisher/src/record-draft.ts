import { LineWriter } from './line-writer.ts'
import { formatRecordLine, SCAN_RECORD_HEADER } from './scan-record.ts'
import type { RecordedFile, RecordLine } from './scan-record.ts'

/** What differs from the scan record of the state before, on disk, in the form of one file of a record. */
export class RecordDraft implements Disposable {
  readonly #lines: LineWriter

  /** @param path of a file that is not there; whoever owns its directory removes it */
  constructor(path: string) {
    this.#lines = new LineWriter(path, SCAN_RECORD_HEADER)
  }

  get sizeBytes(): number {
    return this.#lines.sizeBytes
  }

  /** The file; none when nothing differs. */
  get files(): readonly string[] {
    return this.#lines.sizeBytes === 0 ? [] : [this.#lines.path]
  }

  /** Take note of one path, after those before it. */
  append(line: RecordLine): void {
    this.#lines.append(formatRecordLine(line))
  }

  /** As `append`, of what is another than it was. */
  compare(before: RecordedFile | undefined, after: RecordedFile | undefined): void {
    const path = (after ?? before)?.entry.path
    if (path !== undefined && !isSame(before, after)) this.append({ path, file: after })
  }

  /** Nothing is appended any more. Idempotent. */
  close(): void {
    this.#lines.close()
  }

  /** Leave nothing open; what was closed stays whole. */
  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]()
  }
}

function isSame(before: RecordedFile | undefined, after: RecordedFile | undefined): boolean {
  return (
    before?.entry === after?.entry &&
    before?.stamp === after?.stamp &&
    before?.refused === after?.refused
  )
}
