import { closeSync, openSync, readSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { Acknowledgements } from './_acknowledged.ts'

const READ_BYTES = 65_536

/** What a node acknowledges and begins, by the log that `_acknowledging.ts` writes, read as it is written. */
export class FollowedLog {
  readonly acknowledged = new Acknowledgements()
  readonly #waiting = new Set<{ check: () => boolean; resolve: () => void }>()
  readonly #watcher: FSWatcher
  #log: number

  /** @param path must be there */
  constructor(path: string) {
    this.#log = openSync(path, 'r')
    this.#watcher = watch(path, () => {
      this.read()
    })
  }

  /** Wait for what is acknowledged or begun, and be there at once; for ever, if `forget` is called meanwhile. */
  async until(check: (said: Acknowledgements) => boolean): Promise<void> {
    if (check(this.acknowledged)) return
    await new Promise<void>((resolve) => {
      this.#waiting.add({ check: () => check(this.acknowledged), resolve })
    })
  }

  /** Nobody waits any more. */
  forget(): void {
    this.#waiting.clear()
  }

  /** Read what was written since. */
  read(): void {
    const buffer = Buffer.alloc(READ_BYTES)
    for (;;) {
      const length = this.#log < 0 ? 0 : readSync(this.#log, buffer)
      if (length === 0) break
      // Line by line: what began and ended since the last look has been there, too.
      for (const part of buffer.toString('latin1', 0, length).split(/(?<=\n)/)) {
        this.acknowledged.read(part)
        this.#tell()
      }
    }
  }

  close(): void {
    this.#watcher.close()
    if (this.#log >= 0) closeSync(this.#log)
    this.#log = -1
  }

  #tell(): void {
    for (const waiting of this.#waiting) {
      if (!waiting.check()) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
  }
}
