import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { TestContext } from 'node:test'
import type { Logger } from '@jarswarm/ports'
import { ManualClock, MemoryArtifactSource } from '@jarswarm/testkit'
import { Endpoint } from '../src/index.ts'
import type { EndpointInit, NodeStatus } from '../src/index.ts'

export interface Fixture {
  readonly endpoint: Endpoint
  readonly source: MemoryArtifactSource
  readonly sources: MemoryArtifactSource[]
  readonly clock: ManualClock
  readonly port: number
  /** Messages of everything logged at `warn` and above. */
  readonly complaints: string[]
}

/** An endpoint on a free port over one repository `clojars` in memory; stopped when the test ends. */
export async function startEndpoint(t: TestContext, init: EndpointInit = {}): Promise<Fixture> {
  const source = new MemoryArtifactSource({ origin: 'https://repo.example/' })
  const sources = [source]
  const clock = new ManualClock()
  const complaints: string[] = []
  const endpoint: Endpoint = new Endpoint(
    {
      repositories: () => sources,
      status: () => nodeStatus(sources, endpoint),
      clock,
      logger: recordingLogger(complaints),
    },
    { port: 0, ...init },
  )
  await endpoint.start()
  t.after(async () => {
    const stopped = endpoint.stop()
    clock.advance(60_000)
    await stopped
  })
  const port = Number(new URL(endpoint.address()).port)
  return { endpoint, source, sources, clock, port, complaints }
}

export function nodeStatus(
  sources: readonly MemoryArtifactSource[],
  endpoint: Endpoint,
): NodeStatus {
  return {
    version: '0.1.0',
    peerId: '12D3KooWTest',
    listen: ['/ip4/127.0.0.1/tcp/4870/p2p/12D3KooWTest'],
    uptimeSeconds: 90,
    repositories: sources.map((source) => source.status()),
    store: { blobs: 3, bytes: 1_500_000, quotaBytes: 20_000_000_000 },
    peers: { connected: 2, known: 5 },
    served: endpoint.served(),
  }
}

function recordingLogger(complaints: string[]): Logger {
  const complain = (_fields: unknown, message: string): void => {
    complaints.push(message)
  }
  return { debug: () => undefined, info: () => undefined, warn: complain, error: complain }
}

export interface Answered {
  readonly status: number
  readonly phrase: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** One request over its own connection, its path sent as it stands. */
export async function ask(
  port: number,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answered> {
  const answered = Promise.withResolvers<Answered>()
  const { method = 'GET', headers = {} } = options
  const init = { host: '127.0.0.1', port, path, method, headers, agent: false }
  const request = httpRequest(init, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('error', answered.reject)
    response.once('end', () => {
      answered.resolve({
        status: response.statusCode ?? 0,
        phrase: response.statusMessage ?? '',
        headers: response.headers,
        body: Buffer.concat(chunks),
      })
    })
  })
  request.once('error', answered.reject)
  request.end()
  return await answered.promise
}

/** What came over a raw connection until it ended; `error` is the code of a reset. */
export interface RawAnswer {
  readonly text: string
  readonly error: string | undefined
}

/** Send bytes over a raw connection and read until the other side ends it. */
export async function sendRaw(port: number, text: string): Promise<RawAnswer> {
  const socket = await openRaw(port)
  const ended = readToEnd(socket)
  socket.write(text, 'latin1')
  return await ended
}

export async function openRaw(port: number): Promise<Socket> {
  const connected = Promise.withResolvers<undefined>()
  const socket = connect(port, '127.0.0.1', () => {
    connected.resolve(undefined)
  })
  socket.once('error', connected.reject)
  await connected.promise
  return socket
}

export async function readToEnd(socket: Socket): Promise<RawAnswer> {
  const ended = Promise.withResolvers<RawAnswer>()
  const chunks: Buffer[] = []
  let error: string | undefined
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', (found: NodeJS.ErrnoException) => {
    error = found.code
  })
  socket.once('close', () => {
    ended.resolve({ text: Buffer.concat(chunks).toString('latin1'), error })
  })
  return await ended.promise
}

/** Wait until a condition holds, checked on each turn of the event loop; at most a bounded number of turns. */
export async function waitFor(condition: () => boolean): Promise<void> {
  const MAX_TURNS = 200_000
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    if (condition()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('Cannot go on: the condition never held')
}
