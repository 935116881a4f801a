import type { IndexEntry } from '@jarswarm/manifest'
import type { RepositoryPath } from '@jarswarm/maven'
import { guardedContent } from '@jarswarm/mirror'
import { UnavailableError } from '@jarswarm/ports'
import type {
  AbortOptions,
  ArtifactContent,
  ArtifactSource,
  RepositoryStatus,
  Resolution,
  ResolveOptions,
} from '@jarswarm/ports'
import type { Denial, DenyList } from './deny-list.ts'

/** A repository without what the user of the node denied. */
export class DenyingSource implements ArtifactSource {
  readonly id: ArtifactSource['id']
  readonly name: string
  readonly proxied: boolean
  readonly #source: ArtifactSource
  readonly #denied: DenyList

  constructor(source: ArtifactSource, denied: DenyList) {
    this.id = source.id
    this.name = source.name
    this.proxied = source.proxied === true
    this.#source = source
    this.#denied = denied
  }

  get origin(): string | undefined {
    return this.#source.origin
  }

  get head(): ArtifactSource['head'] {
    return this.#source.head
  }

  freshness(): ReturnType<ArtifactSource['freshness']> {
    return this.#source.freshness()
  }

  status(): RepositoryStatus {
    return this.#source.status()
  }

  async resolve(path: RepositoryPath, options: ResolveOptions): Promise<Resolution> {
    const denial = this.#denied.find(path)
    if (denial !== undefined) return toResolution(denial)
    return this.#unlessDenied(await this.#source.resolve(path, options))
  }

  recall(path: RepositoryPath, options: Pick<ResolveOptions, 'beside'>): Resolution | undefined {
    const denial = this.#denied.find(path)
    if (denial !== undefined) return toResolution(denial)
    const found = this.#source.recall?.(path, options)
    return found && this.#unlessDenied(found)
  }

  async open(entry: IndexEntry, options: AbortOptions): Promise<ArtifactContent> {
    const refuse = (): void => {
      const denial = this.#denied.find(entry.path) ?? this.#denied.find(entry.digest)
      if (denial !== undefined) throw new UnavailableError(`${entry.path} was denied`)
    }
    refuse()
    return guardedContent(await this.#source.open(entry, options), refuse)
  }

  async list(
    directory: string,
    options: AbortOptions & { readonly limit: number },
  ): Promise<readonly string[] | undefined> {
    const names = await this.#source.list(directory, options)
    const prefix = directory === '' ? '' : `${directory}/`
    return names?.filter((name) => this.#denied.find(`${prefix}${name}`) === undefined)
  }

  #unlessDenied(found: Resolution): Resolution {
    const ofBytes = found.kind === 'artifact' ? this.#denied.find(found.entry.digest) : undefined
    return ofBytes === undefined ? found : toResolution(ofBytes)
  }
}

function toResolution({ reason }: Denial): Resolution {
  return { kind: 'denied', reason: reason ?? undefined }
}
