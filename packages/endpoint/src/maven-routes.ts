import type { IncomingHttpHeaders } from 'node:http'
import { InvalidPathError, nameOf, parsePath, pomOf, sidecarOf } from '@jarswarm/maven'
import type { RepositoryPath, SidecarAlgorithm } from '@jarswarm/maven'
import type {
  ArrivingArtifact,
  ArtifactOpener,
  ArtifactSource,
  Prefetch,
  Resolution,
} from '@jarswarm/ports'
import { UnavailableError } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { answerDirectory } from './directory-answer.ts'
import { RefusedRequestError } from './errors.ts'
import {
  answerFile,
  answerText,
  answerWithoutBytes,
  arrivingFacts,
  sidecarFacts,
} from './file-answer.ts'
import type { FileFacts } from './file-answer.ts'
import { notFound, refuseSuspect, refuseTaken } from './file-refusals.ts'
import type { HotBlobs, OpenBlob } from './hot-blobs.ts'
import { KnownArtifacts } from './known-artifacts.ts'
import type { RequestPath } from './request-path.ts'
import type { ServedVersions } from './served-versions.ts'
import type { SidecarDigests } from './sidecar-digests.ts'
import { untilAborted } from './until-aborted.ts'

/** Of an observed repository, and not in its signed index: not verified. */
export const UNINDEXED_SOURCE = 'origin-unindexed'

/** A read of something below a repository. */
export interface MavenRequest {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly source: ArtifactSource
  /** Path below the repository. */
  readonly path: RequestPath
  /** Asked for its signal only by what waits. */
  readonly exchange: { readonly signal: AbortSignal }
  /**
   * Path of the repository's root, with slashes at both ends, when it is read as a public mirror: from the index alone.
   *
   * @defaultValue `/<repository name>/`
   */
  readonly base?: string
}

export interface MavenRoutesComponents {
  readonly blobs: HotBlobs
  readonly digests: SidecarDigests
  readonly versions: ServedVersions
  /** Told of what clients are given. */
  readonly prefetch: Prefetch | undefined
  /** Called with each file of which a client is given bytes. */
  readonly onServed?: ((repository: string, path: RepositoryPath) => void) | undefined
}

interface WantedSidecar<Found> {
  readonly path: RepositoryPath
  readonly found: Found
  readonly algorithm: SidecarAlgorithm
}

/** What was asked for: a file, or the sidecar that states one digest of it. */
interface Asked {
  readonly path: RepositoryPath
  readonly algorithm: SidecarAlgorithm | undefined
}

type Known = Exclude<Resolution, { readonly kind: 'unknown' }>
type ArtifactFound = Resolution & { readonly kind: 'artifact' }

/** Answers for artifacts, their sidecars and directories. Everything that is no answer is thrown. */
export class MavenRoutes {
  readonly #blobs: HotBlobs
  readonly #digests: SidecarDigests
  readonly #versions: ServedVersions
  readonly #prefetch: Prefetch | undefined
  readonly #onServed: MavenRoutesComponents['onServed']
  readonly #known = new KnownArtifacts()

  constructor(components: MavenRoutesComponents) {
    this.#blobs = components.blobs
    this.#digests = components.digests
    this.#versions = components.versions
    this.#prefetch = components.prefetch
    this.#onServed = components.onServed
  }

  /**
   * @throws {RefusedRequestError} with the status that says why not
   * @throws {UnavailableError} when nothing can be said, or nothing be had, now
   */
  async answer(request: MavenRequest): Promise<Answer> {
    const { source } = request
    const { segments, folder } = request.path
    if (segments.length === 0) return await listDirectory(request, '')
    const path = readPath(segments.join('/'))
    // What a proxied repository has in a folder, nobody says: its origin is never crawled.
    if (folder && source.proxied === true) return await listDirectory(request, path)
    const sidecar = folder ? undefined : sidecarOf(path)
    const found = await resolve(request, sidecar?.artifact ?? path, { indexOnly: folder })
    if (found.kind === 'directory' && sidecar === undefined)
      return await listDirectory(request, path)
    refuseTaken(request, found, path)
    if (!isFile(found) || folder) throw this.#notFound(request, found, path)
    return await this.#found(request, found, { path, algorithm: sidecar?.algorithm })
  }

