import { sha256 } from '@jarswarm/manifest'
import type { Digest, IndexEntry } from '@jarswarm/manifest'
import { projectOf } from '@jarswarm/maven'
import { DigestMismatchError, providerKey } from '@jarswarm/ports'
import type { AbortOptions, EntryChange, IndexPart, IndexStore, NamedObject } from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'

/** An `IndexStore` in the heap. */
export class MemoryIndexStore implements IndexStore {
  readonly #repository: RepositoryId
  readonly #objects = new Map<Digest, Uint8Array>()
  readonly #entries = new Map<string, IndexEntry>()
  #root: Digest | undefined

  constructor(repository: RepositoryId) {
    this.#repository = repository
  }

  getObject(digest: Digest): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#objects.get(digest)?.slice())
  }

  async putObjects(objects: readonly NamedObject[]): Promise<void> {
    await Promise.resolve()
    for (const { digest, bytes } of objects) {
      const actual = sha256(bytes)
      if (actual !== digest) {
        throw new DigestMismatchError(`object ${digest}`, { expected: digest, actual })
      }
    }
    for (const { digest, bytes } of objects) this.#objects.set(digest, bytes.slice())
  }

  deleteObjects(digests: readonly Digest[]): Promise<void> {
    for (const digest of digests) this.#objects.delete(digest)
    return Promise.resolve()
  }

  applyChanges(changes: readonly EntryChange[], root?: Digest): Promise<void> {
    for (const { path, after } of changes) {
      if (after === undefined) this.#entries.delete(path)
      else this.#entries.set(path, after)
    }
    if (changes.length > 0 || root !== undefined) this.#root = root
    return Promise.resolve()
  }

  async load(parts: AsyncIterable<IndexPart>, options: AbortOptions = {}): Promise<void> {
    await this.clearEntries()
    for await (const { object, entries } of parts) {
      options.signal?.throwIfAborted()
      await this.putObjects([object])
      for (const entry of entries) this.#entries.set(entry.path, entry)
    }
  }

  clearEntries(): Promise<void> {
    this.#entries.clear()
    this.#root = undefined
    return Promise.resolve()
  }

  completeRoot(): Promise<Digest | undefined> {
    return Promise.resolve(this.#root)
  }

  async *listEntries(
    prefix: string,
    options: AbortOptions & { readonly after?: string } = {},
  ): AsyncIterable<IndexEntry> {
    for (const path of this.#paths()) {
      options.signal?.throwIfAborted()
      if (!path.startsWith(prefix) || path <= (options.after ?? '')) continue
      const entry = await Promise.resolve(this.#entries.get(path))
      if (entry !== undefined) yield entry
    }
  }

  async *listDirectory(directory: string, options: AbortOptions = {}): AsyncIterable<string> {
    const prefix = directory === '' ? '' : `${directory}/`
    let last: string | undefined
    for (const path of this.#paths()) {
      options.signal?.throwIfAborted()
      if (!path.startsWith(prefix)) continue
      const slash = path.indexOf('/', prefix.length)
      const name = path.slice(prefix.length, slash === -1 ? undefined : slash + 1)
      if (name === last) continue
      last = name
      yield await Promise.resolve(name)
    }
  }

  hasProject(project: string): Promise<boolean> {
    return Promise.resolve(this.#projects().has(project))
  }

  projectOfKey(keyHex: string): Promise<string | undefined> {
    for (const project of this.#projects()) {
      if (providerKey({ repository: this.#repository, project }) === keyHex) {
        return Promise.resolve(project)
      }
    }
    return Promise.resolve(undefined)
  }

  clear(): Promise<void> {
    this.#objects.clear()
    return this.clearEntries()
  }

  /** Paths are ASCII, so that the order of UTF-16 units is that of bytes. */
  #paths(): string[] {
    return [...this.#entries.keys()].sort()
  }

  #projects(): Set<string> {
    return new Set([...this.#entries.values()].map((entry) => projectOf(entry.path)))
  }
}
