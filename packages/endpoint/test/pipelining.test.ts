import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openRaw, readToEnd, sendRaw, startEndpoint, waitFor } from './_fixture.ts'

const LARGE = 'org/example/large/1.0/large-1.0.jar'
const SMALL = 'org/example/small/1.0/small-1.0.jar'

const get = (port: number, path: string, more = ''): string =>
  `GET /clojars/${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}\r\n`

describe('many requests sent at once over one connection', () => {
  it('are answered one after the other, each with a source of its own only in its turn', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(LARGE, { bytes: Buffer.alloc(600_000, 'x') })
    let most = 0
    const open = source.open.bind(source)
    source.open = async (entry, options) => {
      const content = await open(entry, options)
      most = Math.max(most, source.unreleased)
      return content
    }
    const last = get(port, SMALL, 'Connection: close\r\n')
    const { text } = await sendRaw(port, get(port, LARGE).repeat(7) + last)
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])
    assert.deepEqual(statuses, [...Array<string>(7).fill('200'), '404'])
    assert.equal(most, 1)
    assert.equal(source.unreleased, 0)
  })

  it('are too many beyond a bound', async (t) => {
    const { port, source } = await startEndpoint(t)
    source.put(LARGE, { bytes: Buffer.alloc(600_000, 'x') })
    const socket = await openRaw(port)
    const ended = readToEnd(socket)
    socket.write(get(port, LARGE).repeat(1_000))
    await ended
    await waitFor(() => source.unreleased === 0)
    assert.ok(source.opened.length <= 1, `${source.opened.length} opened`)
  })
})
