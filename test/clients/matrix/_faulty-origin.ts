import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** What an origin does with a request. */
export type OriginManner =
  | { readonly kind: 'serve' }
  | { readonly kind: 'status'; readonly status: number }
  /** Takes the request and never answers. */
  | { readonly kind: 'silent' }
  /** The right length, other bytes. */
  | { readonly kind: 'wrong' }
  /** The right length announced; the connection is reset after this many bytes of the body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  | { readonly kind: 'delayed'; readonly delayMs: number }

const SERVE: OriginManner = { kind: 'serve' }
const TICK_MS = 100

/** The repository as a plain web server has it, with faults. */
export class FaultyOrigin {
  /** Decides on each request by its path, without a leading slash. */
  manner: (path: string) => OriginManner = () => SERVE
  /** Called before each request is answered. */
  onRequest: (path: string) => Promise<void> | void = () => undefined
  readonly #tree: string
  readonly #server: Server
  readonly #stop = new AbortController()

  private constructor(tree: string) {
    this.#tree = tree
    this.#server = createServer((request, response) => {
      // Ends early when the client leaves or the origin is closed; the client sees its connection go.
      this.#answer(request, response).catch(() => response.destroy())
    })
    this.#server.keepAliveTimeout = 60_000
  }

  /** Serve a tree, faultlessly. */
  static async start(tree: string): Promise<FaultyOrigin> {
    const origin = new FaultyOrigin(tree)
    origin.#server.listen(0, '127.0.0.1')
    await once(origin.#server, 'listening')
    return origin
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}/`
  }

  /** Serve without faults from now on. */
  heal(): void {
    this.manner = () => SERVE
    this.onRequest = () => undefined
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#server.close()
    this.#server.closeAllConnections()
    if (this.#server.listening) await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = normalize(decodeURIComponent(request.url ?? '/')).slice(1)
    await this.onRequest(path)
    const manner = this.manner(path)
    if (manner.kind === 'silent') return
    if (manner.kind === 'delayed')
      await delay(manner.delayMs, undefined, { signal: this.#stop.signal })
    const file = join(this.#tree, path)
    const refusal = refusalOf(request, manner, file)
    if (refusal === undefined) await this.#serve(file, manner, { request, response })
    else response.writeHead(refusal, { 'Content-Length': 0 }).end()
  }

  async #serve(
    file: string,
    manner: OriginManner,
    { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  ): Promise<void> {
    const whole = readFileSync(file)
    const { status, start, stop } = rangeOf(request.headers.range, whole.length)
    const bytes = whole.subarray(start, stop)
    const part = `bytes ${String(start)}-${String(stop - 1)}/${String(whole.length)}`
    response.writeHead(status, {
      'Content-Length': bytes.length,
      'Last-Modified': statSync(file).mtime.toUTCString(),
      ...(status === 206 ? { 'Content-Range': part } : {}),
    })
    if (request.method === 'HEAD') response.end()
    else await this.#send(response, bytes, manner)
  }

  async #send(response: ServerResponse, bytes: Buffer, manner: OriginManner): Promise<void> {
    if (manner.kind === 'wrong') response.end(bytes.map((byte) => byte ^ 1))
    else if (manner.kind === 'cut' && bytes.length > manner.afterBytes) {
      response.write(bytes.subarray(0, manner.afterBytes), () => response.socket?.resetAndDestroy())
    } else if (manner.kind === 'slow') {
      const step = (manner.bytesPerSecond * TICK_MS) / 1_000
      for (let sent = 0; sent < bytes.length && !response.destroyed; sent += step) {
        response.write(bytes.subarray(sent, sent + step))
        await delay(TICK_MS, undefined, { signal: this.#stop.signal })
      }
      response.end()
    } else response.end(bytes)
  }
}

/** The status that a request is refused with, if it is. */
function refusalOf(
  { method }: IncomingMessage,
  manner: OriginManner,
  file: string,
): number | undefined {
  if (method !== 'GET' && method !== 'HEAD') return 405
  if (manner.kind === 'status') return manner.status
  return existsSync(file) && statSync(file).isFile() ? undefined : 404
}

function rangeOf(
  header: string | undefined,
  length: number,
): { readonly status: number; readonly start: number; readonly stop: number } {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? []
  if (from === undefined) return { status: 200, start: 0, stop: length }
  const last = to === undefined || to === '' ? length - 1 : Math.min(Number(to), length - 1)
  return { status: 206, start: Number(from), stop: last + 1 }
}
