import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, startJarswarm, temporaryDirectory } from './_jarswarm.ts'
import type { Outcome } from './_jarswarm.ts'

const ANY = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

/** One sentence for the user, and the exit code; nothing on standard output. */
function assertRefused(outcome: Outcome, code: number, sentence: RegExp): void {
  assert.equal(outcome.code, code, outcome.stderr)
  assert.equal(outcome.stdout, '')
  assert.match(outcome.stderr, sentence)
  assert.doesNotMatch(outcome.stderr, /\n {4}at /, 'no stack is shown')
}

function directoryWith(t: TestContext, name: string, content: string): string {
  const directory = join(temporaryDirectory(t), 'data')
  mkdirSync(directory)
  writeFileSync(join(directory, name), content)
  return directory
}

describe('jarswarm with wrong usage', () => {
  const cases: readonly (readonly [args: string, sentence: RegExp])[] = [
    ['nonsense', /^jarswarm: Unknown command 'nonsense'/],
    ['start --nonsense', /Unknown option '--nonsense'/],
    ['start --proxy central', /--proxy "central": NAME=URL such as central=https:/],
    ['start --join nonsense', /Cannot read the swarm link: found "nonsense", wanted jarswarm:/],
    ['start --quota much', /--quota "much": a size such as 500M or 20G is wanted/],
    ['start --http 8470', /--http "8470": HOST:PORT such as 127\.0\.0\.1:8470 is wanted/],
    ['start --listen 4870', /--listen "4870": a multiaddr such as/],
    ['start --share some', /--share "some": one of all, lan, none is wanted/],
    ['start --mirror all --mirror org/**', /none or all stands alone/],
    ['start --donate much', /--donate "much": a size such as 500M or 20G is wanted/],
    ['start --donate 1G --mirror all', /--donate: a node with --mirror all keeps everything/],
    ['start --donate 1G --share none', /--donate: a node that shares with nobody gives nothing/],
    ['start --donate 1G --offline', /--donate: a node that is offline gives nothing/],
    ['get demo', /Cannot read "demo": REPOSITORY\/PATH is wanted/],
    ['get demo/org/', /Cannot read "demo\/org\/": REPOSITORY\/PATH is wanted/],
    ['repo init --state x', /Required option '--name <name>' not specified/],
    ['repo init --state x --name UPPER', /--name "UPPER": at most 64 of a-z/],
    ['repo serve --state x --tree x --watch never', /--watch "never": seconds/],
  ]
  for (const [args, sentence] of cases) {
    it(`says what is wrong with: ${args}`, async (t) => {
      const data = { JARSWARM_DATA: join(temporaryDirectory(t), 'data') }
      assertRefused(await runJarswarm(args.split(' '), { env: data }), 2, sentence)
    })
  }

  it('shows the help, and nothing else, where a subcommand is missing', async () => {
    for (const args of [[], ['repo']]) {
      const outcome = await runJarswarm(args)
      assertRefused(outcome, 2, /^Usage: jarswarm/)
      assert.doesNotMatch(outcome.stderr, /^jarswarm:/m)
    }
  })

  it('prints errors as JSON with --json', async () => {
    const { code, stderr } = await runJarswarm(['start', '--quota', 'much', '--json'])
    assert.equal(code, 2)
    const { error } = JSON.parse(stderr) as { error: Record<string, string> }
    assert.equal(error['code'], 'ERR_USAGE')
    assert.match(String(error['message']), /^Cannot use --quota/)
  })
})