  #notFound(request: MavenRequest, found: Known, path: RepositoryPath): Error {
    if (found.kind === 'absent') this.#prefetch?.missed(request.source.id, path)
    // Proofs on demand name files; only a whole index says what lies below a folder.
    if (request.path.folder && found.kind === 'absent' && found.fileOnly === true)
      return new UnavailableError(
        `The index of ${request.source.name} is not here yet, so nothing is listed`,
      )
    return notFound(request, path)
  }

  async #found(
    request: MavenRequest,
    found: ArtifactFound | ArrivingArtifact,
    { path, algorithm }: Asked,
  ): Promise<Answer> {
    if (found.kind === 'arriving') {
      if (algorithm === undefined) return await this.#arriving(request, found)
      return await this.#sidecarOfArriving(request, { path, found, algorithm })
    }
    refuseSuspect(request.source, found)
    if (algorithm === undefined) return await this.#artifact(request, found)
    return await this.#sidecar(request, { path, found, algorithm })
  }

  async #artifact(request: MavenRequest, found: ArtifactFound): Promise<Answer> {
    const { source } = request
    const { entry, mutable } = found
    const facts = this.#facts(source, found)
    const spared = answerWithoutBytes(request, facts)
    if (spared !== undefined) return spared
    // HEAD opens the artifact too: its 200 would else promise bytes that the GET after it cannot have.
    const { head } = source
    const blob = this.#recallWithPom(request, found) ?? (await this.#openWithPom(request, found))
    // What was withdrawn while the pom was waited for is not begun. What is taken back later is cut by its content.
    if (source.head !== head) await refuseTakenSince(request, entry.path, blob)
    if (mutable) this.#versions.served(source.id, { entry, opener: openerOf(request, found) })
    // HEAD asks whether a file that the client has is here, too: nothing follows from it.
    if (request.method === 'GET') this.#served(request, entry.path, blob)
    return withSource(found, answerFile(request, facts, blob))
  }

  /** A large file while it arrives: what is known is what its origin states. */
  async #arriving(request: MavenRequest, found: ArrivingArtifact): Promise<Answer> {
    const facts = arrivingFacts(found)
    const spared = answerWithoutBytes(request, facts)
    if (spared !== undefined) return spared
    await this.#requirePom(request, found)
    const content = found.open()
    const blob = { kind: 'stream', source: content.source, content } as const
    if (request.method === 'GET') this.#served(request, found.path, blob)
    return withSource(found, answerFile(request, facts, blob))
  }

  #served({ source }: MavenRequest, path: RepositoryPath, blob: OpenBlob): void {
    this.#onServed?.(source.id, path)
    this.#prefetch?.served({ repository: source.id, path, source: blob.source })
  }

  async #sidecarOfArriving(
    request: MavenRequest,
    wanted: WantedSidecar<ArrivingArtifact>,
  ): Promise<Answer> {
    const { signal } = request.exchange
    const { path, found, algorithm } = wanted
    if (algorithm !== 'sha1') {
      const entry = await untilAborted(found.complete({ signal }), signal)
      const { mutable, unindexed } = found
      const whole: ArtifactFound = {
        kind: 'artifact',
        entry,
        mutable,
        ...(unindexed && { unindexed }),
      }
      return await this.#sidecar(request, { path, found: whole, algorithm })
    }
    const facts = sidecarFacts(arrivingFacts(found), { name: path, text: found.sha1 }, {})
    return answerWithoutBytes(request, facts) ?? answerText(request, facts, found.sha1)
  }

  async #sidecar(request: MavenRequest, wanted: WantedSidecar<ArtifactFound>): Promise<Answer> {
    const { source, exchange } = request
    const { path, found, algorithm } = wanted
    const recent = found.mutable ? this.#versions.recent(source.id, found.entry.path) : undefined
    const { entry, opener } = recent ?? { entry: found.entry, opener: openerOf(request, found) }
    const text = await this.#digests.digestOf(opener, { entry, algorithm }, exchange.signal)
    const { facts: artifact } = this.#known.of(entry, found.mutable)
    const facts = sidecarFacts(artifact, { name: path, text }, staleHeaders(source, found) ?? {})
    return answerWithoutBytes(request, facts) ?? answerText(request, facts, text)
  }

  #facts(source: ArtifactSource, found: ArtifactFound): FileFacts {
    const { facts } = this.#known.of(found.entry, found.mutable)
    const md5 = this.#digests.knownMd5(found.entry)
    const stale = staleHeaders(source, found)
    if (md5 === undefined && stale === undefined) return facts
    const more = { ...(md5 !== undefined && { 'X-Checksum-MD5': md5 }), ...stale }
    return { ...facts, headers: { ...facts.headers, ...more } }
  }

  /** What is in memory, and its pom as well. */
  #recallWithPom({ source }: MavenRequest, found: ArtifactFound): OpenBlob | undefined {
    const blob = this.#blobs.recall(found.entry)
    const { pom } = this.#known.of(found.entry, found.mutable)
    if (blob === undefined || pom === undefined) return blob
    const beside = found.unindexed === undefined && source.recall?.(pom, { beside: true })
    if (!beside) return undefined
    if (beside.kind === 'artifact') return this.#blobs.recall(beside.entry) && blob
    return beside.kind === 'absent' ? blob : undefined
  }

  /** Both are asked for at once, for on a slow line each may take a while. */
  async #openWithPom(request: MavenRequest, found: ArtifactFound): Promise<OpenBlob> {
    const { entry } = found
    const [blob, pom] = await Promise.allSettled([
      this.#blobs.open(openerOf(request, found), entry, request.exchange.signal),
      this.#requirePom(request, { path: entry.path, unindexed: found.unindexed }),
    ])
    if (pom.status === 'rejected') {
      if (blob.status === 'fulfilled') release(blob.value)
      throw pom.reason
    }
    if (blob.status === 'rejected') throw blob.reason
    return blob.value
  }

  /**
   * A jar whose pom exists but cannot be had is not answered: clients that got only the jar would build
   * silently without its dependencies. Of a jar that is signed, the same index says whether there is a pom.
   */
  async #requirePom(
    request: MavenRequest,
    { path, unindexed }: { readonly path: RepositoryPath; readonly unindexed?: unknown },
  ): Promise<void> {
    const pom = pomOf(path)
    if (pom === undefined) return
    const found = await resolve(request, pom, { beside: unindexed === undefined })
    if (found.kind !== 'artifact') return
    try {
      const opener = openerOf(request, found)
      const pomBlob = await this.#blobs.open(opener, found.entry, request.exchange.signal)
      release(pomBlob)
      if (pomBlob.kind === 'stream' && pomBlob.content.early === true)
        throw new UnavailableError('its source is slow')
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      throw new UnavailableError(
        `${nameOf(path)} waits for its pom, without which it is no use: ${error.message}`,
        { cause: error },
      )
    }
  }
}

