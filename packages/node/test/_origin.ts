import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** How the origin answers for the artifacts that it has; checksum files always come right, unless it is `away`. */
export type OriginManner = 'whole' | 'wrong' | 'truncated' | 'away' | 'busy' | 'failing' | 'page'

const SIDECAR = /^(.*)\.(sha1|sha256|sha512)$/

/** A plain Maven repository over HTTP, without any signature. */
export class TestOrigin {
  manner: OriginManner = 'whole'
  /** For single paths. */
  readonly manners = new Map<string, OriginManner>()
  /** Paths that were asked for, in order. */
  readonly asked: string[] = []
  readonly files = new Map<string, Buffer>()
  #url = ''

  static async start(t: TestContext, files: Readonly<Record<string, Buffer>>): Promise<TestOrigin> {
    const origin = new TestOrigin()
    for (const [path, bytes] of Object.entries(files)) origin.files.set(path, bytes)
    const server = createServer((request, response) => {
      origin.#answer((request.url ?? '').slice(1), response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    t.after(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return origin
  }

  /** Base URL with a trailing slash. */
  get url(): string {
    return this.#url
  }

  #answer(path: string, response: ServerResponse): void {
    this.asked.push(path)
    const [, artifact = path, kind] = SIDECAR.exec(path) ?? []
    const bytes = this.files.get(artifact)
    const manner = this.manners.get(path) ?? this.manner
    if (manner === 'away') response.socket?.resetAndDestroy()
    else if (manner === 'busy') response.writeHead(429, { 'Retry-After': '60' }).end()
    else if (manner === 'failing') response.writeHead(500).end()
    else if (manner === 'page') response.end('<html>Nothing here</html>'.repeat(100))
    else if (bytes === undefined) response.writeHead(404).end()
    else if (kind !== undefined) response.end(createHash(kind).update(bytes).digest('hex'))
    else this.#send(bytes, response)
  }

  #send(bytes: Buffer, response: ServerResponse): void {
    response.setHeader('Last-Modified', 'Tue, 14 Nov 2023 22:13:20 GMT')
    response.setHeader('Content-Length', bytes.length)
    if (this.manner === 'truncated') {
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
      return
    }
    const sent = Buffer.from(bytes)
    if (this.manner === 'wrong')
      sent.writeUInt8(sent.readUInt8(sent.length - 1) ^ 1, sent.length - 1)
    response.end(sent)
  }
}
