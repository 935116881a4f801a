import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { ManualClock, RecordingLogger } from '@jarswarm/testkit'
import { OriginServer } from '../src/primary/origin-server.ts'
import { temporaryDirectory } from './_swarm.ts'
import { waitFor } from './_wait-for.ts'

const NAME = 'large-1.0.jar'
/** More than the buffers between the two sides take, so that the sender waits for the reader. */
const SIZE_BYTES = 64 * 1024 * 1024

/** A server of a tree with one small jar. */
async function serveJar(t: TestContext): Promise<OriginServer> {
  const treeDir = temporaryDirectory(t)
  writeFileSync(join(treeDir, NAME), 'jar')
  const components = { clock: new ManualClock(), logger: new RecordingLogger() }
  const server = new OriginServer(components, { treeDir, withdrawn: () => undefined })
  await server.start({ host: '127.0.0.1', port: 0 })
  t.after(() => server.stop())
  return server
}

describe('the origin server', () => {
  it('cuts an answer under way when its file is withdrawn', async (t) => {
    const treeDir = temporaryDirectory(t)
    writeFileSync(join(treeDir, NAME), Buffer.alloc(SIZE_BYTES, 'jar'))
    const taken = new Map<string, string>()
    const withdrawn = (name: string): string | undefined => taken.get(name)
    const logger = new RecordingLogger()
    const server = new OriginServer({ clock: new ManualClock(), logger }, { treeDir, withdrawn })
    await server.start({ host: '127.0.0.1', port: 0 })
    t.after(() => server.stop())
    const request = get(`${server.url}/${NAME}`)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal(response.headers['content-length'], String(SIZE_BYTES))
    await once(response, 'readable')
    taken.set(NAME, 'Withdrawn: malware')
    let bytes = 0
    response.on('data', (chunk: Buffer) => (bytes += chunk.length))
    const [error] = (await once(response, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNRESET')
    assert.ok(bytes < SIZE_BYTES)
    await waitFor('the line in the log', () => logger.lines.length > 0)
    assert.match(String(logger.lines[0]?.fields['err']), /large-1\.0\.jar: it was withdrawn/)
  })

  it('refuses a target with a fragment, behind a query too', async (t) => {
    const server = await serveJar(t)
    const { hostname, port } = new URL(server.url)
    for (const [suffix, status] of [
      ['?a', 200],
      ['#', 400],
      ['?#', 400],
    ] as const) {
      const request = get({ hostname, port, path: `/${NAME}${suffix}` })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.resume()
      assert.equal(response.statusCode, status, suffix)
    }
  })

  it('gives the whole file for a suffix that is longer', async (t) => {
    const server = await serveJar(t)
    const answer = await fetch(`${server.url}/${NAME}`, { headers: { range: 'bytes=-99' } })
    assert.equal(answer.headers.get('content-range'), 'bytes 0-2/3')
    assert.equal(await answer.text(), 'jar')
  })
})
