import { walkSlice } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import type { BlobStore, Logger } from '@jarswarm/ports'
import PQueue from 'p-queue'
import type { BlobFetcher } from '../fetch/blob-fetcher.ts'
import type { IndexKeeper } from '../index-tree/index-keeper.ts'
import { FILL_PARALLEL } from '../share/fill-turns.ts'

export interface SliceFilesComponents {
  readonly tree: Pick<IndexKeeper, 'local'>
  readonly blobs: Pick<BlobStore, 'setPinned'>
  readonly fetcher: Pick<BlobFetcher, 'isStored' | 'hasSource' | 'store'>
  /** Whether a file that the index names is not to be had: it was withdrawn, or is denied here. */
  readonly isUnwanted: (entry: IndexEntry) => boolean
  /** Whether a file is pinned for another reason: the mirror policy names it. */
  readonly isMirrored: (path: RepositoryPath) => boolean
  readonly logger: Logger
}

/** What came of bringing a slice. */
export interface SliceOutcome {
  /** Files that should be here. */
  readonly files: number
  /** Those of them that cannot be had now. */
  readonly lacking: number
  /** Whether the disk refused one. */
  readonly isFull: boolean
}

/** Brings the files of one slice, and lets go of them. */
export class SliceFiles {
  readonly #components: SliceFilesComponents

  constructor(components: SliceFilesComponents) {
    this.#components = components
  }

  /** Bring what is not here, and see to it that all of it is pinned. */
  async bring(root: Digest, slice: number, signal: AbortSignal): Promise<SliceOutcome> {
    const queue = new PQueue({ concurrency: FILL_PARALLEL })
    let files = 0
    let lacking = 0
    let isFull = false
    const bring = async (entry: IndexEntry): Promise<void> => {
      if (signal.aborted || isFull) {
        lacking += 1
        return
      }
      try {
        if (!(await this.#bringFile(entry, signal))) lacking += 1
      } catch (error) {
        lacking += 1
        isFull ||= error instanceof NoSpaceError
        this.#components.logger.debug({ path: entry.path, error: String(error) }, 'not kept yet')
      }
    }
    for await (const entry of walkSlice(this.#components.tree.local, root, slice)) {
      if (this.#components.isUnwanted(entry)) continue
      files += 1
      void queue.add(() => bring(entry))
    }
    await queue.onIdle()
    signal.throwIfAborted()
    return { files, lacking, isFull }
  }

  /**
   * Let go of a slice: its files stay as a cache, and are evicted in time. One that another kept slice has, too, is pinned
   * again when that slice is looked at next.
   */
  async release(root: Digest, slice: number): Promise<void> {
    const { tree, blobs, isMirrored } = this.#components
    for await (const { path, digest } of walkSlice(tree.local, root, slice)) {
      if (!isMirrored(path)) await blobs.setPinned(digest, false)
    }
  }

  /** @returns whether it is here; pinned even when a download brought it that began before the slice was */
  async #bringFile(entry: IndexEntry, signal: AbortSignal): Promise<boolean> {
    const { fetcher } = this.#components
    if (await fetcher.isStored(entry)) return true
    if (!fetcher.hasSource(entry, 0)) return false
    await fetcher.store(entry, { purpose: 'fill', signal })
    return await fetcher.isStored(entry)
  }
}
