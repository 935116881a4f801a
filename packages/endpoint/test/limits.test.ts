import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { ArtifactContent, ArtifactOpener, ArtifactSource } from '@jarswarm/ports'
import { ManualClock } from '@jarswarm/testkit'
import { answerDirectory } from '../src/directory-answer.ts'
import { HotBlobs } from '../src/hot-blobs.ts'
import {
  HANDSHAKE_TIMEOUT_MS,
  HEADERS_TIMEOUT_MS,
  HOT_CACHE_BYTES,
  KEEP_ALIVE_MS,
  MAX_CLIENT_CONNECTIONS,
  MAX_DRAINED_BYTES,
  MAX_HEADER_BYTES,
  MAX_HEADER_COUNT,
  MAX_HOT_BLOB_BYTES,
  MAX_LISTED_NAMES,
  MAX_PAIRS,
  MAX_PHRASE_CHARACTERS,
  MAX_REMEMBERED_BLOBS,
  MAX_TARGET_CHARACTERS,
  REQUEST_TIMEOUT_MS,
  SOCKET_SILENCE_MS,
  WRITE_AHEAD_BYTES,
} from '../src/limits.ts'
import { createReadServer, createSecureReadServer } from '../src/read-server.ts'
import { toReasonPhrase } from '../src/reason-phrase.ts'
import { refuseBody } from '../src/refuse-body.ts'
import { cleanRequestPath } from '../src/request-path.ts'
import { ServedVersions } from '../src/served-versions.ts'
import { SidecarDigests } from '../src/sidecar-digests.ts'
import { openRaw, sendRaw, startEndpoint, waitFor } from './_fixture.ts'

const SIGNAL = new AbortController().signal

function entryOf(number: number, sizeBytes = 1): IndexEntry {
  const digest = createHash('sha256').update(String(number)).digest('hex')
  return {
    path: parsePath(`g/a/${String(number)}/a.jar`),
    digest,
    sha1: digest.slice(0, 40),
    sizeBytes,
    mtimeSeconds: 0,
    pieceList: undefined,
  }
}

/** Opens blobs of zeros, and counts how often. */
class Zeros implements ArtifactOpener {
  opened = 0

  open(entry: IndexEntry): Promise<ArtifactContent> {
    this.opened += 1
    return Promise.resolve({
      source: 'store',
      sizeBytes: entry.sizeBytes,
      async *read({ length }) {
        yield await Promise.resolve(new Uint8Array(length))
      },
      release: () => undefined,
    })
  }
}

/** For all sockets a thousandth of the time passes; returns how long they were to be silent. */
function quickSockets(t: TestContext): ReadonlySet<number> {
  const waits = new Set<number>()
  const wait = Reflect.get(Socket.prototype, 'setTimeout')
  const quick = function (this: Socket, ms: number, then?: () => void): Socket {
    waits.add(ms)
    return wait.call(this, ms / 1_000, then)
  }
  t.mock.method(Socket.prototype, 'setTimeout', quick)
  return waits
}

