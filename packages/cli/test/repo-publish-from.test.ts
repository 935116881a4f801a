import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { runJarswarm, temporaryDirectory } from './_jarswarm.ts'

const POM = 'org/example/a/1/a-1.pom'

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/repo/`
}

describe('jarswarm repo publish --from', () => {
  it('reads a compressed list, names what is missing and tells the origin whom to ask', async (t) => {
    const directory = temporaryDirectory(t)
    const at = (name: string): string => join(directory, name)
    const agents = new Set<string | undefined>()
    const url = await serve(t, ({ url, headers }, response) => {
      agents.add(headers['user-agent'])
      response.writeHead(url === `/repo/${POM}` ? 200 : 404).end('x')
    })
    await runJarswarm(['repo', 'init', '--state', at('state'), '--name', 'demo'])
    writeFileSync(at('list.gz'), gzipSync(`./${POM}\n./${POM}.sha1\n./org/none.jar\n`))
    const { code, stdout, stderr } = await runJarswarm([
      ...['repo', 'publish', '--state', at('state'), '--from', url, '--out', at('out')],
      ...['--paths', at('list.gz'), '--contact', 'me@example.org'],
    ])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^state 1: 1 files.* 1 added, 0 changed, 0 removed, 1 left out/)
    assert.match(stderr, /^missing: org\/none\.jar: the origin answers 404$/m)
    assert.match([...agents].join(), /^jarswarm\/[^ ]+ \(observing; \+me@example\.org\)$/)
  })

  it('refuses options that do not go together, before it touches anything', async (t) => {
    const state = join(temporaryDirectory(t), 'state')
    const wrong: readonly (readonly string[])[] = [
      ['--tree', 'a', '--from', 'http://a/'],
      ['--tree', 'a', '--recheck'],
      ['--from', 'ftp://a/', '--out', 'b', '--paths', 'c'],
      ['--from', 'http://a/', '--paths', 'c'],
      ['--from', 'http://a/', '--out', 'b', '--paths', 'c', '--changes', 'd'],
      ['--from', 'http://a/', '--out', 'b', '--paths', 'c', '--concurrency', '0'],
      ['--from', 'http://a/', '--out', 'b', '--paths', 'c', '--contact', 'a)\n'],
    ]
    for (const flags of wrong) {
      const { code, stderr } = await runJarswarm(['repo', 'publish', '--state', state, ...flags])
      assert.equal(code, 2, `${flags.join(' ')}: ${stderr}`)
    }
  })

  it('fails when the list is not there', async (t) => {
    const directory = temporaryDirectory(t)
    mkdirSync(join(directory, 'out'))
    const state = join(directory, 'state')
    await runJarswarm(['repo', 'init', '--state', state, '--name', 'demo'])
    const { code, stderr } = await runJarswarm([
      ...['repo', 'publish', '--state', state, '--from', 'http://127.0.0.1:1/'],
      ...['--out', join(directory, 'out'), '--paths', join(directory, 'none')],
    ])
    assert.equal(code, 1)
    assert.match(stderr, /ENOENT|no such file/i)
  })
})
