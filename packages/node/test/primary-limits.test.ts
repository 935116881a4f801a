import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { silentLogger } from '@jarswarm/testkit'
import {
  MAX_READER_CONNECTIONS,
  MAX_READER_HEAD_BYTES,
  READER_SILENCE_MS,
} from '../src/limits/limits.ts'
import { OriginServer } from '../src/primary/origin-server.ts'
import { temporaryDirectory } from './_swarm.ts'

async function startServer(t: TestContext): Promise<number> {
  const treeDir = temporaryDirectory(t)
  const server = new OriginServer({ logger: silentLogger }, { treeDir, withdrawn: () => undefined })
  await server.start({ host: '127.0.0.1', port: 0 })
  t.after(() => server.stop())
  return Number(new URL(server.url).port)
}

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

describe('a published tree', () => {
  it('has MAX_READER_CONNECTIONS, and turns the next away', async (t) => {
    const port = await startServer(t)
    const sockets = await Promise.all(
      Array.from({ length: MAX_READER_CONNECTIONS }, () => open(t, port)),
    )
    const next = await open(t, port)
    await once(next.resume(), 'close')
    assert.ok(sockets.every((socket) => !socket.destroyed))
  })

  it('is asked for with heads of MAX_READER_HEAD_BYTES, and none longer', async (t) => {
    const port = await startServer(t)
    const status = async (bytes: number): Promise<string> => {
      const first = 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: '
      const socket = await open(t, port)
      socket.write(`${first}${'x'.repeat(bytes - first.length)}\r\n\r\n`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      return answer.toString().slice(9, 12)
    }
    // The parser counts what is between the lines' ends, and stops a little below the bound.
    assert.equal(await status(MAX_READER_HEAD_BYTES - 64), '404')
    assert.equal(await status(MAX_READER_HEAD_BYTES + 64), '431')
  })

  it('waits READER_SILENCE_MS for a reader that is silent', async (t) => {
    const waits: number[] = []
    const wait = Reflect.get(Socket.prototype, 'setTimeout')
    // A thousandth of the time.
    t.mock.method(
      Socket.prototype,
      'setTimeout',
      function (this: Socket, ms: number, then?: () => void) {
        waits.push(ms)
        return wait.call(this, ms / 1_000, then)
      },
    )
    const port = await startServer(t)
    const socket = await open(t, port)
    await once(socket.resume(), 'close')
    assert.deepEqual(waits, [READER_SILENCE_MS])
  })
})