/** What is not in the signed index is opened by who found it: no peer is asked for it. */
function openerOf({ source }: MavenRequest, found: ArtifactFound): ArtifactOpener {
  return found.unindexed ?? source
}

/** Say where the bytes came from. What is not in the signed index counts as the origin's, wherever it lay meanwhile. */
function withSource(found: ArtifactFound | ArrivingArtifact, answer: Answer): Answer {
  const unindexed = found.unindexed !== undefined
  const source = unindexed ? 'origin' : answer.source
  if (source === undefined) return answer
  const name = unindexed ? UNINDEXED_SOURCE : source
  return { ...answer, source, unindexed, headers: { ...answer.headers, 'X-Jarswarm-Source': name } }
}

function release(blob: OpenBlob): void {
  if (blob.kind === 'stream') blob.content.release()
}

function isFile(found: Known): found is ArtifactFound | ArrivingArtifact {
  return found.kind === 'artifact' || found.kind === 'arriving'
}

function listDirectory(
  { source, exchange, base }: MavenRequest,
  directory: string,
): Promise<Answer> {
  return answerDirectory(
    { source, signal: exchange.signal, ...(base !== undefined && { base }) },
    directory,
  )
}

function readPath(text: string): RepositoryPath {
  try {
    return parsePath(text)
  } catch (error) {
    if (error instanceof InvalidPathError) throw new RefusedRequestError(400, error.message)
    throw error
  }
}

async function resolve(
  { source, exchange, base }: MavenRequest,
  path: RepositoryPath,
  options: Omit<Parameters<ArtifactSource['resolve']>[1], 'signal'> = {},
): Promise<Known> {
  const recalled = source.recall?.(path, options)
  if (recalled !== undefined) return known(recalled)
  const { signal } = exchange
  // A public mirror gives what is signed, and passes nothing else on.
  const indexOnly = options.indexOnly === true || options.beside === true || base !== undefined
  return known(await untilAborted(source.resolve(path, { ...options, signal, indexOnly }), signal))
}

function known(found: Resolution): Known {
  if (found.kind === 'unknown') throw new UnavailableError(found.reason)
  return found
}

async function refuseTakenSince(
  request: MavenRequest,
  path: RepositoryPath,
  blob: OpenBlob,
): Promise<void> {
  const { source, exchange } = request
  const { signal } = exchange
  try {
    const found = await untilAborted(source.resolve(path, { signal, indexOnly: true }), signal)
    if (found.kind !== 'unknown') refuseTaken(request, found, path)
  } catch (error) {
    release(blob)
    throw error
  }
}

function staleHeaders(
  source: ArtifactSource,
  found: ArtifactFound,
): Record<string, string> | undefined {
  if (found.staleSeconds !== undefined)
    return { 'X-Jarswarm-Stale': String(Math.floor(found.staleSeconds)) }
  if (!found.mutable) return undefined
  const { state, staleSeconds } = source.freshness()
  if (state !== 'stale') return undefined
  return { 'X-Jarswarm-Stale': String(Math.floor(staleSeconds)) }
}
