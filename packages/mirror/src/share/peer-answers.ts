import type { Digest } from '@jarswarm/manifest'
import type { Holdings, HoldingsChange, IndexStore } from '@jarswarm/ports'
import type { HistoryReader } from '../history/history-reader.ts'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import type { TrustKeeper } from '../trust/trust-keeper.ts'
import type { HeldBlobs } from './held-blobs.ts'
import type { HoldingsBoard } from './holdings-board.ts'

export interface PeerAnswersComponents {
  readonly keeper: Pick<TrustKeeper, 'trusted'>
  readonly history: Pick<HistoryReader, 'readTile'>
  readonly index: Pick<IndexStore, 'getObject' | 'projectOfKey'>
  readonly tree: Pick<IndexKeeper, 'completeRoot'>
  readonly held: Pick<HeldBlobs, 'has'>
  readonly board: Pick<HoldingsBoard, 'holdings' | 'onChange'>
  /** Root of the index of the head in use. */
  readonly indexRoot: () => Digest | undefined
}

/** What one repository answers to the swarm; see `SwarmContent`. */
export class PeerAnswers {
  readonly #components: PeerAnswersComponents

  constructor(components: PeerAnswersComponents) {
    this.#components = components
  }

  readManifest(): Uint8Array | undefined {
    return this.#components.keeper.trusted?.manifest
  }

  readRoot(number: number): Uint8Array | undefined {
    return this.#components.keeper.trusted?.root(number)
  }

  async readLogTile(tile: string): Promise<Uint8Array | undefined> {
    return await this.#components.history.readTile(tile)
  }

  async readObject(digest: Digest): Promise<Uint8Array | undefined> {
    return await this.#components.index.getObject(digest)
  }

  /** Whether a blob is known to be one of this repository. Looks into memory only: it is asked for each piece. */
  holds(digest: Digest): boolean {
    return this.#components.held.has(digest)
  }

  holdings(): Holdings {
    return this.#components.board.holdings()
  }

  onHoldingsChange(listener: (change: HoldingsChange) => void): () => void {
    return this.#components.board.onChange(listener)
  }

  /** @returns undefined while the index is incomplete: then nobody can say */
  async knowsProject(keyHex: string): Promise<boolean | undefined> {
    const { index, tree, indexRoot } = this.#components
    const root = indexRoot()
    if (root === undefined || tree.completeRoot !== root) return undefined
    return (await index.projectOfKey(keyHex)) !== undefined
  }
}
