import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { silentLogger } from '@jarswarm/testkit'
import {
  MAX_READER_CONNECTIONS,
  MAX_READER_HEAD_BYTES,
  MAX_VERIFIED_FILES,
  READER_SILENCE_MS,
} from '../src/limits/limits.ts'
import { OriginServer } from '../src/primary/origin-server.ts'
import { TreeBlobs } from '../src/primary/tree-blobs.ts'
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

  it('has MAX_VERIFIED_FILES known to be as signed, and no more', async (t) => {
    // Each counts as a thousand.
    const size = Reflect.getOwnPropertyDescriptor(Map.prototype, 'size')?.get
    t.mock.getter(Map.prototype, 'size', function (this: unknown) {
      return 1_000 * Number(size?.call(this))
    })
    const root = realpathSync(temporaryDirectory(t))
    mkdirSync(join(root, 'g'))
    writeFileSync(join(root, 'g', 'a'), 'wrong')
    const blobs = new TreeBlobs({ treeRoot: root, publishedRoot: root })
    const digestOf = (number: number): string => number.toString(16).padStart(64, '0')
    const handle = await openFile(join(root, 'g', 'a'))
    const reads = t.mock.method(Reflect.getPrototypeOf(handle) as typeof handle, 'createReadStream')
    await handle.close()
    /** How often the whole file is read to compare it with a digest. */
    const read = async (number: number): Promise<number> => {
      const before = reads.mock.callCount()
      blobs.add(digestOf(number), parsePath('g/a'))
      await blobs.read(digestOf(number), { offset: 0, length: 1 })
      return reads.mock.callCount() - before
    }
    const count = MAX_VERIFIED_FILES / 1_000
    for (let number = 0; number < count; number += 1) assert.equal(await read(number), 1)
    assert.equal(await read(0), 0)
    assert.equal(await read(count), 1)
    assert.equal(await read(0), 1)
    assert.equal(await read(count), 0)
  })
})
