import type { Head } from '@jarswarm/manifest'
import type { RepositoryStatus } from '@jarswarm/ports'

/** What the status says of a head. A clock that is behind makes no age negative. */
export function statusOf(
  { seq, issued, index }: Head,
  ageMs: number,
): NonNullable<RepositoryStatus['head']> {
  const { files, bytes, root } = index
  const ageSeconds = Math.max(0, Math.floor(ageMs / 1_000))
  return { seq, issued, ageSeconds, files, bytes, root }
}
