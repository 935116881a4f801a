import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { Testnet } from '../swarm/_testnet.ts'
import { EVIL_HOST, HostilePage } from './_hostile-page.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip =
  (platform() !== 'linux' && 'only Linux has 127.0.0.2 by itself') ||
  (!existsSync(CHROMIUM) && 'Chromium is not installed (Debian: chromium)')
const JAR = 'org/example/secret/1.0/secret-1.0.jar'
const SECRET = 'only programs of this machine read this'
const FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
const QUIET = ['--no-first-run', '--disable-background-networking', '--disable-component-update']

/** Run a browser of its own until the signal, or until it ends by itself. @returns what it printed */
async function browse(
  t: TestContext,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'jarswarm-chromium-'))
  const all = [...FLAGS, ...QUIET, `--user-data-dir=${home}`, ...args]
  const child = spawn(CHROMIUM, all, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'close')
  t.after(() => {
    rmSync(home, { recursive: true, force: true, maxRetries: 10 })
  })
  signal?.addEventListener('abort', () => child.kill())
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  await ended
  return text
}

interface Status {
  readonly peerId: string
  readonly served: unknown
  readonly store: unknown
  readonly repositories: readonly {
    readonly head: { readonly seq: number; readonly root: string }
  }[]
}

async function statusOf(url: string): Promise<Status> {
  return (await (await fetch(`${url}/-/status`)).json()) as Status
}

/** How many requests a node answered with a status, by its own count. */
async function countOf(url: string, status: number): Promise<number> {
  const text = await (await fetch(`${url}/-/metrics`)).text()
  const line = new RegExp(
    `^jarswarm_requests_total\\{[^}]*status="${String(status)}"[^}]*\\} (\\d+)`,
    'gm',
  )
  return [...text.matchAll(line)].reduce((sum, match) => sum + Number(match[1]), 0)
}

describe('a web page in a real browser', { skip, timeout: 180_000 }, () => {
  it('reads nothing from the node and changes nothing, by whichever name it asks', async (t) => {
    const net = await Testnet.create(t, { [JAR]: Buffer.from(SECRET) })
    const node = await net.holder()
    const url = String(node.url)
    const port = Number(new URL(url).port)
    const before = await statusOf(url)
    const hosts = [
      `127.0.0.1:${String(port)}`,
      `localhost:${String(port)}`,
      `${EVIL_HOST}:${String(port)}`,
    ]
    const paths = [`/sample/${JAR}`, '/-/status']
    const targets = hosts.flatMap((host) => paths.map((path) => `http://${host}${path}`))
    const page = await HostilePage.serve({ port, targets })
    t.after(() => page.stop())
    const done = new AbortController()
    const answered = await countOf(url, 200)
    const browser = browse(
      t,
      [`--host-resolver-rules=${page.resolverRules}`, page.url],
      done.signal,
    )
    const attempts = await page.report
    done.abort()
    await browser
    assert.ok(attempts.length >= targets.length * 19, `${String(attempts.length)} attempts`)
    for (const { what, read } of attempts) {
      assert.ok(!read.includes(SECRET), what)
      assert.ok(!read.includes(before.peerId), what)
    }
    const opened = attempts.filter(({ outcome }) => /^(open|message)/.test(outcome))
    assert.deepEqual(opened, [])
    const rebound = page.passed.filter((status) => status !== 421)
    assert.ok(page.passed.length > 0)
    assert.deepEqual(rebound, [])
    // The first count is the one answer since then.
    assert.equal(await countOf(url, 200), answered + 1)
    assert.ok((await countOf(url, 403)) > targets.length, 'the browser did not reach the node')
    const { served, store, repositories } = await statusOf(url)
    assert.deepEqual([served, store], [before.served, before.store])
    assert.equal(repositories[0]?.head.root, before.repositories[0]?.head.root)
  })

  it('shows the dashboard of the node itself', async (t) => {
    const net = await Testnet.create(t, { [JAR]: Buffer.from(SECRET) })
    const node = await net.holder()
    const dom = await browse(t, ['--dump-dom', `${String(node.url)}/`])
    assert.match(dom, /sample/)
    assert.match(dom, new RegExp(String(node.url)))
    const listing = await browse(t, ['--dump-dom', `${String(node.url)}/sample/org/example/`])
    assert.match(listing, /secret/)
  })
})
