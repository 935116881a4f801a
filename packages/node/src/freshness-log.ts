import type { Logger, RepositoryStatus } from '@jarswarm/ports'

type Freshness = RepositoryStatus['freshness']

/** What an operator is to know of each state; a fresh head is worth a word only after another state. */
const MEANING: Readonly<Record<Exclude<Freshness, 'unknown'>, string>> = {
  fresh: 'the signed state is fresh',
  stale:
    'the signed state has expired: releases are served as always, mutable files are marked stale',
  suspect:
    'the signed state is too old to say what is newest or absent: such requests are refused, releases are served',
}

/**
 * Tells the log when the signed state of a repository grows stale, or fresh again, and how old it is; a newcomer in the
 * midst of an outage hears so of its first head.
 */
export class FreshnessLog {
  readonly #status: () => readonly RepositoryStatus[]
  readonly #logger: Logger
  readonly #seen = new Map<string, Freshness>()

  constructor(components: {
    readonly status: () => readonly RepositoryStatus[]
    readonly logger: Logger
  }) {
    this.#status = components.status
    this.#logger = components.logger
  }

  /** Compare with the last look. */
  look(): void {
    for (const { id, name, freshness, head } of this.#status()) {
      const before = this.#seen.get(id) ?? 'unknown'
      if (freshness === before) continue
      this.#seen.set(id, freshness)
      if (freshness === 'unknown') continue
      const fields = { repository: name, seq: head?.seq, ageSeconds: head?.ageSeconds }
      if (freshness !== 'fresh') this.#logger.warn(fields, MEANING[freshness])
      else if (before !== 'unknown') this.#logger.info(fields, MEANING[freshness])
    }
  }
}