describe('the listener', () => {
  it('takes MAX_CLIENT_CONNECTIONS, and turns the next away', async (t) => {
    const { endpoint, port } = await startEndpoint(t)
    const taken: Socket[] = []
    while (taken.length < MAX_CLIENT_CONNECTIONS) {
      // The system takes one connection after the other in its own time: of many at once, some wait behind the next.
      taken.push(await openRaw(port))
      await waitFor(() => endpoint.connections() === taken.length)
    }
    assert.equal((await sendRaw(port, '')).text, '')
    assert.equal(endpoint.connections(), MAX_CLIENT_CONNECTIONS)
    for (const socket of taken) socket.destroy()
  })

  it('takes fewer when it is told so', async (t) => {
    const { endpoint, port } = await startEndpoint(t, { maxConnections: 3 })
    const taken = await Promise.all(Array.from({ length: 3 }, () => openRaw(port)))
    assert.equal((await sendRaw(port, '')).text, '')
    assert.equal(endpoint.connections(), 3)
    for (const socket of taken) socket.destroy()
  })

  it('waits HEADERS_TIMEOUT_MS for a head unless told otherwise', async (t) => {
    assert.equal(createReadServer(() => undefined).headersTimeout, HEADERS_TIMEOUT_MS)
    const { port } = await startEndpoint(t, { headersTimeoutMs: 300 })
    assert.match((await sendRaw(port, 'GET / HTTP/1.1\r\nHost:')).text, /^HTTP\/1\.1 408/)
  })

  it('keeps a connection for KEEP_ALIVE_MS between two requests', () => {
    assert.equal(createReadServer(() => undefined).keepAliveTimeout, KEEP_ALIVE_MS)
  })

  it('waits REQUEST_TIMEOUT_MS for a request', () => {
    assert.equal(createReadServer(() => undefined).requestTimeout, REQUEST_TIMEOUT_MS)
  })

  it('waits SOCKET_SILENCE_MS for anything', async (t) => {
    const waits = quickSockets(t)
    const { port } = await startEndpoint(t)
    assert.equal((await sendRaw(port, '')).text, '')
    assert.ok(waits.has(SOCKET_SILENCE_MS))
  })

  it('waits HANDSHAKE_TIMEOUT_MS for a TLS greeting', async (t) => {
    const waits = quickSockets(t)
    const server = createSecureReadServer(() => undefined, { credentials: { cert: '', key: '' } })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const refused = once(server, 'tlsClientError')
    const socket = await openRaw(port)
    const [error] = (await refused) as [Error]
    assert.match(error.message, /handshake timeout/)
    assert.ok(waits.has(HANDSHAKE_TIMEOUT_MS))
    socket.destroy()
  })

  it('writes WRITE_AHEAD_BYTES ahead of a client, and one chunk', async (t) => {
    const chunk = new Uint8Array(10_000)
    const written = Promise.withResolvers<number>()
    const server = createReadServer((_request, response) => {
      let bytes = chunk.length
      while (response.write(chunk)) bytes += chunk.length
      written.resolve(bytes)
      response.destroy()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const bytes = await written.promise
    assert.ok(bytes >= WRITE_AHEAD_BYTES && bytes < WRITE_AHEAD_BYTES + 2 * chunk.length)
  })

  it('reads a head of MAX_HEADER_BYTES, and none longer', async (t) => {
    const { port } = await startEndpoint(t)
    const first = `GET /-/health HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\nConnection: close\r\nX: `
    // The parser counts what is between the lines' ends, and stops a little below the bound.
    const status = async (bytes: number): Promise<string> => {
      const { text } = await sendRaw(port, `${first}${'x'.repeat(bytes - first.length)}\r\n\r\n`)
      return text.slice(9, 12)
    }
    assert.equal(await status(MAX_HEADER_BYTES - 64), '200')
    assert.equal(await status(MAX_HEADER_BYTES + 64), '431')
  })

  it('takes MAX_HEADER_COUNT in a request, and no more', async (t) => {
    const { port } = await startEndpoint(t)
    const status = async (count: number): Promise<string> => {
      const others = Array.from({ length: count - 2 }, (_, at) => `X${String(at)}: x\r\n`).join('')
      const host = `Host: 127.0.0.1:${String(port)}\r\nConnection: close\r\n`
      const { text } = await sendRaw(port, `GET /-/health HTTP/1.1\r\n${host}${others}\r\n`)
      return text.slice(9, 12)
    }
    assert.equal(await status(MAX_HEADER_COUNT), '200')
    assert.match(await status(MAX_HEADER_COUNT + 1), /^4/)
  })

  it('reads MAX_DRAINED_BYTES of a refused body, and no more', () => {
    const request = Object.assign(new EventEmitter(), { headers: {} })
    let ended = false
    const response = Object.assign(new EventEmitter(), {
      writeHead: () => undefined,
      write: () => undefined,
      end: () => (ended = true),
    })
    refuseBody(
      {
        request: request as unknown as IncomingMessage,
        response: response as unknown as ServerResponse,
      },
      { status: 405, headers: {}, body: { kind: 'bytes', bytes: new Uint8Array(0) } },
      new ManualClock(),
    )
    request.emit('data', new Uint8Array(MAX_DRAINED_BYTES))
    assert.equal(ended, false)
    request.emit('data', new Uint8Array(1))
    assert.equal(ended, true)
  })
})

describe('what is read and said', () => {
  it('is a target of MAX_TARGET_CHARACTERS, and none longer', () => {
    const path = (length: number): string => '/'.padEnd(length, 'a')
    assert.equal(cleanRequestPath(path(MAX_TARGET_CHARACTERS)).segments.length, 1)
    assert.throws(() => cleanRequestPath(path(MAX_TARGET_CHARACTERS + 1)), /wanted at most/)
  })

  it('is a phrase of MAX_PHRASE_CHARACTERS, and a longer one is cut', () => {
    const phrase = 'x'.repeat(MAX_PHRASE_CHARACTERS)
    assert.equal(toReasonPhrase(phrase), phrase)
    assert.equal(toReasonPhrase(`${phrase}y`).length, MAX_PHRASE_CHARACTERS)
    assert.match(toReasonPhrase(`${phrase}y`), /x\.\.\.$/)
  })

  it('is a listing of MAX_LISTED_NAMES, which says when there are more', async () => {
    const listed = async (count: number): Promise<string> => {
      const names = Array.from({ length: count }, (_, at) => `n${String(at)}`)
      const list = (_: string, { limit }: { limit: number }) =>
        Promise.resolve(names.slice(0, limit))
      const source = { name: 'demo', list } as unknown as ArtifactSource
      const { body } = await answerDirectory({ source, signal: SIGNAL }, 'g')
      return body.kind === 'bytes' ? Buffer.from(body.bytes).toString() : ''
    }
    const whole = await listed(MAX_LISTED_NAMES)
    assert.equal(whole.match(/<a /g)?.length, 1 + MAX_LISTED_NAMES)
    assert.doesNotMatch(whole, /Only the first/)
    const cut = await listed(MAX_LISTED_NAMES + 1)
    assert.equal(cut.match(/<a /g)?.length, 1 + MAX_LISTED_NAMES)
    assert.match(cut, /Only the first 5000 are shown/)
  })
})

describe('what is kept in memory', () => {
  it('are blobs of MAX_HOT_BLOB_BYTES, and none larger', async () => {
    const blobs = new HotBlobs()
    const source = new Zeros()
    const kindOf = async (entry: IndexEntry) => (await blobs.open(source, entry, SIGNAL)).kind
    assert.equal(await kindOf(entryOf(1, MAX_HOT_BLOB_BYTES)), 'bytes')
    assert.equal(await kindOf(entryOf(1, MAX_HOT_BLOB_BYTES)), 'bytes')
    assert.equal(source.opened, 1)
    assert.equal(await kindOf(entryOf(2, MAX_HOT_BLOB_BYTES + 1)), 'stream')
  })

  it('are HOT_CACHE_BYTES of blobs, and what was used longest ago gives way', async () => {
    const blobs = new HotBlobs()
    const source = new Zeros()
    const open = (number: number) => blobs.open(source, entryOf(number, MAX_HOT_BLOB_BYTES), SIGNAL)
    const count = HOT_CACHE_BYTES / MAX_HOT_BLOB_BYTES
    for (let number = 0; number < count; number += 1) await open(number)
    await open(0)
    assert.equal(source.opened, count)
    await open(count)
    await open(1)
    assert.equal(source.opened, count + 2)
  })

  it('are MAX_REMEMBERED_BLOBS with their MD5', async () => {
    const digests = new SidecarDigests(new HotBlobs())
    const source = new Zeros()
    for (let number = 0; number < MAX_REMEMBERED_BLOBS; number += 1)
      await digests.digestOf(source, { entry: entryOf(number), algorithm: 'md5' }, SIGNAL)
    assert.ok(digests.knownMd5(entryOf(0)))
    const next = entryOf(MAX_REMEMBERED_BLOBS)
    await digests.digestOf(source, { entry: next, algorithm: 'md5' }, SIGNAL)
    assert.equal(digests.knownMd5(entryOf(1)), undefined)
    assert.ok(digests.knownMd5(entryOf(2)))
  })

  it('are MAX_PAIRS of files and the version that went out', () => {
    const versions = new ServedVersions(new ManualClock())
    const serve = (number: number): void => {
      versions.served('demo', { entry: entryOf(number), opener: new Zeros() })
    }
    for (let number = 0; number < MAX_PAIRS; number += 1) serve(number)
    assert.ok(versions.recent('demo', entryOf(0).path))
    serve(MAX_PAIRS)
    assert.equal(versions.recent('demo', entryOf(1).path), undefined)
    assert.ok(versions.recent('demo', entryOf(2).path))
  })
})
