import type { Head } from '@jarswarm/manifest'
import type { ArtifactSource, Logger } from '@jarswarm/ports'
import type { FreshnessReport } from '@jarswarm/trust'

/** By a clock that is behind, a head never expires; only the operator can tell which of the two is wrong. */
export function warnOfClock(
  repository: Pick<ArtifactSource, 'name'> & {
    readonly head: Head | undefined
    freshness(): Pick<FreshnessReport, 'clockSuspect'>
  },
  logger: Logger,
): void {
  if (!repository.freshness().clockSuspect) return
  const { name, head } = repository
  const fields = { repository: name, issued: head?.issued }
  logger.warn(fields, "the head was signed in the future: set this machine's clock")
}
