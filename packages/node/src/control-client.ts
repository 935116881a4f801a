import type { NodeStatus } from '@jarswarm/endpoint'
import type { UpstreamReport } from '@jarswarm/mirror'
import type { AbortOptions, PeerStatus, RepositoryStatus, SourceKind } from '@jarswarm/ports'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { controlSocketPath } from './control-socket.ts'
import type { Denial, DenyChange } from './deny/deny-list.ts'
import { errorCode } from './error-code.ts'
import { ControlError, NoNodeError } from './errors.ts'
import type { IndexQuery, IndexSlice } from './local-files/index-slice.ts'
import type { LimitReport } from './limits/limit-report.ts'
import type { FileHistory, VerifiedRepository } from './history-reports.ts'
import type {
  AdoptedFile,
  CheckReport,
  GottenArtifact,
  LocalFile,
  NodeControl,
  PathFinding,
  WithdrawnList,
} from './node-control.ts'

/** A node answers at once, except when it fetches or checks: those may take what they take. */
const ANSWER_MS = 15_000
/** Upstreams that do not answer are waited for. */
const INSPECTION_MS = 30_000

/** What a connection to a socket without a node behind it fails with. */
const NO_NODE_CODES = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'ENOTSOCK'])

interface Command extends AbortOptions {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  /** Longest wait for the answer to begin; undefined means as long as the caller's signal allows. */
  readonly timeoutMs?: number
}

/**
 * The node that runs on a data directory, in whatever process. Every call throws NoNodeError when there is
 * none, and ControlError with the node's own code and message when it refuses.
 */
export class ControlClient implements NodeControl {
  readonly #dataDir: string

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  status({ signal }: AbortOptions = {}): Promise<NodeStatus> {
    return this.#ask<NodeStatus>({ path: '/status', timeoutMs: ANSWER_MS, ...given(signal) })
  }

  limits({ signal }: AbortOptions = {}): Promise<readonly LimitReport[]> {
    return this.#ask({ path: '/limits', timeoutMs: ANSWER_MS, ...given(signal) })
  }

  peers({ signal }: AbortOptions = {}): Promise<readonly PeerStatus[]> {
    return this.#ask({ path: '/peers', timeoutMs: ANSWER_MS, ...given(signal) })
  }

  repositories({ signal }: AbortOptions = {}): Promise<readonly RepositoryStatus[]> {
    return this.#ask({ path: '/repositories', timeoutMs: ANSWER_MS, ...given(signal) })
  }

  mirrors({ signal }: AbortOptions = {}): Promise<readonly UpstreamReport[]> {
    return this.#ask({ path: '/mirrors', timeoutMs: INSPECTION_MS, ...given(signal) })
  }

  check(options: AbortOptions & { readonly repair?: boolean } = {}): Promise<CheckReport> {
    const body = { repair: options.repair ?? false }
    return this.#ask({ method: 'POST', path: '/check', body, ...given(options.signal) })
  }

  join(link: string, { signal }: AbortOptions = {}): Promise<RepositoryStatus> {
    return this.#ask({ method: 'POST', path: '/join', body: { link }, ...given(signal) })
  }

  denials(change: DenyChange = {}, { signal }: AbortOptions = {}): Promise<readonly Denial[]> {
    return this.#ask({ method: 'POST', path: '/denials', body: change, ...given(signal) })
  }

  history(address: string, { signal }: AbortOptions = {}): Promise<FileHistory> {
    return this.#ask({ method: 'POST', path: '/history', body: { address }, ...given(signal) })
  }

  verifyHistory(
    body: Parameters<NodeControl['verifyHistory']>[0],
    { signal }: AbortOptions = {},
  ): Promise<readonly VerifiedRepository[]> {
    return this.#ask({ method: 'POST', path: '/verify-history', body, ...given(signal) })
  }

  lookUp(paths: readonly string[], { signal }: AbortOptions = {}): Promise<readonly PathFinding[]> {
    return this.#ask({ method: 'POST', path: '/look-up', body: { paths }, ...given(signal) })
  }

  readIndex(query: IndexQuery, { signal }: AbortOptions = {}): Promise<IndexSlice> {
    return this.#ask({ method: 'POST', path: '/index', body: query, ...given(signal) })
  }

  withdrawn(repository: string, { signal }: AbortOptions = {}): Promise<WithdrawnList> {
    return this.#ask({ method: 'POST', path: '/withdrawn', body: { repository }, ...given(signal) })
  }

  adopt(
    files: readonly LocalFile[],
    { signal }: AbortOptions = {},
  ): Promise<readonly AdoptedFile[]> {
    return this.#ask({ method: 'POST', path: '/adopt', body: { files }, ...given(signal) })
  }

  async get(address: string, { signal }: AbortOptions = {}): Promise<GottenArtifact> {
    const path = `/get/${encodeURIComponent(address)}`
    const answer = await this.#send({ path, ...given(signal) })
    const { headers } = answer
    return {
      digest: String(headers['x-jarswarm-digest']),
      sizeBytes: Number(headers['content-length']),
      source: String(headers['x-jarswarm-source']) as SourceKind,
      verified: headers['x-jarswarm-verified'] === 'true',
      bytes: answer,
      release: () => {
        answer.destroy()
      },
    }
  }

  // The node of this data directory is the same program, run by the same user: its answers are taken as typed.
  async #ask<T>(command: Command): Promise<T> {
    return (await json(await this.#send(command))) as T
  }

  async #send(command: Command): Promise<IncomingMessage> {
    const answer = await this.#exchange(command)
    if (answer.statusCode === 200) return answer
    const { error } = (await json(answer)) as { error: { code: string; message: string } }
    throw new ControlError(error.message, error.code)
  }

  async #exchange({
    method = 'GET',
    path,
    body,
    timeoutMs,
    signal,
  }: Command): Promise<IncomingMessage> {
    const sent = request({
      socketPath: controlSocketPath(this.#dataDir),
      method,
      path,
      agent: false,
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      ...given(signal),
    })
    sent.once('timeout', () => {
      sent.destroy(
        new NoNodeError(
          `The node of ${this.#dataDir} did not answer within ${String(timeoutMs)} ms`,
        ),
      )
    })
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    if (bytes !== undefined) sent.setHeader('Content-Length', bytes.length)
    try {
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>
      sent.end(bytes)
      return (await answered)[0]
    } catch (error) {
      if (!NO_NODE_CODES.has(errorCode(error) ?? '')) throw error
      throw new NoNodeError(`No node runs on ${this.#dataDir}; start one with "jarswarm start"`, {
        cause: error,
      })
    }
  }
}

function given(signal: AbortSignal | undefined): AbortOptions {
  return signal === undefined ? {} : { signal }
}
