import { hasSlice, sliceOf, SLICES, sliceSet, slicesIn } from '@jarswarm/manifest'
import type { SliceSet } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import type { Logger, RecordStore } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'

const RECORD_VERSION = 1

export interface DonatedSlicesComponents {
  readonly records: RecordStore
  readonly logger: Logger
}

/** Which slices of a repository are kept here, and which were begun; durable, so that a restart moves nothing. */
export class DonatedSlices {
  readonly #components: DonatedSlicesComponents
  readonly #recordName: string
  #kept: SliceSet = sliceSet([])
  #keptCount = 0
  readonly #begun = new Set<number>()

  constructor(
    components: DonatedSlicesComponents,
    { repository }: { readonly repository: RepositoryId },
  ) {
    this.#components = components
    this.#recordName = `donation/${repository}`
  }

  /** Never changed in place. */
  get kept(): SliceSet {
    return this.#kept
  }

  get begun(): ReadonlySet<number> {
    return this.#begun
  }

  get isEmpty(): boolean {
    // Asked for each file that comes, mostly of a node that donates nothing.
    return this.#begun.size === 0 && this.#keptCount === 0
  }

  /** Whether a file is one of those that are never evicted. */
  pins(path: RepositoryPath): boolean {
    if (this.isEmpty) return false
    const slice = sliceOf(path)
    return hasSlice(this.#kept, slice) || this.#begun.has(slice)
  }

  /** Take up what was saved. @returns whether anything was */
  async load(): Promise<boolean> {
    const saved = await this.#components.records.get(this.#recordName)
    if (saved === undefined) return false
    const slices = parseRecord(saved)
    if (slices === undefined) {
      this.#components.logger.warn({}, 'the list of donated slices is damaged: it is made anew')
      return false
    }
    this.#setKept(slices.kept)
    for (const slice of slices.begun) this.#begun.add(slice)
    return true
  }

  /** Files of a slice are about to come. Saved before they do, for they are pinned. */
  async begin(slice: number): Promise<void> {
    if (this.#begun.has(slice)) return
    this.#begun.add(slice)
    this.#changeKept(slice, false)
    await this.#save()
  }

  /** All of a slice is here. */
  async keep(slice: number): Promise<void> {
    if (hasSlice(this.#kept, slice)) return
    this.#begun.delete(slice)
    this.#changeKept(slice, true)
    await this.#save()
  }

  /** A slice is let go of: called first, so that none of its files is pinned again meanwhile. */
  release(slice: number): void {
    this.#begun.delete(slice)
    this.#changeKept(slice, false)
  }

  /** Save what was released, once its files are pinned no more. */
  async saveReleased(): Promise<void> {
    if (this.isEmpty) await this.#components.records.delete(this.#recordName)
    else await this.#save()
  }

  #changeKept(slice: number, isKept: boolean): void {
    const others = [...slicesIn(this.#kept)].filter((one) => one !== slice)
    this.#setKept(isKept ? [...others, slice] : others)
  }

  #setKept(slices: readonly number[]): void {
    this.#kept = sliceSet(slices)
    this.#keptCount = slices.length
  }

  async #save(): Promise<void> {
    await this.#components.records.set(this.#recordName, {
      version: RECORD_VERSION,
      kept: [...slicesIn(this.#kept)],
      begun: [...this.#begun],
    })
  }
}

function parseRecord(
  value: unknown,
): { readonly kept: readonly number[]; readonly begun: readonly number[] } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { version, kept, begun } = value as Record<string, unknown>
  if (version !== RECORD_VERSION || !areSlices(kept) || !areSlices(begun)) return undefined
  return { kept, begun }
}

function areSlices(value: unknown): value is readonly number[] {
  const isSlice = (one: unknown): boolean =>
    Number.isInteger(one) && (one as number) >= 0 && (one as number) < SLICES
  return Array.isArray(value) && value.length <= SLICES && value.every(isSlice)
}
