import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, startJarswarm } from './_jarswarm.ts'

const SECRET = 'qX7-s3cret'
const FILE = 'org/example/lib/1.0/lib-1.0.jar'

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'jarswarm-secrets-'))
  t.after(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  // A proxy that does not believe the password.
  server.on('connect', (_request, socket) => {
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  })
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

/** An origin in front of an object store, which is sent its key in the URL, and refuses it. */
const redirecting: RequestListener = ({ url = '', headers }, response) => {
  if (url.startsWith('/store/')) response.writeHead(403).end()
  else {
    const location = `http://user:${SECRET}@${String(headers.host)}/store/x?X-Amz-Signature=${SECRET}`
    response.writeHead(302, { location }).end()
  }
}

/** What stands in all files of a directory, as Latin-1. */
function contentOf(directory: string): string {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const files = names.map((name) => join(directory, name)).filter((file) => statSync(file).isFile())
  return files.map((file) => readFileSync(file, 'latin1')).join('\n')
}

describe('a secret', () => {
  it('in proxies, redirects, requests and variables comes out nowhere', async (t) => {
    const data = temporaryDirectory(t)
    const address = await serve(t, redirecting)
    const proxy = `http://user:${SECRET}@${address}`
    const env = {
      HTTPS_PROXY: proxy,
      HTTP_PROXY: proxy,
      JARSWARM_PASSPHRASE: SECRET,
      NO_COLOR: '1',
    }
    const proxied = ['--proxy', `near=http://${address}/`, '--proxy', 'far=https://repo.invalid/']
    const quiet = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
    const args = ['start', '--data', data, ...proxied, ...quiet, '--log-level', 'debug']
    const node = await startJarswarm(args, { env })
    t.after(() => node.stop())
    const base = String(node.ready.http)
    const said: string[] = []
    for (const path of [
      `near/${FILE}`,
      `far/${FILE}`,
      `near/${FILE}?token=${SECRET}`,
      `none/${FILE}?token=${SECRET}`,
      '-/status',
      '-/metrics',
      '',
    ]) {
      const headers = { Authorization: `Bearer ${SECRET}`, Cookie: SECRET }
      const answer = await fetch(`${base}/${path}`, { headers })
      said.push(answer.statusText, JSON.stringify([...answer.headers]), await answer.text())
    }
    assert.ok(
      said.some((text) => /status 403/.test(text)),
      said.join('\n'),
    )
    for (const command of [
      ['status', '--json'],
      ['repos', '--json'],
      ['mirrors', '--json'],
    ]) {
      const { stdout, stderr } = await runJarswarm([...command, '--data', data], { env })
      said.push(stdout, stderr)
    }
    await node.stop()
    said.push(node.errors(), contentOf(data))
    assert.match(node.errors(), /repo\.invalid/)
    for (const text of said) assert.ok(!text.includes(SECRET), text)
  })

  it('in a URL that is refused is not repeated', async (t) => {
    const directory = temporaryDirectory(t)
    const url = `https://user:${SECRET}@repo.invalid/`
    const data = ['--data', directory]
    const link = `jarswarm:${'ab'.repeat(32)}?name=x&origin=${encodeURIComponent(url)}`
    for (const [index, args] of [
      ['repo', 'init', '--state', join(directory, 'state'), '--name', 'x', '--origin', url],
      ['repo', 'publish', '--state', directory, '--from', url, '--paths', 'x', '--out', 'x'],
      ['start', '--proxy', `x=${url}`, ...data],
      ['start', '--public', url, ...data],
      ['start', '--join', link, ...data],
      ['start', '--join', url, ...data],
      ['audit', url, ...data],
      ['get', url, ...data],
    ].entries()) {
      const form = index % 2 === 0 ? ['--json'] : []
      const { code, stdout, stderr } = await runJarswarm([...args, ...form])
      assert.notEqual(code, 0, args.join(' '))
      assert.ok(!`${stdout}${stderr}`.includes(SECRET), `${args.join(' ')}: ${stdout}${stderr}`)
    }
  })

  it('in a proxy that is none is not repeated', async (t) => {
    const data = temporaryDirectory(t)
    for (const proxy of [`http://user:${SECRET}@:bad`, `user:${SECRET}@host:1`, `://${SECRET}`]) {
      const args = ['start', '--data', data, '--proxy', 'x=https://repo.invalid/', '--https', 'off']
      const { code, stdout, stderr } = await runJarswarm([...args, '--http', '127.0.0.1:0'], {
        env: { HTTPS_PROXY: proxy },
      })
      assert.notEqual(code, 0)
      assert.ok(!`${stdout}${stderr}`.includes(SECRET), stderr)
    }
  })
})
