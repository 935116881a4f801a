import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { listsOthers } from '../../src/setup/other-users.ts'
import { runJarswarm, temporaryDirectory } from '../_jarswarm.ts'
import type { Outcome } from '../_jarswarm.ts'

const SETTINGS = '.m2/settings.xml'
/** What each client has, in text that a program would not write so. */
const BEFORE: Readonly<Record<string, { readonly file: string; readonly text: string }>> = {
  lein: { file: '.lein/init.clj', text: ';; mine\n(println   "hello")' },
  boot: { file: '.boot/profile.boot', text: '(set-env!   :x 1)\r\n' },
  clj: {
    file: SETTINGS,
    text: '<?xml version="1.0"?>\n<!-- mine -->\n<settings >\n\t<mirrors>\n<mirror><id>a</id><mirrorOf>other</mirrorOf><url>u</url></mirror></mirrors>\n</settings>',
  },
  maven: {
    file: SETTINGS,
    text: '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">\n  <profiles><!-- é --></profiles>\r\n</settings >\n',
  },
}

interface Home {
  readonly path: string
  readonly setup: (...args: string[]) => Promise<Outcome>
}

function makeHome(t: TestContext): Home {
  const path = join(temporaryDirectory(t), 'home')
  mkdirSync(path)
  return {
    path,
    setup: (...args) =>
      runJarswarm(['setup', ...args, '--data', join(path, 'data')], { env: { HOME: path } }),
  }
}

function put(home: Home, file: string, text: string): string {
  const full = join(home.path, file)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, text)
  return full
}

