import { sliceTotals } from '@jarswarm/manifest'
import type { Digest, SliceTotals } from '@jarswarm/manifest'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'

/** How much is in each slice of the index that is here; counted once for each index. */
export class SliceCensus {
  readonly #tree: Pick<IndexKeeper, 'local'>
  #known: { readonly root: Digest; readonly totals: SliceTotals } | undefined

  constructor({ tree }: { readonly tree: Pick<IndexKeeper, 'local'> }) {
    this.#tree = tree
  }

  /** Of the index that was counted last; undefined before. */
  get last(): SliceTotals | undefined {
    return this.#known?.totals
  }

  async of(root: Digest): Promise<SliceTotals> {
    if (this.#known?.root !== root) {
      this.#known = { root, totals: await sliceTotals(this.#tree.local, root) }
    }
    return this.#known.totals
  }
}
