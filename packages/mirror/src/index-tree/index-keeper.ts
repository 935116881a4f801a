import {
  diffIndex,
  EMPTY_INDEX,
  MissingNodeError,
  missingObjects,
  parseIndexNode,
  removedObjects,
  sha256,
} from '@jarswarm/manifest'
import type { Digest, Head, IndexDifference, NodeSource } from '@jarswarm/manifest'
import { NoSpaceError } from '@jarswarm/ports'
import type { AbortOptions, IndexStore, Logger, NamedObject } from '@jarswarm/ports'
import type { UpstreamSet } from '../upstreams/upstream-set.ts'
import type { ObjectFetcher } from './object-fetcher.ts'
import { PackTaker } from './pack.ts'

/** Objects written in one batch. */
const OBJECTS_PER_BATCH = 128
/** Paths changed in one batch; a batch with the root is atomic, so that a deploy always is. */
export const CHANGES_PER_BATCH = 2_000

export interface IndexKeeperComponents {
  readonly index: IndexStore
  readonly objects: ObjectFetcher
  /** For the pack. */
  readonly upstreams: UpstreamSet
  readonly logger: Logger
  /** Called for each file of which this copy learned that it came or went. */
  readonly onChange: (change: IndexDifference) => void
}

/** Keeps a whole copy of the index: fetches what differs, lists it by path, and drops what nothing names any more. */
export class IndexKeeper {
  readonly #components: IndexKeeperComponents
  readonly #packs: PackTaker
  #root: Digest | undefined
  #files = 0
  /** Root of a pack of which everything is here, and which only leads to the index that is wanted. */
  #packed: Digest | undefined

  constructor(components: IndexKeeperComponents) {
    this.#components = components
    const { onChange } = components
    this.#packs = new PackTaker({
      ...components,
      onEntry: (entry) => {
        onChange({ path: entry.path, before: undefined, after: entry })
      },
    })
  }

  /** Root of the index of which everything is here; undefined while there is none. */
  get completeRoot(): Digest | undefined {
    return this.#root
  }

  /** Files that this index names; 0 while there is none. */
  get files(): number {
    return this.#files
  }

  /** Reads objects that are here. One that the disk has damaged counts as not here, so that it is fetched anew. */
  readonly local: NodeSource = async (digest) => {
    if (digest === EMPTY_INDEX.totals.root) return EMPTY_INDEX.node.bytes
    const bytes = await this.#components.index.getObject(digest)
    return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined
  }

  /** Read an object that is here, else get it and keep it. Throws UnavailableError as `ObjectFetcher.get`. */
  async read(digest: Digest, options: AbortOptions): Promise<Uint8Array> {
    const held = await this.local(digest)
    if (held !== undefined) return held
    const bytes = await this.#components.objects.get(digest, options)
    await this.#keep({ digest, bytes })
    return bytes
  }

  async load(): Promise<void> {
    this.#root = await this.#components.index.completeRoot()
    const node = this.#root === undefined ? undefined : await this.local(this.#root)
    this.#files = node === undefined ? 0 : parseIndexNode(node).files
  }

  /**
   * Bring the copy to a head. Can be ended and taken up again at any point: objects that are here are not fetched
   * anew, but for those of a pack, which comes in one download.
   *
   * @throws {UnavailableError} when an object cannot be had now
   */
  async sync(head: Head, signal: AbortSignal): Promise<void> {
    try {
      await this.#advance(head, signal)
    } catch (error) {
      // Objects of the index before are fetched no more: what they said is compared with the newest as from nothing.
      if (this.#root === undefined || !(error instanceof MissingNodeError)) throw error
      this.#components.logger.warn(
        { error: String(error) },
        'the index here is damaged: mending it',
      )
      this.#root = undefined
      this.#files = 0
      // Nearly all is here: that is less than a pack.
      await this.#take(head, undefined, signal)
    }
  }

  /**
   * Fetch what the index of a head has that is not here, without using it.
   *
   * @throws {UnavailableError} when an object cannot be had now
   */
  async fetch(head: Head, signal: AbortSignal): Promise<void> {
    await this.#fetchMissing({ before: this.#root, after: head.index.root }, signal)
  }

  async #advance(head: Head, signal: AbortSignal): Promise<void> {
    if (this.#root === head.index.root) return
    await this.#take(head, this.#root ?? (await this.#begin(head, signal)), signal)
  }

  /** The root with which a first copy begins: that of the pack, which may be some deploys old; undefined when there is none. */
  async #begin({ pack }: Head, signal: AbortSignal): Promise<Digest | undefined> {
    if (this.#packed !== undefined || pack === null) return this.#packed
    if (await this.#packs.take(pack, signal)) this.#packed = pack.root
    return this.#packed
  }

  /** @param before root of which everything is here, paths included; undefined when there is none */
  async #take(head: Head, before: Digest | undefined, signal: AbortSignal): Promise<void> {
    const after = head.index.root
    await this.#fetchMissing({ before, after }, signal)
    this.#packed = undefined
    if (before === undefined) await this.#components.index.clearEntries()
    await this.#applyPaths(before ?? EMPTY_INDEX.totals.root, after, signal)
    this.#root = after
    this.#files = head.index.files
    if (before !== undefined) await this.#collectGarbage(before, after)
  }

  async #fetchMissing(
    step: { readonly before: Digest | undefined; readonly after: Digest },
    signal: AbortSignal,
  ): Promise<void> {
    const { index, objects } = this.#components
    const fetch = (digest: Digest, options: { signal: AbortSignal }): Promise<Uint8Array> =>
      objects.get(digest, options)
    const missing = missingObjects(this.local, { ...step, fetch }, { signal })
    let batch: NamedObject[] = []
    try {
      for await (const { digest, bytes } of missing) {
        batch.push({ digest, bytes })
        if (batch.length < OBJECTS_PER_BATCH) continue
        const full = batch
        batch = []
        await index.putObjects(full)
      }
    } finally {
      // Also when the rest cannot be had now: what came is not fetched again.
      if (batch.length > 0) await index.putObjects(batch)
    }
  }

  /** Without room for it the node serves on, and asks again when it is needed again. */
  async #keep(object: NamedObject): Promise<void> {
    try {
      await this.#components.index.putObjects([object])
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error
      this.#components.logger.debug({ error: error.message }, 'an index object was not kept')
    }
  }

  async #applyPaths(before: Digest, after: Digest, signal: AbortSignal): Promise<void> {
    const { index, onChange } = this.#components
    let batch: IndexDifference[] = []
    for await (const change of diffIndex(this.local, before, after)) {
      if (batch.length === CHANGES_PER_BATCH) {
        signal.throwIfAborted()
        await index.applyChanges(batch.map(toEntryChange))
        batch = []
      }
      batch.push(change)
      onChange(change)
    }
    await index.applyChanges(batch.map(toEntryChange), after)
  }

  /** A piece list may be dropped too early, when another path has the same bytes: it is then fetched again. */
  async #collectGarbage(before: Digest, after: Digest): Promise<void> {
    const { index, logger } = this.#components
    try {
      const garbage: Digest[] = []
      for await (const { digest } of removedObjects(this.local, { before, after })) {
        garbage.push(digest)
      }
      await index.deleteObjects(garbage)
    } catch (error) {
      logger.warn({ error: String(error) }, 'old index objects were left in the store')
    }
  }
}

function toEntryChange(change: IndexDifference): {
  path: string
  before?: NonNullable<IndexDifference['before']>
  after?: NonNullable<IndexDifference['after']>
} {
  const { path, before, after } = change
  return {
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }
}
