import type { BranchMemory, Digest, KnownBranch } from '@jarswarm/manifest'
import { LRUCache } from 'lru-cache'
import { MAX_REMEMBERED_BRANCHES } from '../limits.ts'

/** What look-ups remember of an index, whatever head it is of: equal branches have equal digests. */
export function createBranchMemory(): BranchMemory {
  return new LRUCache<Digest, KnownBranch>({ max: MAX_REMEMBERED_BRANCHES })
}
