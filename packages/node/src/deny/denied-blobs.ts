import type { Digest } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { AbortOptions, ArtifactSource } from '@jarswarm/ports'
import { isDeniedDigest } from './deny-list.ts'
import type { DenyList } from './deny-list.ts'

/** Which blobs a node gives to no peer: those that are denied, by their digest or by a path that has them. */
export class DeniedBlobs {
  readonly #list: DenyList
  readonly #sources: () => readonly ArtifactSource[]
  #digests: ReadonlySet<Digest> = new Set()
  /** Of which list and which heads this is. */
  #state: string | undefined

  constructor(components: {
    readonly list: DenyList
    readonly sources: () => readonly ArtifactSource[]
  }) {
    this.#list = components.list
    this.#sources = components.sources
  }

  has(digest: Digest): boolean {
    return this.#digests.has(digest)
  }

  /** Look the denied paths up again, when the list or a head is another one. */
  async refresh(options: AbortOptions = {}): Promise<void> {
    const denials = this.#list.all
    const sources = this.#sources()
    const heads = sources.map(({ id, head }) => [id, head?.seq ?? 0])
    const state = JSON.stringify([denials, heads])
    if (state === this.#state) return
    const digests = new Set(denials.map(({ what }) => what).filter(isDeniedDigest))
    // What is denied stays so while it is looked up.
    this.#digests = new Set([...this.#digests, ...digests])
    for (const { what } of denials) {
      if (isDeniedDigest(what)) continue
      for (const source of sources) {
        const found = await source.resolve(parsePath(what), { ...options, indexOnly: true })
        if (found.kind === 'artifact') digests.add(found.entry.digest)
      }
    }
    this.#digests = digests
    this.#state = state
  }
}
