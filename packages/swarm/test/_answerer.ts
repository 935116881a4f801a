/** An answerer over nothing, whose rules a test replaces one by one. */
import { ManualClock, MemorySwarmContent } from '@jarswarm/testkit'
import { ContentAnswerer } from '../src/answerer.ts'
import type { AnswererComponents } from '../src/answerer.ts'
import { REPOSITORY } from './_nodes.ts'

export function answererWith(rules: Partial<AnswererComponents>): ContentAnswerer {
  return new ContentAnswerer({
    clock: new ManualClock(),
    content: new MemorySwarmContent([REPOSITORY]),
    lan: undefined,
    isLocal: () => true,
    shares: () => true,
    ownHello: () => ({ bootstrap: false, repositories: [REPOSITORY] }),
    onHello: () => undefined,
    onSummary: () => undefined,
    follows: () => true,
    donors: () => new Uint8Array(0),
    ...rules,
  })
}
