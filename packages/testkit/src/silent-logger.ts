import type { Logger } from '@jarswarm/ports'

function ignore(): undefined {
  return undefined
}

/** A logger that says nothing, for tests that do not care. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
