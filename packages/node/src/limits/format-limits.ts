import { HISTORY_LIMITS, INDEX_LIMITS } from '@jarswarm/manifest'
import { PATH_LIMITS, POM_LIMITS } from '@jarswarm/maven'
import type { LimitGroup } from '@jarswarm/ports'
import { AGE_LIMITS, TRUST_LIMITS } from '@jarswarm/trust'

/**
 * The bounds of the formats, for people. Their tables stand in packages that know nothing of nodes; a node with others
 * would disagree with its peers about what is signed.
 */
export const FORMAT_LIMITS: readonly LimitGroup[] = [
  { title: 'Paths', fixed: true, limits: PATH_LIMITS },
  { title: 'POMs and what they need', fixed: true, limits: POM_LIMITS },
  { title: 'Index', fixed: true, limits: INDEX_LIMITS },
  { title: 'Heads, history and withdrawals', fixed: true, limits: HISTORY_LIMITS },
  { title: 'Roots, manifests, links and keys', fixed: true, limits: TRUST_LIMITS },
  { title: 'Age of heads', fixed: true, limits: AGE_LIMITS },
]
