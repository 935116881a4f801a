import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import type { ProviderSubject } from './swarm.ts'

/**
 * The DHT key of a subject: SHA-256 of `jarswarm provider 1 <repository id> <project or *>`.
 *
 * The closed set of keys of a repository is this function over `*` and all project directories of its index.
 */
export function providerKey(subject: ProviderSubject): Digest {
  const text = `jarswarm provider 1 ${subject.repository} ${subject.project ?? '*'}`
  return sha256(new TextEncoder().encode(text))
}
