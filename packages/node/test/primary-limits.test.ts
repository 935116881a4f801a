import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
import { OriginServer } from '../src/primary/origin-server.ts'
import type { OriginServerInit } from '../src/primary/origin-server.ts'
import { temporaryDirectory } from './_swarm.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: a\r\n'

async function startServer(t: TestContext, init: Partial<OriginServerInit> = {}): Promise<number> {
  const treeDir = temporaryDirectory(t)
  writeFileSync(join(treeDir, 'a'), 'abc')
  const server = new OriginServer(
    { clock: new ManualClock(), logger: silentLogger },
    { treeDir, withdrawn: () => undefined, ...init },
  )
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

/** All that comes for some text until the connection ends. */
async function ask(t: TestContext, port: number, text: string): Promise<string> {
  const socket = await open(t, port)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = once(socket, 'close')
  socket.write(text)
  await closed
  return Buffer.concat(chunks).toString('latin1')
}

describe('a published tree', () => {
  it('has so many connections, and turns the next away', async (t) => {
    const port = await startServer(t, { maxConnections: 8 })
    const sockets = await Promise.all(Array.from({ length: 8 }, () => open(t, port)))
    assert.equal(await ask(t, port, ''), '')
    assert.ok(sockets.every((socket) => !socket.destroyed))
  })

  it('is asked for with heads of 16 KiB and 100 headers, and no more', async (t) => {
    const port = await startServer(t)
    const status = async (headers: string): Promise<string> =>
      (await ask(t, port, `${GET}Connection: close\r\n${headers}\r\n`)).slice(9, 12)
    assert.equal(await status(`X: ${'x'.repeat(16_000)}\r\n`), '200')
    assert.equal(await status(`X: ${'x'.repeat(17_000)}\r\n`), '431')
    assert.equal(await status('X: x\r\n'.repeat(98)), '200')
    assert.equal(await status('X: x\r\n'.repeat(99)), '431')
  })

  it('waits for a head, and then no longer', async (t) => {
    const port = await startServer(t, { headersTimeoutMs: 300 })
    assert.match(await ask(t, port, 'GET / HTTP/1.1\r\nHost:'), /^HTTP\/1\.1 408/)
  })

  it('waits for a reader that is silent, and then no longer', async (t) => {
    const port = await startServer(t, { silenceMs: 100 })
    assert.equal(await ask(t, port, ''), '')
  })

  it('answers one request of a connection after the other, and lets few wait', async (t) => {
    const port = await startServer(t)
    const some = await ask(t, port, `${`${GET}\r\n`.repeat(10)}${GET}Connection: close\r\n\r\n`)
    assert.equal(some.match(/HTTP\/1\.1 200/g)?.length, 11)
    const many = await ask(t, port, `${GET}\r\n`.repeat(40))
    assert.ok((many.match(/HTTP\/1\.1 200/g)?.length ?? 0) < 40)
  })

  it('takes no body and no write, and ends the connection behind one', async (t) => {
    const port = await startServer(t)
    const body = 'Content-Length: 3\r\n\r\nabc'
    assert.match(await ask(t, port, `${GET}${body}${GET}\r\n`), /^HTTP\/1\.1 400 (?!.*HTTP)/s)
    const write = GET.replace('GET', 'DELETE')
    assert.match(await ask(t, port, `${write}\r\n${GET}\r\n`), /^HTTP\/1\.1 405 (?!.*HTTP)/s)
  })

  it('says why a file was withdrawn in whatever script, and gives ranges for GET alone', async (t) => {
    const port = await startServer(t, {
      withdrawn: (name) => (name === 'w' ? 'schädlich 💣' : undefined),
    })
    const end = 'Connection: close\r\n'
    const gone = await ask(t, port, `${GET.replace('/a', '/w')}${end}\r\n`)
    assert.match(gone, /^HTTP\/1\.1 410 /)
    assert.equal(Buffer.from(gone, 'latin1').toString().split('\r\n\r\n')[1], 'schädlich 💣\n')
    const head = await ask(t, port, `${GET.replace('GET', 'HEAD')}${end}Range: bytes=0-0\r\n\r\n`)
    assert.match(head, /^HTTP\/1\.1 200 .*Content-Length: 3/s)
  })
})
