import type { RepositoryPath } from '@jarswarm/maven'
import picomatch from 'picomatch'

/** Which artifacts a node fetches ahead: none, all, or those whose path matches one of some globs. */
export type MirrorPolicy = 'none' | 'all' | readonly string[]

/** The policy as a question about a path. `dot` is on: a path of a repository hides nothing. */
export function policyMatcher(policy: MirrorPolicy): (path: RepositoryPath) => boolean {
  if (policy === 'none') return () => false
  if (policy === 'all') return () => true
  return policy.length === 0 ? () => false : picomatch([...policy], { dot: true })
}
