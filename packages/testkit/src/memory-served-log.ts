import type { ServedLog, ServedTimes } from '@jarswarm/ports'

/** A `ServedLog` in the heap. */
export class MemoryServedLog implements ServedLog {
  readonly #times = new Map<string, ServedTimes>()

  note(path: string, nowMs: number): void {
    this.#times.set(path, { firstMs: this.#times.get(path)?.firstMs ?? nowMs, lastMs: nowMs })
  }

  find(path: string): Promise<ServedTimes | undefined> {
    return Promise.resolve(this.#times.get(path))
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }
}
