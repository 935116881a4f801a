import { createHash } from 'node:crypto'
import { sha256 } from '@jarswarm/manifest'
import type { Head, IndexEntry } from '@jarswarm/manifest'
import { isMutablePath, parsePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type {
  AbortOptions,
  ArtifactContent,
  ArtifactOpener,
  ArtifactSource,
  ByteRange,
  RepositoryStatus,
  Resolution,
  ResolveOptions,
  SourceKind,
  WithdrawnStatus,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'

/** Blobs above this have a piece list, as in the index. */
const PIECE_BYTES = 256 * 1024
const CHUNK_BYTES = 64 * 1024

/**
 * How an artifact's bytes come. `whole`: all of them. `unavailable`: `open` fails. `never`: `open` stands still until
 * its signal. `breaks`: `read` fails after a first chunk. `stalls`: `read` stands still after it, and does not
 * heed its signal. `short` and `long`: `read` ends one byte early, or brings one too many.
 */
export type ArtifactManner =
  'whole' | 'unavailable' | 'never' | 'breaks' | 'stalls' | 'short' | 'long'

export interface MemoryArtifact {
  readonly bytes: Uint8Array | string
  /** @defaultValue 1 700 000 000 */
  readonly mtimeSeconds?: number
  /** @defaultValue 'store' */
  readonly source?: SourceKind
  /** @defaultValue 'whole' */
  readonly manner?: ArtifactManner
  /** Not in the signed index of an observed repository. @defaultValue false */
  readonly unindexed?: boolean
}

interface Held {
  readonly entry: IndexEntry
  readonly bytes: Uint8Array
  readonly source: SourceKind
  manner: ArtifactManner
  readonly unindexed: boolean
}

type Taken = Extract<Resolution, { readonly kind: 'withdrawn' | 'denied' }>

export interface MemoryArtifactSourceInit {
  /** @defaultValue 'clojars' */
  readonly name?: string
  readonly origin?: string
}

/** An `ArtifactSource` in the heap, which fails the way the test says. */
export class MemoryArtifactSource implements ArtifactSource {
  readonly id: RepositoryId
  readonly name: string
  readonly origin: string | undefined
  head: Head | undefined
  /** Answer of `status`: where the signer saw the files. */
  observed: string | null = null
  /** Answer of `freshness`. */
  age: ReturnType<ArtifactSource['freshness']> = { state: 'fresh', staleSeconds: 0 }
  /** When set, `resolve` and `list` know nothing, for this reason. */
  unknownReason: string | undefined
  /** Whether the whole index is here, or only proofs. */
  indexComplete = true
  /** What `resolve` says of paths that were withdrawn or denied, whatever else is known of them. */
  readonly taken: Map<string, Taken> = new Map()
  /** Answer of `status`: what was withdrawn. */
  withdrawn: WithdrawnStatus | undefined
  /** When set, `resolve` stands still and heeds no signal. */
  silent = false
  /** Whether files can be recalled, which then is neither silent nor unknown. */
  remembers = false
  /** Paths that were given to `open`, in order. */
  readonly opened: string[] = []
  /** The same of what is unindexed, which `open` refuses. */
  readonly openedUnindexed: string[] = []
  readonly unindexed: ArtifactOpener = {
    open: (entry, options) => {
      this.openedUnindexed.push(entry.path)
      return this.#open(entry, options)
    },
  }
  readonly #artifacts = new Map<string, Held>()
  readonly #blobs = new Map<string, Held>()
  #unreleased = 0

  constructor(init: MemoryArtifactSourceInit = {}) {
    this.name = init.name ?? 'clojars'
    this.origin = init.origin
    this.id = sha256(new TextEncoder().encode(this.name))
  }

  /** Contents that were opened and not yet released. */
  get unreleased(): number {
    return this.#unreleased
  }

  /** Add or replace an artifact. Blobs that went before can still be opened by their entry. */
  put(path: string, artifact: MemoryArtifact): IndexEntry {
    const { bytes: given, source = 'store', manner = 'whole', unindexed = false } = artifact
    const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given
    const entry: IndexEntry = {
      path: parsePath(path),
      digest: sha256(bytes),
      sha1: createHash('sha1').update(bytes).digest('hex'),
      sizeBytes: bytes.length,
      mtimeSeconds: artifact.mtimeSeconds ?? 1_700_000_000,
      pieceList: bytes.length > PIECE_BYTES ? sha256(bytes) : undefined,
    }
    const held = { entry, bytes, source, manner, unindexed }
    this.#artifacts.set(path, held)
    this.#blobs.set(entry.digest, held)
    return entry
  }

  remove(path: string): void {
    this.#artifacts.delete(path)
  }

  freshness(): ReturnType<ArtifactSource['freshness']> {
    return this.age
  }

  async resolve(path: RepositoryPath, options: ResolveOptions): Promise<Resolution> {
    options.signal?.throwIfAborted()
    if (this.silent) await never()
    if (this.unknownReason !== undefined) return { kind: 'unknown', reason: this.unknownReason }
    const taken = this.taken.get(path)
    if (taken !== undefined) return taken
    const held = this.#artifacts.get(path)
    if (held?.unindexed === true && options.indexOnly !== true)
      return { kind: 'artifact', entry: held.entry, mutable: true, unindexed: this.unindexed }
    if (held?.unindexed === false)
      return { kind: 'artifact', entry: held.entry, mutable: isMutablePath(path) }
    if (!this.indexComplete) return { kind: 'absent', fileOnly: true }
    return { kind: this.#namesBelow(path).length > 0 ? 'directory' : 'absent' }
  }

  recall(
    path: RepositoryPath,
    { beside = false }: Pick<ResolveOptions, 'beside'>,
  ): Resolution | undefined {
    if (!this.remembers) return undefined
    const taken = this.taken.get(path)
    if (taken !== undefined) return taken
    const held = this.#artifacts.get(path)
    if (held !== undefined)
      return { kind: 'artifact', entry: held.entry, mutable: isMutablePath(path) }
    return beside ? { kind: 'absent' } : undefined
  }

  async open(entry: IndexEntry, options: AbortOptions): Promise<ArtifactContent> {
    options.signal?.throwIfAborted()
    this.opened.push(entry.path)
    if (this.#blobs.get(entry.digest)?.unindexed === true)
      throw new UnavailableError(`No index names ${entry.path}`)
    return await this.#open(entry, options)
  }

  async #open(entry: IndexEntry, options: AbortOptions): Promise<ArtifactContent> {
    const held = this.#blobs.get(entry.digest)
    if (held === undefined || held.manner === 'unavailable')
      throw new UnavailableError(`No source has ${entry.path} now`)
    if (held.manner === 'never') await aborted(options.signal)
    this.#unreleased += 1
    let released = false
    return {
      source: held.source,
      sizeBytes: entry.sizeBytes,
      read: (range) => readHeld(held, range),
      release: () => {
        if (!released) this.#unreleased -= 1
        released = true
      },
    }
  }

  list(
    directory: string,
    options: AbortOptions & { readonly limit: number },
  ): Promise<readonly string[] | undefined> {
    const names = this.#namesBelow(directory)
    const known = this.unknownReason === undefined && names.length > 0
    return Promise.resolve(known ? names.slice(0, options.limit) : undefined)
  }

  status(): RepositoryStatus {
    const { name, id, age, head } = this
    const files = this.#artifacts.size
    return {
      name,
      id,
      origin: this.origin ?? null,
      observed: this.observed,
      freshness: age.state,
      head: head === undefined ? null : headStatus(head),
      index: { complete: this.unknownReason === undefined && this.indexComplete, files },
      ...(this.withdrawn && { withdrawn: this.withdrawn }),
    }
  }

  #namesBelow(directory: string): readonly string[] {
    const prefix = directory === '' ? '' : `${directory}/`
    const names = [...this.#artifacts.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length).replace(/\/.*$/, '/'))
    return [...new Set(names)].sort()
  }
}

function headStatus(head: Head): RepositoryStatus['head'] {
  const { files, bytes, root } = head.index
  return { seq: head.seq, issued: head.issued, ageSeconds: 0, files, bytes, root }
}

async function* readHeld(held: Held, range: ByteRange): AsyncIterable<Uint8Array> {
  const { manner } = held
  const whole = held.bytes.subarray(range.offset, range.offset + range.length)
  const bytes = manner === 'short' ? whole.subarray(0, -1) : whole
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    if (offset > 0 && manner === 'breaks')
      throw new UnavailableError(`The source of ${held.entry.path} went away`)
    if (offset > 0 && manner === 'stalls') await never()
    yield bytes.subarray(offset, offset + CHUNK_BYTES)
    await Promise.resolve()
  }
  if (manner === 'long') yield new Uint8Array(1)
}

/** A promise that nothing settles: holds no handle, and is collected with whoever waits. */
function never(): Promise<never> {
  return new Promise(() => undefined)
}

async function aborted(signal: AbortSignal | undefined): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })
}
