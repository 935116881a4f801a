import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isDigest } from '@jarswarm/manifest'
import type { AbortOptions, ArtifactContent, ArtifactSource, PublishedName } from '@jarswarm/ports'
import { PUBLISHED_FOLDER, publishedPath } from '@jarswarm/ports'
import type { Answer } from './answer.ts'
import { RefusedRequestError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { MavenRoutes } from './maven-routes.ts'
import { isReadMethod } from './request-guard.ts'
import { cleanRequestPath } from './request-path.ts'
import type { RequestPath } from './request-path.ts'
import { untilAborted } from './until-aborted.ts'

/** Proxies and CDNs may keep the one file that changes for this long; so long may a new state take to be seen. */
const MANIFEST_CACHING = 'public, max-age=10'
const IMMUTABLE_CACHING = 'public, max-age=31536000, immutable'
/** What is not here now may be here soon, and proxies remember a 404. */
const NOT_CACHED = { 'Cache-Control': 'no-store' }
/** Whoever forwards requests of others says so with one of these. */
const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']
/** Folders whose files are named by digest. */
const DIGEST_FOLDERS: Readonly<Record<string, 'object' | 'blob' | 'pack'>> = {
  objects: 'object',
  blobs: 'blob',
  packs: 'pack',
}
const LOOPBACK = /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' }

/** Opens a part of a repository's published form; undefined when it is not here. */
export type OpenPublished = (
  source: ArtifactSource,
  name: PublishedName,
  options: AbortOptions,
) => Promise<ArtifactContent | undefined>

export interface PublicSiteComponents {
  readonly repositories: () => readonly ArtifactSource[]
  readonly maven: MavenRoutes
  readonly openPublished: OpenPublished
}

/**
 * What strangers reach under the public URL: the trees of the followed repositories with their published form, and
 * nothing else of the node. One repository stands at the URL itself; of several each stands below its name.
 */
export class PublicSite {
  readonly #components: PublicSiteComponents
  readonly #hosts: ReadonlySet<string>
  readonly #prefix: readonly string[]

  /** @param url http or https base URL */
  constructor(components: PublicSiteComponents, url: string) {
    const { host, hostname, protocol, pathname } = new URL(url)
    this.#components = components
    const isDefaultPort = host === hostname
    this.#hosts = new Set(isDefaultPort ? [host, host + (DEFAULT_PORTS[protocol] ?? '')] : [host])
    this.#prefix = cleanRequestPath(pathname).segments
  }

  /**
   * Whether a request is for the public URL's host. All others are for the pages of this machine, so that those which
   * come from elsewhere under a name of this machine are refused.
   *
   * @param authority of the absolute form of the request target, which wins over the Host header
   * @throws {RefusedRequestError} 421
   */
  isFor(request: IncomingMessage, authority: string | undefined): boolean {
    const host = (authority ?? request.headers.host ?? '').toLowerCase()
    if (this.#hosts.has(host)) return true
    // Behind a proxy that does not pass the host on, all the world would look like a program of this machine.
    const isForwarded = FORWARDING_HEADERS.some((name) => request.headers[name] !== undefined)
    if (isForwarded || !LOOPBACK.test(request.socket.remoteAddress ?? ''))
      throw new RefusedRequestError(
        421,
        `From elsewhere only ${[...this.#hosts][0] ?? ''} is answered; a proxy in front must send it as Host`,
      )
    return false
  }

  /**
   * @param target path of the request, as sent
   * @throws {RefusedRequestError} with the status that says why not
   * @throws {UnavailableError} when there is no answer now
   */
  async answer(exchange: Exchange, target: string): Promise<Answer> {
    const { request } = exchange
    if (!isReadMethod(request.method)) throw readOnly()
    const { source, path, base } = this.#find(cleanRequestPath(target))
    if (path.segments[0] === PUBLISHED_FOLDER) return await this.#published(exchange, source, path)
    const { method, headers } = request
    return await this.#components.maven.answer({ method, headers, source, path, exchange, base })
  }

  #find({ segments, folder }: RequestPath): {
    readonly source: ArtifactSource
    readonly path: RequestPath
    readonly base: string
  } {
    const isBelow = this.#prefix.every((segment, at) => segments[at] === segment)
    const rest = segments.slice(this.#prefix.length)
    const base = ['', ...this.#prefix, ''].join('/')
    const sources = this.#components.repositories().filter((one) => one.proxied !== true)
    const [only, ...others] = sources
    if (isBelow && only !== undefined && others.length === 0)
      return { source: only, path: { segments: rest, folder }, base }
    const source = sources.find(({ name }) => name === rest[0])
    if (!isBelow || source === undefined)
      throw new RefusedRequestError(404, 'No repository stands here', NOT_CACHED)
    const path = { segments: rest.slice(1), folder }
    return { source, path, base: `${base}${source.name}/` }
  }

  async #published(exchange: Exchange, source: ArtifactSource, path: RequestPath): Promise<Answer> {
    const { signal, request } = exchange
    const name = path.folder ? undefined : publishedName(path.segments)
    const content =
      name && (await untilAborted(this.#components.openPublished(source, name, { signal }), signal))
    if (name === undefined || content === undefined)
      throw new RefusedRequestError(404, 'This mirror does not have it', NOT_CACHED)
    if (name.kind === 'manifest') return await answerManifest(request, content, signal)
    const headers = { ...CONTENT_HEADERS, 'Cache-Control': IMMUTABLE_CACHING }
    const range = { offset: 0, length: content.sizeBytes }
    return { status: 200, headers, body: { kind: 'stream', content, range } }
  }
}

const CONTENT_HEADERS = {
  'Content-Type': 'application/octet-stream',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
}

/** The one part that is asked for again and again has a tag, so that it need not be sent each time. */
async function answerManifest(
  request: IncomingMessage,
  content: ArtifactContent,
  signal: AbortSignal,
): Promise<Answer> {
  const chunks: Uint8Array[] = []
  try {
    const range = { offset: 0, length: content.sizeBytes }
    for await (const chunk of content.read(range, { signal })) chunks.push(chunk)
  } finally {
    content.release()
  }
  const bytes = Buffer.concat(chunks)
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`
  const headers = { ...CONTENT_HEADERS, 'Cache-Control': MANIFEST_CACHING, ETag: etag }
  if (request.headers['if-none-match'] === etag)
    return { status: 304, headers, body: { kind: 'none' } }
  return { status: 200, headers, body: { kind: 'bytes', bytes } }
}

/** What a path names; undefined when it is not exactly where the published form has something. */
function publishedName(segments: readonly string[]): PublishedName | undefined {
  const name = parsePublished(segments)
  return name !== undefined && publishedPath(name) === segments.join('/') ? name : undefined
}

function parsePublished(segments: readonly string[]): PublishedName | undefined {
  const [, kind, ...rest] = segments
  const last = rest.at(-1) ?? ''
  switch (kind ?? '') {
    case 'manifest':
      return { kind: 'manifest' }
    case 'roots':
      return /^[1-9]\d{0,8}\.root\.json$/.test(last)
        ? { kind: 'root', number: Number.parseInt(last, 10) }
        : undefined
    case 'log':
      return { kind: 'log', tile: rest.join('/') }
    default: {
      const digestKind = DIGEST_FOLDERS[kind ?? '']
      return digestKind !== undefined && isDigest(last)
        ? { kind: digestKind, digest: last }
        : undefined
    }
  }
}

function readOnly(): RefusedRequestError {
  return new RefusedRequestError(405, 'This mirror is read-only; deploy to the primary', {
    Allow: 'GET, HEAD',
  })
}