describe('jarswarm setup', () => {
  for (const [client, { file, text }] of Object.entries(BEFORE)) {
    it(`keeps what stands in the file of ${client}, once and twice, and gives it back`, async (t) => {
      const home = makeHome(t)
      const full = put(home, file, text)
      assert.equal((await home.setup(client)).code, 0)
      const once = readFileSync(full, 'utf8')
      assert.notEqual(once, text)
      assert.equal(readFileSync(`${full}.before-jarswarm`, 'utf8'), text)
      assert.equal((await home.setup(client)).code, 0)
      assert.equal(readFileSync(full, 'utf8'), once)
      assert.equal((await home.setup(client, '--undo')).code, 0)
      assert.equal(readFileSync(full, 'utf8'), text)
      assert.ok(!existsSync(`${full}.before-jarswarm`))
    })

    it(`takes only its own part out of a file of ${client} that was changed since`, async (t) => {
      const home = makeHome(t)
      const full = put(home, file, text)
      await home.setup(client)
      const comment = file.endsWith('.xml') ? '<!-- later -->\n' : ';; later\n'
      writeFileSync(full, readFileSync(full, 'utf8') + comment)
      assert.equal((await home.setup(client, '--undo')).code, 0)
      assert.equal(readFileSync(full, 'utf8'), text + comment)
    })
  }

  for (const [client, file] of [
    ['lein', '.lein/init.clj'],
    ['boot', '.boot/profile.boot'],
    ['clj', SETTINGS],
    ['maven', SETTINGS],
    ['gradle', '.gradle/init.d/jarswarm.gradle'],
  ] as const)
    it(`makes the file of ${client}, and removes it`, async (t) => {
      const home = makeHome(t)
      assert.equal((await home.setup(client, '--as', 'clojars,central')).code, 0)
      assert.match(readFileSync(join(home.path, file), 'utf8'), /jarswarm/)
      assert.equal((await home.setup(client, '--undo')).code, 0)
      assert.ok(!existsSync(join(home.path, file)))
    })

  it('undoes clj and maven in any order, for both change one file', async (t) => {
    const home = makeHome(t)
    const text = '<settings>\n</settings>\n\n'
    const full = put(home, SETTINGS, text)
    await home.setup('clj')
    await home.setup('maven')
    assert.equal((await home.setup('clj', '--undo')).code, 0)
    assert.equal((await home.setup('maven', '--undo')).code, 0)
    assert.equal(readFileSync(full, 'utf8'), text)
  })

  it('follows a node that has moved', async (t) => {
    const home = makeHome(t)
    const full = put(home, SETTINGS, BEFORE['maven']?.text ?? '')
    await home.setup('maven')
    await home.setup('maven', '--node', '127.0.0.1:9999')
    const text = readFileSync(full, 'utf8')
    assert.match(text, /127\.0\.0\.1:9999/)
    assert.doesNotMatch(text, /:8470/)
    await home.setup('maven', '--undo')
    assert.equal(readFileSync(full, 'utf8'), BEFORE['maven']?.text)
  })

  it('leaves a file with passwords as closed as it was, and its copy too', async (t) => {
    const home = makeHome(t)
    const full = put(home, SETTINGS, '<settings></settings>')
    chmodSync(full, 0o600)
    await home.setup('maven')
    assert.equal(statSync(full).mode & 0o777, 0o600)
    assert.equal(statSync(`${full}.before-jarswarm`).mode & 0o777, 0o600)
  })

  for (const [client, file, text] of [
    ['lein', '.lein/init.clj', '(println "unclosed"'],
    ['maven', SETTINGS, '<settings><profiles></settings>'],
    ['maven', SETTINGS, '<project></project>'],
    ['clj', SETTINGS, '<settings><mirrors/></settings>'],
    ['gradle', '.gradle/init.d/jarswarm.gradle', '// mine'],
  ] as const)
    it(`leaves ${text} alone and shows what to paste`, async (t) => {
      const home = makeHome(t)
      const full = put(home, file, text)
      const { code, stderr } = await home.setup(client)
      assert.equal(code, 3)
      assert.match(stderr, /by hand:[\s\S]*127\.0\.0\.1:8470/)
      assert.equal(readFileSync(full, 'utf8'), text)
    })

  for (const mirrorOf of ['*', 'external:*', 'central, clojars', '*,!x'])
    it(`does not bypass a mirror of ${mirrorOf}`, async (t) => {
      const home = makeHome(t)
      const text = `<settings><mirrors><mirror><id>c</id><mirrorOf>${mirrorOf}</mirrorOf><url>u</url></mirror></mirrors></settings>`
      const full = put(home, SETTINGS, text)
      for (const client of ['maven', 'clj']) {
        const { code, stderr } = await home.setup(client)
        assert.equal(code, 3)
        assert.match(stderr, /has a mirror of/)
      }
      assert.equal(readFileSync(full, 'utf8'), text)
    })

  it("does not bypass Leiningen's mirrors", async (t) => {
    const home = makeHome(t)
    put(home, '.lein/profiles.clj', '{:user {:mirrors {"clojars" "https://proxy.example/"}}}')
    const { code } = await home.setup('lein')
    assert.equal(code, 3)
    assert.ok(!existsSync(join(home.path, '.lein/init.clj')))
  })

  it('prints without writing', async (t) => {
    const home = makeHome(t)
    const { stdout } = await home.setup('maven', '--print')
    assert.match(stdout, /checksumPolicy/)
    assert.ok(!existsSync(join(home.path, SETTINGS)))
  })

  it('gives Maven, which cannot look for the node, less patience with it', async (t) => {
    const home = makeHome(t)
    const { stdout } = await home.setup('maven', '--print', '--as', 'clojars,central')
    for (const id of ['jarswarm', 'jarswarm-central'])
      assert.match(
        stdout,
        new RegExp(`<server>\\s*<id>${id}</id>[^]*?<readTimeout>10000</readTimeout>`),
      )
    assert.match(stdout, /10 s for each file/)
  })

  it('names the certificate with --https', async (t) => {
    const home = makeHome(t)
    const { stdout } = await home.setup('lein', '--print', '--https')
    assert.match(stdout, /:certificates.*cert\.pem/)
    assert.match(stdout, /https:\/\/127\.0\.0\.1:8471\/clojars\//)
  })
})

describe('jarswarm run', () => {
  const PRINT = ['-e', 'console.log(process.env.JARSWARM_CLOJARS); process.exitCode = 7']

  it('runs a command as it is while no node answers', async (t) => {
    const data = temporaryDirectory(t)
    const command = [
      'run',
      '--data',
      data,
      '--node',
      '127.0.0.1:1',
      '--',
      process.execPath,
      ...PRINT,
    ]
    const { code, stdout } = await runJarswarm(command)
    assert.deepEqual([code, stdout], [7, 'undefined\n'])
  })

  it('names the mirrors while the node answers', async (t) => {
    const server = createServer(({ url }, response) => {
      response.writeHead(url === '/-/health/clojars' ? 200 : 424).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const node = ['--data', temporaryDirectory(t), '--node', `127.0.0.1:${port}`]
    const { stdout } = await runJarswarm(['run', ...node, '--', process.execPath, ...PRINT])
    assert.equal(stdout, 'clojars\n')
    const other = ['run', ...node, '--as', 'clojars=other', '--', process.execPath, ...PRINT]
    assert.equal((await runJarswarm(other)).stdout, 'undefined\n', 'it knows nothing of this one')
  })
})

describe('listsOthers', () => {
  const ROOT = 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n'

  it('counts people, not services, not oneself', () => {
    assert.equal(listsOthers(ROOT, 0), false)
    assert.equal(listsOthers(`${ROOT}ann:x:1000:1000::/home/ann:/bin/bash\n`, 1000), false)
    assert.equal(listsOthers(`${ROOT}ann:x:1000:1000::/home/ann:/bin/bash\n`, 0), true)
    assert.equal(listsOthers(`${ROOT}svc:x:1001:1001::/:/usr/sbin/nologin\n`, 0), false)
  })
})