describe('jarswarm start with a bad data directory', () => {
  const start = (data: string): Promise<Outcome> => runJarswarm(['start', '--data', data, ...ANY])

  it('refuses a config file that is no JSON', async (t) => {
    const data = directoryWith(t, 'config.json', '{bad')
    assertRefused(await start(data), 2, /Cannot read .*config\.json: .*a JSON object is wanted/)
  })
  it('refuses a key that is no setting', async (t) => {
    const data = directoryWith(t, 'config.json', '{"qota": "1G"}')
    assertRefused(await start(data), 2, /Cannot use "qota" in .*config\.json: one of join,/)
  })
  it('refuses a value that is none', async (t) => {
    const data = directoryWith(t, 'config.json', '{"quota": {}}')
    assertRefused(await start(data), 2, /"quota" in .*config\.json: found \{\}/)
  })
  it('refuses a config file that is none', async (t) => {
    const data = join(temporaryDirectory(t), 'data')
    mkdirSync(join(data, 'config.json'), { recursive: true })
    assertRefused(
      await start(data),
      1,
      /Cannot use .*config\.json: illegal operation on a directory/,
    )
  })
  it('refuses a place where no directory can be made', async () => {
    assertRefused(await start('/dev/null/data'), 3, /found a file, wanted a directory/)
  })
  it('refuses a directory that is not its own', async (t) => {
    const data = directoryWith(t, 'thesis.txt', 'years of work')
    assertRefused(await start(data), 3, /found "thesis\.txt"/)
  })
  it('refuses a directory of another version', async (t) => {
    const marker = JSON.stringify({ purpose: 'jarswarm data directory', version: 99 })
    const data = directoryWith(t, 'jarswarm.json', marker)
    assertRefused(await start(data), 3, /found format version 99, wanted 1/)
  })
  it('refuses a directory that another node uses', async (t) => {
    const data = join(temporaryDirectory(t), 'data')
    await startJarswarm(t, ['start', '--data', data, ...ANY])
    assertRefused(await start(data), 1, /found it in use by process \d+/)
  })
  it('refuses a damaged list of joined repositories', async (t) => {
    const data = temporaryDirectory(t)
    assert.equal((await runJarswarm(['repos', '--data', data])).code, 0)
    writeFileSync(join(data, 'joined.json'), '{"format":"jarswarm joined 1"}')
    assertRefused(await start(data), 1, /Cannot read .*joined\.json: it is damaged/)
  })
})

describe('jarswarm start on a machine that is not ready', () => {
  it('names the port that is in use, for clients and for peers', async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const port = String((server.address() as AddressInfo).port)
    const data = join(temporaryDirectory(t), 'data')
    const http = ['start', '--data', data, '--http', `127.0.0.1:${port}`]
    assertRefused(
      await runJarswarm([...http, '--no-mdns']),
      1,
      new RegExp(`Cannot listen on 127.0.0.1:${port}`),
    )
    const peers = ['start', '--data', data, ...ANY, '--listen', `/ip4/127.0.0.1/tcp/${port}`]
    assertRefused(
      await runJarswarm(peers),
      1,
      new RegExp(`tcp/${port}: another program uses that port; .* --listen`),
    )
  })

  it('refuses a clock that cannot be right', async (t) => {
    const data = join(temporaryDirectory(t), 'data')
    const nodeFlags = ['--import', 'data:text/javascript,Date.now=()=>0']
    const outcome = await runJarswarm(['start', '--data', data, ...ANY], { nodeFlags })
    assertRefused(outcome, 1, /it says 1970-.*set the clock/)
  })

  it('says of a command that needs a running node that there is none', async (t) => {
    const data = join(temporaryDirectory(t), 'data')
    for (const command of ['status', 'peers']) {
      assertRefused(
        await runJarswarm([command, '--data', data]),
        1,
        /No node runs on .*jarswarm start/,
      )
    }
  })
})

describe('jarswarm repo with bad places', () => {
  it('refuses a state directory that is none, and a tree that is not there', async (t) => {
    const directory = temporaryDirectory(t)
    const state = join(directory, 'state')
    const publish = ['repo', 'publish', '--state', state, '--tree', join(directory, 'none')]
    assertRefused(await runJarswarm(publish), 3, /make one with "repo init"/)
    assert.equal((await runJarswarm(['repo', 'init', '--state', state, '--name', 'x'])).code, 0)
    assertRefused(await runJarswarm(publish), 1, /Cannot publish .*none: found ENOENT/)
    assertRefused(
      await runJarswarm(['repo', 'init', '--state', state, '--name', 'x']),
      3,
      /found a repository in it/,
    )
  })
})
