import { diffIndex } from '@jarswarm/manifest'
import type { Digest, Head, NodeSource, Withdrawal } from '@jarswarm/manifest'
import { isMutablePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import type { GoneRelease, HistoryStore } from '@jarswarm/ports'

export interface IndexCheckInit {
  readonly from: Head
  readonly to: Head
  /** Has the nodes of both indexes. */
  readonly nodes: NodeSource
  readonly store: Pick<HistoryStore, 'gone'>
  /** What the later head says is withdrawn. */
  readonly list: readonly Withdrawal[]
}

/** What an index says of a release that it must not. */
export interface IndexFlaw {
  readonly path: RepositoryPath
  readonly reason: 'release has a second digest' | 'release left without being withdrawn'
}

/**
 * Compare two indexes without the history between them: a release keeps its bytes, also when it comes back, and leaves
 * only by being withdrawn.
 *
 * @returns the first release that does not, if any, and the releases that left
 */
export async function checkIndexAlone(init: IndexCheckInit): Promise<{
  readonly flaw: IndexFlaw | undefined
  readonly gone: readonly GoneRelease[]
}> {
  const { from, to, nodes, store, list } = init
  const withdrawn = new Set<string>(list.map(({ path }) => path))
  const gone: GoneRelease[] = []
  for await (const { path, before, after } of diffIndex(nodes, from.index.root, to.index.root)) {
    if (isMutablePath(path)) continue
    const known: { readonly digest: Digest } | undefined = before ?? (await store.gone(path))
    if (after === undefined) {
      if (before === undefined) continue
      const reason = 'release left without being withdrawn'
      if (!withdrawn.has(path)) return { flaw: { path, reason }, gone }
      const { digest, sizeBytes } = before
      // No more than the list has room for. At the earliest: nobody gave the line that says so.
      gone.push({ path, digest, sizeBytes, line: from.history.size })
    } else if (known !== undefined && known.digest !== after.digest) {
      return { flaw: { path, reason: 'release has a second digest' }, gone }
    }
  }
  return { flaw: undefined, gone }
}
