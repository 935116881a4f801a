import type { ArtifactSource, RepositoryStatus } from '@jarswarm/ports'
import { statusOf } from './head-status.ts'
import type { RepositoryParts } from './repository-parts.ts'

/** What a repository and its parts know, as the status tells it. */
export function describeRepository(
  { gate, keeper, tree, recorder, donation }: RepositoryParts,
  source: Pick<ArtifactSource, 'id' | 'name' | 'origin' | 'freshness'>,
  nowMs: number,
): Omit<RepositoryStatus, 'withdrawn'> {
  const { head } = gate
  const donated = donation.status()
  const ageMs = nowMs - (keeper.trusted?.issuedMs ?? 0)
  return {
    name: source.name,
    id: source.id,
    origin: source.origin ?? null,
    observed: head?.observed ?? null,
    freshness: source.freshness().state,
    head: head === undefined ? null : statusOf(head, ageMs),
    index: {
      complete: head !== undefined && tree.completeRoot === head.index.root,
      files: tree.files,
    },
    history: gate.status(),
    evidence: recorder.names,
    ...(donated === undefined ? {} : { donation: donated }),
  }
}
