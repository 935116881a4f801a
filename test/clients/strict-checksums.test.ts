import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm } from '../_jarswarm.ts'
import { CLIENTS, missingClient } from './_builds.ts'

const DEBIAN = '/usr/share/maven-repo'
const JAR = 'org/example/lib/1.0/lib-1.0.jar'
const POM = 'org/example/lib/1.0/lib-1.0.pom'
const WRONG = Buffer.from('other bytes than its checksum says')
const POM_TEXT =
  '<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>lib</artifactId><version>1.0</version></project>'

const sha1 = (bytes: string | Buffer): string => createHash('sha1').update(bytes).digest('hex')

/** Start a server on the loopback. @returns its port */
async function serve(t: TestContext, answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** What a node says of a file whose bytes at the origin are wrong. */
const refuses: RequestListener = (_request, response) => {
  response.writeHead(424, 'Cannot get it: the origin sent other bytes').end()
}

/** A repository that serves other bytes for a jar than its own checksum says. */
const spoilt: RequestListener = (request, response) => {
  const files: Readonly<Record<string, string | Buffer>> = {
    [`/${POM}`]: POM_TEXT,
    [`/${POM}.sha1`]: sha1(POM_TEXT),
    [`/${JAR}`]: WRONG,
    [`/${JAR}.sha1`]: sha1('what was published'),
  }
  const file = files[request.url ?? '']
  response.writeHead(file === undefined ? 404 : 200).end(file)
}

/** Debian's repository, for Maven's plugins, with the checksums that it lacks. */
const plugins: RequestListener = (request, response) => {
  const path = join(DEBIAN, decodeURIComponent(request.url ?? ''))
  const file = path.replace(/\.sha1$/, '')
  if (!existsSync(file)) response.writeHead(404).end()
  else response.end(file === path ? readFileSync(file) : sha1(readFileSync(file)))
}

describe('Maven after a node that refused', () => {
  it('takes wrong bytes from the next repository, unless it is told to be strict', async (t) => {
    const client = CLIENTS.find(({ name }) => name === 'maven')
    assert.ok(client)
    const missing = missingClient(client)
    if (missing !== undefined) {
      assert.notEqual(process.env['CI'], 'true', missing)
      t.skip(missing)
      return
    }
    const folder = mkdtempSync(join(tmpdir(), 'jarswarm-strict-'))
    t.after(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    const [node, origin, debian] = await Promise.all(
      [refuses, spoilt, plugins].map((one) => serve(t, one)),
    )
    const url = `http://127.0.0.1:${String(origin)}/`
    const build = client.build({
      folder,
      dependencies: ['org.example:lib:1.0'],
      repositories: ['clojars', 'central'].map((id) => ({ id, url })),
    })
    const settings = join(build.home, '.m2', 'settings.xml')
    mkdirSync(dirname(settings), { recursive: true })
    const mirror = `<mirror><id>p</id><mirrorOf>plugins</mirrorOf><url>http://127.0.0.1:${String(debian)}/</url></mirror>`
    writeFileSync(settings, `<settings><mirrors>${mirror}</mirrors></settings>`)
    const address = ['--data', join(folder, 'data'), '--node', `127.0.0.1:${String(node)}`]
    const setup = await runJarswarm(['setup', 'maven', ...address], { env: { HOME: build.home } })
    assert.equal(setup.code, 0, setup.stderr)
    assert.match(setup.stdout, /--strict-checksums/)
    // Nothing but Maven's own leniency: it warns, and goes on.
    const lenient = await build.run()
    assert.equal(lenient.code, 0, lenient.output)
    assert.deepEqual(build.fetched(JAR), WRONG)
    build.empty()
    const config = join(folder, 'project', '.mvn', 'maven.config')
    mkdirSync(dirname(config))
    writeFileSync(config, '--strict-checksums\n')
    const strict = await build.run()
    assert.equal(strict.code, 1, strict.output)
    assert.match(strict.output, /Checksum validation failed/)
    assert.equal(build.fetched(JAR), undefined)
  })
})
