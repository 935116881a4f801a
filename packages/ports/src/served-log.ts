import type { RepositoryPath } from '@jarswarm/maven'

/** When a file was given to clients, in milliseconds since the epoch. */
export interface ServedTimes {
  readonly firstMs: number
  readonly lastMs: number
}

/** Remembers which files of a repository went to clients, for the day on which one of them turns out to be bad. */
export interface ServedLog {
  /** A file was given to a client. Costs no write: it is kept in the heap until `flush`. */
  note(path: RepositoryPath, nowMs: number): void
  /** Undefined when it was never given, as far as that is remembered. */
  find(path: RepositoryPath): Promise<ServedTimes | undefined>
  /** Write what was noted. What a crash takes before it is lost. */
  flush(): Promise<void>
}

/** Paths remembered of one repository; beyond it those that were used longest ago are forgotten. About 100 B each. */
export const MAX_SERVED_PATHS = 200_000
