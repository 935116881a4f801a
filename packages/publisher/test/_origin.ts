import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export const MTIME = 'Tue, 14 Nov 2023 22:13:20 GMT'

/** Answers a request in place of the origin, or not at all; true when it did. */
export type Trick = (request: IncomingMessage, response: ServerResponse) => boolean

/** An HTTP repository of files in memory, and what was asked of it. */
export interface TestOrigin {
  readonly url: string
  readonly files: Map<string, Buffer>
  /** Paths that were answered with a body, in order. */
  readonly sent: string[]
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  readonly userAgents: Set<string>
  trick: Trick | undefined
}

/** Serve files with ETags, dates and conditional answers. */
export async function serveOrigin(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<TestOrigin> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice('/repo/'.length))
    origin.asked.push(path)
    origin.userAgents.add(request.headers['user-agent'] ?? '')
    if (origin.trick?.(request, response) === true) return
    answer(origin, { path, request, response })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const origin: TestOrigin = {
    url: `http://127.0.0.1:${String(port)}/repo`,
    files: new Map(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes)])),
    sent: [],
    asked: [],
    userAgents: new Set(),
    trick: undefined,
  }
  return origin
}

/** Checksum files of some bytes, as a deploy writes them. */
export function withSha1(path: string, bytes: string | Buffer): Record<string, string | Buffer> {
  return { [path]: bytes, [`${path}.sha1`]: createHash('sha1').update(bytes).digest('hex') }
}

function answer(
  origin: TestOrigin,
  {
    path,
    request,
    response,
  }: {
    readonly path: string
    readonly request: IncomingMessage
    readonly response: ServerResponse
  },
): void {
  const bytes = origin.files.get(path)
  if (bytes === undefined) {
    response.writeHead(404).end()
    return
  }
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
  const headers = { etag, 'last-modified': MTIME }
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end()
    return
  }
  origin.sent.push(path)
  response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes)
}
