import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import type { ArtifactContent } from '@jarswarm/ports'
import type { MemoryArtifactSource } from '@jarswarm/testkit'
import { Endpoint, EndpointListenError } from '../src/index.ts'
import { CLIENT_SILENCE_MS } from '../src/limits.ts'
import { ask, nodeStatus, openRaw, readToEnd, sendRaw, startEndpoint, waitFor } from './_fixture.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const SMALL = Buffer.from(Array.from({ length: 200 }, (_, at) => at))
const BIG = Buffer.alloc(700_000, 'jarswarm')

function get(port: number, path = JAR): string {
  return `GET /clojars/${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
}

describe('a decision', () => {
  it('is made within 8 s when no source answers', async (t) => {
    const { port, source, clock } = await startEndpoint(t)
    source.put(JAR, { bytes: 'x', manner: 'never' })
    const answer = ask(port, `/clojars/${JAR}`)
    await waitFor(() => source.opened.length === 1)
    clock.advance(7_999)
    const got = await answer
    assert.equal(got.status, 424)
    assert.match(got.phrase, /the fetch goes on, try again/)
    assert.equal(clock.pendingTimers, 0)
  })

  it('is made within 8 s when the source heeds no signal', async (t) => {
    const { port, source, clock } = await startEndpoint(t)
    source.silent = true
    const answer = ask(port, `/clojars/${JAR}`)
    await waitFor(() => clock.pendingTimers === 1)
    clock.advance(7_999)
    assert.equal((await answer).status, 424)
  })

  it('is 424 when a small body or the first chunk comes short', async (t) => {
    const { port, source, complaints } = await startEndpoint(t)
    source.put(JAR, { bytes: 'small', manner: 'short' })
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 424)
    source.put(JAR, { bytes: 'small too', manner: 'long' })
    assert.equal((await ask(port, `/clojars/${JAR}`)).status, 424)
    assert.equal(source.unreleased, 0)
    assert.equal(complaints.length, 2)
  })
})

describe('a body', () => {
  for (const manner of ['breaks', 'short', 'long'] as const)
    it(`is reset when its source ${manner}`, async (t) => {
      const { port, source } = await startEndpoint(t)
      source.put(JAR, { bytes: BIG, manner })
      const { text, error } = await sendRaw(port, get(port))
      assert.match(text, /^(HTTP\/1\.1 200 |$)/)
      assert.equal(error, 'ECONNRESET')
      await waitFor(() => source.unreleased === 0)
    })

  it('is reset after 8 s without a byte', async (t) => {
    const { port, source, clock } = await startEndpoint(t)
    source.put(JAR, { bytes: BIG, manner: 'stalls' })
    const socket = await openRaw(port)
    const ended = readToEnd(socket)
    socket.write(get(port))
    await waitFor(() => socket.bytesRead > 60_000)
    clock.advance(7_999)
    assert.equal(source.unreleased, 1)
    clock.advance(1)
    assert.equal((await ended).error, 'ECONNRESET')
    await waitFor(() => source.unreleased === 0)
    assert.equal(clock.pendingTimers, 0)
  })

  it('begins before its first byte is verified, and drips what is held back while a slow source sends', async (t) => {
    const { port, source, clock } = await startEndpoint(t)
    source.put(JAR, { bytes: SMALL })
    const slow = slowContent(SMALL)
    source.open = () => Promise.resolve(slow.content)
    const socket = await openRaw(port)
    const ended = readToEnd(socket)
    const got = (): number => socket.bytesRead - headBytes
    socket.write(get(port))
    await waitFor(() => socket.bytesRead > 0)
    const headBytes = socket.bytesRead
    slow.give(100)
    await waitFor(() => got() === 68)
    for (const count of [69, 70, 71]) {
      clock.advance(3_000)
      await waitFor(() => got() === count)
    }
    slow.stall()
    clock.advance(7_999)
    assert.equal(got(), 71)
    clock.advance(1)
    assert.equal((await ended).error, 'ECONNRESET')
    assert.equal(clock.pendingTimers, 0)
  })

  it('is whole when a slow source comes to its end', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(JAR, { bytes: SMALL })
    const slow = slowContent(SMALL)
    source.open = () => Promise.resolve(slow.content)
    const answer = ask(port, `/clojars/${JAR}`)
    for (const length of [100, 1, 50, 49]) slow.give(length)
    assert.deepEqual((await answer).body, SMALL)
  })

  it('waits for a slow client, and is reset when it takes nothing for CLIENT_SILENCE_MS', async (t) => {
    const { port, source, clock, complaints } = await startEndpoint(t)
    source.put(JAR, { bytes: Buffer.alloc(64_000_000) })
    const socket = await openRaw(port)
    socket.pause()
    socket.write(get(port))
    await waitFor(() => source.unreleased === 1 && clock.pendingTimers === 1)
    clock.advance(CLIENT_SILENCE_MS - 1)
    assert.equal(source.unreleased, 1)
    clock.advance(1)
    await waitFor(() => source.unreleased === 0)
    assert.deepEqual(complaints, ['Reset a broken answer'])
    socket.destroy()
  })

  it('is let go of when the client leaves', async (t) => {
    const { port, source, clock, complaints } = await startEndpoint(t)
    source.put(JAR, { bytes: BIG, manner: 'stalls' })
    const socket = await openRaw(port)
    socket.write(get(port))
    await waitFor(() => source.unreleased === 1)
    socket.destroy()
    await waitFor(() => source.unreleased === 0 && clock.pendingTimers === 0)
    assert.deepEqual(complaints, [])
  })

  it('is not waited for when the client leaves before it begins', async (t) => {
    const { port, source, clock } = await startEndpoint(t)
    source.put(JAR, { bytes: BIG, manner: 'never' })
    const socket = await openRaw(port)
    socket.write(get(port))
    await waitFor(() => source.opened.length === 1)
    socket.destroy()
    await waitFor(() => clock.pendingTimers === 0)
    assert.equal(source.unreleased, 0)
  })
})

describe('the listener', () => {
  it('keeps connections for more than a minute', async (t) => {
    const { port } = await startEndpoint(t)
    const got = await ask(port, '/-/health', { headers: { Connection: 'keep-alive' } })
    assert.equal(got.headers['keep-alive'], 'timeout=75')
  })

  it('says in one sentence that the port is in use', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      const endpoint = bareEndpoint(port)
      await assert.rejects(endpoint.start(), (error: unknown) => {
        assert.ok(error instanceof EndpointListenError)
        assert.equal(error.code, 'ERR_ENDPOINT_LISTEN')
        assert.equal(
          error.message,
          `Cannot listen on 127.0.0.1:${port}: the port is in use; stop the other program or choose another with --http HOST:PORT`,
        )
        return true
      })
      await endpoint.stop()
    } finally {
      await new Promise((resolve) => other.close(resolve))
    }
  })

  it('has no address while stopped, and starts and stops again and again', async () => {
    const endpoint = bareEndpoint(0)
    assert.throws(() => endpoint.address(), /not started/)
    for (let round = 0; round < 2; round += 1) {
      await endpoint.start()
      await endpoint.start()
      assert.match(endpoint.address(), /^http:\/\/127\.0\.0\.1:\d+$/)
      const { port } = new URL(endpoint.address())
      assert.equal((await ask(Number(port), '/-/health')).status, 200)
      await endpoint.stop()
      await endpoint.stop()
    }
  })

  it('closes running answers 2 s after stop', async (t) => {
    const { endpoint, port, source, clock } = await startEndpoint(t)
    source.put(JAR, { bytes: BIG, manner: 'stalls' })
    const socket = await openRaw(port)
    const ended = readToEnd(socket)
    socket.write(get(port))
    await waitFor(() => socket.bytesRead > 60_000)
    const stopped = endpoint.stop()
    clock.advance(2_000)
    await Promise.all([stopped, ended])
    await waitFor(() => source.unreleased === 0)
    assert.equal(clock.pendingTimers, 0)
  })
})

function bareEndpoint(port: number): Endpoint {
  const sources: MemoryArtifactSource[] = []
  const endpoint: Endpoint = new Endpoint(
    {
      repositories: () => sources,
      status: () => nodeStatus(sources, endpoint),
      clock: { now: () => 0, monotonicMs: () => 0, setTimer: () => ({ cancel: () => undefined }) },
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: () => undefined,
      },
    },
    { port },
  )
  return endpoint
}

/** Content that comes early, and then in the steps that the test says. */
function slowContent(bytes: Buffer) {
  let arriving = true
  let given = 0
  const steps: Uint8Array[] = []
  let wake = Promise.withResolvers<undefined>()
  const content: ArtifactContent = {
    source: 'origin',
    sizeBytes: bytes.length,
    early: true,
    isArriving: () => arriving,
    async *read() {
      for (let sent = 0; sent < bytes.length;) {
        const step = steps.shift()
        if (step === undefined) {
          await wake.promise
          wake = Promise.withResolvers()
          continue
        }
        sent += step.length
        yield step
      }
    },
    release: () => undefined,
  }
  return {
    content,
    give(length: number): void {
      steps.push(bytes.subarray(given, (given += length)))
      wake.resolve(undefined)
    },
    stall(): void {
      arriving = false
    },
  }
}
