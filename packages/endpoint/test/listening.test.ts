import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isLoopbackHost } from '../src/request-guard.ts'
import { startEndpoint } from './_fixture.ts'

const WARNING = /^The endpoint listens beyond this machine: /

describe('an endpoint', () => {
  it('says loudly that it listens beyond this machine', async (t) => {
    for (const host of ['0.0.0.0', '::']) {
      const { complaints } = await startEndpoint(t, { host })
      assert.equal(complaints.length, 1)
      assert.match(complaints[0] ?? '', WARNING)
    }
  })

  it('says nothing on the loopback, nor where it was told to serve the public', async (t) => {
    const own = await startEndpoint(t, { host: '127.0.0.1' })
    assert.deepEqual(own.complaints, [])
    const site = await startEndpoint(t, { host: '0.0.0.0', publicUrl: 'https://mirror.example/' })
    assert.deepEqual(site.complaints, [])
  })
})

describe('isLoopbackHost', () => {
  it('knows the addresses that nobody else reaches', () => {
    for (const host of ['127.0.0.1', '127.3.2.1', 'localhost', '[::1]'])
      assert.ok(isLoopbackHost(host), host)
    for (const host of ['0.0.0.0', '[::]', '192.168.0.1', '127.example', '127.0.0.1.example', ''])
      assert.ok(!isLoopbackHost(host), host)
  })
})
