/** Small JSON records by name, each durable when `set` resolves: joined links, known peers, summary epochs. */
export interface RecordStore {
  /** @returns what was set, to be validated by the caller like any input; undefined when there is none */
  get(name: string): Promise<unknown>
  set(name: string, value: unknown): Promise<void>
  delete(name: string): Promise<void>
  /** Names with a prefix in ascending order, with their values. */
  list(prefix: string): AsyncIterable<readonly [name: string, value: unknown]>
}
