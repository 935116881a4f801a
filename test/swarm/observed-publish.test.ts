import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, runJson, startJarswarm } from '../_jarswarm.ts'

const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const LARGE = 'org/example/large/1.0/large-1.0.jar'
const METADATA = 'org/example/lib/maven-metadata.xml'

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

describe('jarswarm repo publish --from', () => {
  it('makes what a node needs to serve a repository that nobody here holds', async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'jarswarm-observed-'))
    t.after(() => rm(root, { recursive: true }))
    const files = new Map<string, Buffer>([
      [JAR, Buffer.from('small')],
      [LARGE, Buffer.alloc(700_000, 3)],
      [METADATA, Buffer.from('<metadata/>')],
    ])
    const origin = await serve(t, ({ url = '' }, response) => {
      const bytes = files.get(url.slice(1))
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes)
    })
    // Any web server will do for what was published.
    const out = join(root, 'out')
    const published = await serve(t, ({ url = '' }, response) => {
      readFile(join(out, url)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      )
    })
    const state = ['--state', join(root, 'state')]
    const { link } = await runJson([
      ...['repo', 'init', '--name', 'seen', '--origin', published],
      ...state,
    ])
    const list = join(root, 'list.txt')
    await writeFile(list, `./${JAR}\n./${LARGE}\n./${METADATA}\n`)
    const publish = ['repo', 'publish', ...state, '--from', origin, '--out', out]
    const report = await runJson([...publish, '--paths', list])
    assert.deepEqual([report['seq'], report['files'], report['missing']], [1, 3, []])

    const node = await startJarswarm([
      ...['start', '--data', join(root, 'data'), '--join', String(link), '--no-mdns'],
      ...['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0'],
    ])
    t.after(() => node.stop())
    for (const [path, bytes] of files) {
      const response = await fetch(`${String(node.ready.http)}/seen/${path}`)
      assert.equal(response.status, 200, path)
      const found = Buffer.from(await response.arrayBuffer())
      const digest = createHash('sha256').update(bytes).digest('hex')
      assert.equal(createHash('sha256').update(found).digest('hex'), digest)
      assert.equal(response.headers.get('x-checksum-sha256'), digest)
    }

    // The deploy hook: one path, and nothing else is asked for.
    const pom = JAR.replace('.jar', '.pom')
    files.set(pom, Buffer.from('<project/>'))
    await writeFile(list, pom)
    const changed = await runJson([...publish, '--changes', list])
    assert.deepEqual([changed['seq'], changed['added'], changed['files']], [2, 1, 4])

    // A release that changes is never served: the node has what was seen first.
    files.set(JAR, Buffer.from('other'))
    const refused = await runJarswarm([...publish, '--paths', list, '--recheck', '--json'])
    assert.equal(refused.code, 0, 'what is not listed is not looked at')
    await writeFile(list, JAR)
    assert.equal((await runJarswarm([...publish, '--changes', list])).code, 3)
  })
})
