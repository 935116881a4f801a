import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { runJarswarm, spawnJarswarm, temporaryDirectory } from './_jarswarm.ts'
import { serve } from './_serve.ts'

const POM = 'org/example/a/1/a-1.pom'

/** A server whose repository stands below a path. */
async function serveRepository(t: TestContext, listener: RequestListener): Promise<string> {
  return `${await serve(t, listener)}repo/`
}

describe('jarswarm repo publish --from', () => {
  it('reads a compressed list, names what is missing and tells the origin whom to ask', async (t) => {
    const directory = temporaryDirectory(t)
    const at = (name: string): string => join(directory, name)
    const agents = new Set<string | undefined>()
    const url = await serveRepository(t, ({ url, headers }, response) => {
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
    assert.match(stdout, /^head 1: 1 files.* 1 added, 0 changed, 0 removed, 1 left out/)
    assert.match(stderr, /^missing: org\/none\.jar: the origin answers 404$/m)
    assert.match([...agents].join(), /^jarswarm\/[^ ]+ \(observing; \+me@example\.org\)$/)
  })

  it('takes what a hook writes to it, and says of each path what became of it', async (t) => {
    const directory = temporaryDirectory(t)
    const at = (name: string): string => join(directory, name)
    const url = await serveRepository(t, ({ url }, response) => {
      response.writeHead(url === `/repo/${POM}` ? 200 : 404).end('x')
    })
    await runJarswarm(['repo', 'init', '--state', at('state'), '--name', 'demo'])
    const { code, stdout, stderr } = await runJarswarm(
      [
        ...['repo', 'publish', '--state', at('state'), '--from', url, '--out', at('out')],
        ...['--changes', '-', '--operator', '--json'],
      ],
      { input: `${POM}.sha1\n${POM}\n../x\norg/none.jar` },
    )
    assert.equal(code, 0, stderr)
    const { added, missing, counts, leftOut } = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual(
      { added, missing, counts, leftOut },
      {
        added: 1,
        missing: [{ path: 'org/none.jar', reason: 'the origin answers 404' }],
        counts: { waiting: 0, withdrawn: 0, refused: 0, mismatches: 0, missing: 1 },
        leftOut: 1,
      },
    )
  })

  it('ends with Ctrl-C in the midst of a file, says that nothing is lost, and goes on', async (t) => {
    const directory = temporaryDirectory(t)
    const at = (name: string): string => join(directory, name)
    const asked: string[] = []
    const hangs = Promise.withResolvers<undefined>()
    let isHelpful = false
    const url = await serveRepository(t, ({ url = '' }, response) => {
      asked.push(url)
      if (!url.endsWith('.jar')) response.writeHead(404).end()
      else if (isHelpful || !url.endsWith('/second.jar')) response.end('x')
      else {
        response.writeHead(200, { 'content-length': 9 }).write('x', () => {
          hangs.resolve(undefined)
        })
      }
    })
    writeFileSync(at('list'), 'a/first.jar\na/second.jar\n')
    await runJarswarm(['repo', 'init', '--state', at('state'), '--name', 'demo'])
    const args = [
      ...['repo', 'publish', '--state', at('state'), '--from', url, '--out', at('out')],
      ...['--paths', at('list'), '--concurrency', '1'],
    ]
    const child = spawnJarswarm(args, {})
    const said = child.stderr === null ? Promise.resolve('') : text(child.stderr)
    await hangs.promise
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number | null]
    assert.notEqual(code, 0)
    assert.match(await said, /What was seen is kept: run the same command again to go on/)
    isHelpful = true
    asked.length = 0
    const { stdout } = await runJarswarm(args)
    assert.match(stdout, /^head 1: 2 files/)
    assert.deepEqual(
      asked.filter((path) => path.endsWith('.jar')),
      ['/repo/a/second.jar'],
    )
  })

  it('refuses options that do not go together, before it touches anything', async (t) => {
    const state = join(temporaryDirectory(t), 'state')
    const wrong: readonly (readonly string[])[] = [
      ['--tree', 'a', '--from', 'http://a/'],
      ['--tree', 'a', '--out', 'b'],
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

  it('says what is wrong with a list', async (t) => {
    const directory = temporaryDirectory(t)
    const state = join(directory, 'state')
    await runJarswarm(['repo', 'init', '--state', state, '--name', 'demo'])
    writeFileSync(join(directory, 'junk.gz'), 'no gzip')
    writeFileSync(join(directory, 'cut.gz'), gzipSync('a\n'.repeat(1_000)).subarray(0, 20))
    const wrong = { '.': 'a directory', 'junk.gz': 'no gzip data', 'cut.gz': 'gzip data that end' }
    for (const [name, found] of Object.entries(wrong)) {
      const { code, stderr } = await runJarswarm([
        ...['repo', 'publish', '--state', state, '--from', 'http://127.0.0.1:1/'],
        ...['--out', join(directory, 'out'), '--paths', join(directory, name)],
      ])
      assert.equal(code, 2, stderr)
      assert.match(stderr, new RegExp(`found ${found}.*wanted a list of paths`))
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
