import { LineFinder } from './line-finder.ts'
import { recordPaths } from './record-files.ts'
import type { PlacedRecord } from './record-files.ts'
import { checkRecordLine, parseRecordLine, SCAN_RECORD_HEADER } from './scan-record.ts'
import type { RecordedFile } from './scan-record.ts'

const FORM = { header: SCAN_RECORD_HEADER, check: checkRecordLine }

/** Looks up single paths in a scan record. */
export class RecordFinder implements Disposable {
  readonly #opened = new DisposableStack()
  /** The newest first. */
  readonly #files: readonly LineFinder[]

  /** @throws {CorruptStateError} when a file is none of a record */
  constructor(record: PlacedRecord) {
    try {
      this.#files = recordPaths(record)
        .toReversed()
        .map((path) => this.#opened.use(new LineFinder(path, FORM)))
    } catch (error) {
      this.#opened.dispose()
      throw error
    }
  }

  /**
   * Find what is recorded of a path.
   *
   * @param path after those that were asked for before
   * @throws {CorruptStateError} when a line that was looked at on the way is damaged
   */
  find(path: string): RecordedFile | undefined {
    for (const file of this.#files) {
      const line = file.find(path)
      if (line !== undefined) return parseRecordLine(line, file.name).file
    }
    return undefined
  }

  [Symbol.dispose](): void {
    this.#opened.dispose()
  }
}
