import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import type {
  AbortOptions,
  ArtifactContent,
  ArtifactSource,
  Clock,
  Resolution,
} from '@jarswarm/ports'
import type { RepositoryId } from '@jarswarm/trust'
import { parseAddress } from './artifact-address.ts'
import { NotFoundError } from './errors.ts'
import type { GottenArtifact } from './node-control.ts'

/** A user who asks by hand waits longer than a build tool: a node that has just started has to meet its peers. */
const GET_MS = 30_000
/** Between two tries. */
const PAUSE_MS = 300

export interface ArtifactReaderComponents {
  readonly repositories: () => readonly ArtifactSource[]
  readonly clock: Clock
  /** Called with each file that the user is given. */
  readonly onServed: (repository: RepositoryId, path: RepositoryPath) => void
}

/** Gets single artifacts for the user. */
export class ArtifactReader {
  readonly #components: ArtifactReaderComponents

  constructor(components: ArtifactReaderComponents) {
    this.#components = components
  }

  /**
   * @param address `<repository name>/<path>`
   * @param options.patient whether to try again for a while when it cannot be had at once
   * @throws {InvalidPathError | NotFoundError | UnavailableError}
   */
  async get(
    address: string,
    options: AbortOptions & { readonly patient: boolean },
  ): Promise<GottenArtifact> {
    const { repository, path } = parseAddress(address)
    const sources = this.#components.repositories()
    const source = sources.find(({ name }) => name === repository)
    if (source === undefined) {
      const names = sources.map(({ name }) => name).join(', ')
      throw new NotFoundError(
        `Cannot get ${address}: there is no repository ${JSON.stringify(repository)} here, ` +
          (names === '' ? 'none was joined' : `there is ${names}`),
      )
    }
    const { clock } = this.#components
    const deadlineMs = clock.now() + (options.patient ? GET_MS : 0)
    for (;;) {
      try {
        return await this.#getOnce(source, path, options)
      } catch (error) {
        if (!(error instanceof UnavailableError) || clock.now() >= deadlineMs) throw error
      }
      await this.#pause(options)
    }
  }

  async #getOnce(
    source: ArtifactSource,
    path: IndexEntry['path'],
    options: AbortOptions,
  ): Promise<GottenArtifact> {
    const found = await source.resolve(path, options)
    switch (found.kind) {
      case 'artifact':
        return await this.#open(source, { found, entry: found.entry }, options)
      case 'arriving': {
        const entry = await found.complete(options)
        return await this.#open(source, { found, entry }, options)
      }
      case 'directory':
        throw new NotFoundError(
          `Cannot get ${source.name}/${path}: it is a directory, a file is wanted`,
        )
      case 'absent':
        throw new NotFoundError(
          `Cannot get ${source.name}/${path}: ${source.proxied === true ? 'its origin says' : 'the signed index proves'} that it does not exist`,
        )
      case 'withdrawn':
        throw new NotFoundError(
          `Cannot get ${source.name}/${path}: it was withdrawn${found.reason === undefined ? '' : `, ${found.reason}`}`,
        )
      case 'denied':
        throw new NotFoundError(
          `Cannot get ${source.name}/${path}: it is on the deny list of this node${found.reason === undefined ? '' : `, ${found.reason}`}`,
        )
      case 'unknown':
        throw new UnavailableError(`Cannot get ${source.name}/${path}: ${found.reason}`)
    }
  }

  async #open(
    source: ArtifactSource,
    { found, entry }: { readonly found: Found; readonly entry: IndexEntry },
    options: AbortOptions,
  ): Promise<GottenArtifact> {
    const { unindexed } = found
    const content = await (unindexed ?? source).open(entry, options)
    this.#components.onServed(source.id, entry.path)
    const verified = unindexed === undefined && source.proxied !== true
    return { ...toGotten(entry, content, options), verified }
  }

  #pause({ signal }: AbortOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const stop = (): void => {
        timer.cancel()
        reject(signal?.reason as Error)
      }
      const timer = this.#components.clock.setTimer(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, PAUSE_MS)
      signal?.addEventListener('abort', stop, { once: true })
    })
  }
}

type Found = Pick<Resolution & { readonly kind: 'artifact' }, 'unindexed'>

function toGotten(
  entry: IndexEntry,
  content: ArtifactContent,
  options: AbortOptions,
): Omit<GottenArtifact, 'verified'> {
  const { sizeBytes, source } = content
  return {
    digest: entry.digest,
    sizeBytes,
    source,
    bytes: content.read({ offset: 0, length: sizeBytes }, options),
    release: () => {
      content.release()
    },
  }
}
