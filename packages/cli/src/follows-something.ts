import type { NodeControl } from '@jarswarm/node'
import { UsageError } from './usage-error.ts'

/**
 * Make sure that there is an index to compare with.
 *
 * @throws {UsageError} when the node follows no repository
 */
export async function followsSomething(node: NodeControl): Promise<void> {
  if ((await node.repositories()).length > 0) return
  throw new UsageError(
    "Cannot compare anything: no repository is followed; join one with: jarswarm join 'jarswarm:…'",
  )
}
