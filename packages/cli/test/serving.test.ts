import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJarswarm, startJarswarm, temporaryDirectory } from './_jarswarm.ts'
import type { Started } from './_jarswarm.ts'

const ANY = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
const JAR = 'org/example/small/1.0/small-1.0.jar'

async function runJson(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runJarswarm([...args, '--json'])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** How many of a process's threads wait for the disk and the like, as Linux names them. */
function poolThreads({ child }: Started): number {
  const tasks = `/proc/${String(child.pid)}/task`
  const names = readdirSync(tasks).map((task) => readFileSync(join(tasks, task, 'comm'), 'utf8'))
  return names.filter((name) => name === 'libuv-worker\n').length
}

interface Repository {
  readonly tree: string
  readonly places: readonly string[]
  readonly primary: Started
}

/** A published tree with one artifact, and its primary as a process. */
async function serveRepository(t: TestContext, directory: string): Promise<Repository> {
  const tree = join(directory, 'tree')
  const state = join(directory, 'state')
  mkdirSync(join(tree, dirname(JAR)), { recursive: true })
  writeFileSync(join(tree, JAR), 'a jar')
  await runJson(['repo', 'init', '--state', state, '--name', 'demo'])
  const places = ['--state', state, '--tree', tree]
  const primary = await startJarswarm(t, ['repo', 'serve', ...places, ...ANY])
  return { tree, places, primary }
}

describe('jarswarm repo', () => {
  it('prints the identity, and what a publish did', async (t) => {
    const directory = temporaryDirectory(t)
    const state = join(directory, 'state')
    const tree = join(directory, 'tree')
    mkdirSync(join(tree, dirname(JAR)), { recursive: true })
    writeFileSync(join(tree, JAR), 'a jar')
    const identity = await runJson(['repo', 'init', '--state', state, '--name', 'demo'])
    assert.deepEqual(Object.keys(identity).toSorted(), ['id', 'link', 'name'])
    assert.equal(identity['link'], `jarswarm:${String(identity['id'])}?name=demo`)
    const publish = ['repo', 'publish', '--state', state, '--tree', tree]
    const report = await runJson(publish)
    assert.deepEqual([report['seq'], report['files'], report['added']], [1, 1, 1])
    assert.deepEqual([report['waiting'], report['refused']], [[], []])
    writeFileSync(join(tree, JAR), 'another jar')
    const changed = await runJarswarm([...publish, '--json'])
    assert.equal(changed.code, 3)
    const { refused } = JSON.parse(changed.stdout) as { refused: { path: string }[] }
    assert.equal(refused[0]?.path, JAR)
  })
})

describe('jarswarm start', () => {
  it('prints the ready line, serves, answers commands, and stops cleanly', async (t) => {
    const directory = temporaryDirectory(t)
    const { primary, tree } = await serveRepository(t, directory)
    const keys = ['cert', 'http', 'https', 'link', 'listen', 'ready']
    assert.deepEqual(Object.keys(primary.ready).toSorted(), keys)
    const link = String(primary.ready['link'])
    const data = join(directory, 'data')
    const node = await startJarswarm(t, [
      'start',
      '--data',
      data,
      '--join',
      link,
      '--no-mdns',
      ...ANY,
    ])
    assert.deepEqual(Object.keys(node.ready).toSorted(), keys)
    assert.match(String(node.ready['http']), /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.match(String(node.ready['https']), /^https:\/\/127\.0\.0\.1:\d+$/)
    assert.match(readFileSync(String(node.ready['cert']), 'utf8'), /^-----BEGIN CERTIFICATE-----/)
    const wantedThreads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 8)
    if (process.platform === 'linux') assert.equal(poolThreads(node), wantedThreads)
    assert.match(
      String((node.ready['listen'] as string[])[0]),
      /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//,
    )
    const output = join(directory, 'small.jar')
    const got = await runJson(['get', `demo/${JAR}`, '-o', output, '--data', data])
    assert.equal(got['bytes'], 5)
    assert.deepEqual(readFileSync(output), readFileSync(join(tree, JAR)))
    const answer = await fetch(`${String(node.ready['http'])}/demo/${JAR}`)
    assert.equal(await answer.text(), 'a jar')
    const status = await runJson(['status', '--data', data])
    assert.equal((status['store'] as { blobs: number }).blobs, 1)
    assert.ok(Array.isArray(await runJson(['peers', '--data', data])))
    assert.equal((await runJson(['check', '--data', data]))['findingCount'], 0)
    node.child.kill('SIGTERM')
    await node.exited
    assert.equal(node.child.exitCode, 0)
    primary.child.kill('SIGINT')
    await primary.exited
    assert.equal(primary.child.exitCode, 0)
    const again = join(directory, 'again.jar')
    const stored = await runJson(['get', `demo/${JAR}`, '-o', again, '--data', data, '--offline'])
    assert.equal(stored['source'], 'store')
    assert.deepEqual(readFileSync(again), readFileSync(output))
  })

  it('refuses a link whose root is another repository, with exit code 3', async (t) => {
    const directory = temporaryDirectory(t)
    const { primary } = await serveRepository(t, directory)
    const link = String(primary.ready['link']).replace(/[0-9a-f]{64}/, 'ab'.repeat(32))
    const outcome = await runJarswarm([
      'start',
      '--data',
      join(directory, 'data'),
      '--join',
      link,
      ...ANY,
    ])
    assert.equal(outcome.code, 3)
    assert.match(outcome.stderr, /Cannot join demo: .* gives the first root of repository/)
  })

  it('takes its settings from flag, environment and file, in this order', async (t) => {
    const data = join(temporaryDirectory(t), 'data')
    mkdirSync(data)
    const config = join(data, 'config.json')
    writeFileSync(config, JSON.stringify({ quota: '1G', http: '127.0.0.1:0', mdns: false }))
    const quota = async (flags: readonly string[]): Promise<unknown> => {
      const node = await startJarswarm(t, ['start', '--data', data, ...ANY, ...flags])
      const status = await runJson(['status', '--data', data])
      node.child.kill('SIGTERM')
      await node.exited
      return (status['store'] as { quotaBytes: number }).quotaBytes
    }
    assert.equal(await quota([]), 2 ** 30)
    assert.equal(await quota(['--quota', '2G']), 2 * 2 ** 30)
    rmSync(config)
  })

  it('ends at once at the second signal', async (t) => {
    const data = join(temporaryDirectory(t), 'data')
    const node = await startJarswarm(t, ['start', '--data', data, '--no-mdns', ...ANY])
    node.child.kill('SIGINT')
    node.child.kill('SIGTERM')
    await node.exited
    // Either the clean stop was quicker than the second signal, or the signal's own code tells.
    assert.ok([0, 130, 143].includes(node.child.exitCode ?? -1), String(node.child.exitCode))
  })
})

describe('jarswarm bootstrap', () => {
  it('prints the ready line without an endpoint', async (t) => {
    const directory = temporaryDirectory(t)
    const { primary } = await serveRepository(t, directory)
    const link = String(primary.ready['link'])
    const args = [
      '--data',
      join(directory, 'data'),
      '--join',
      link,
      '--listen',
      '/ip4/127.0.0.1/tcp/0',
    ]
    const { ready } = await startJarswarm(t, ['bootstrap', ...args, '--no-mdns'])
    assert.equal(ready['http'], null)
    assert.match(String(ready['link']), /^jarswarm:[0-9a-f]{64}\?name=demo/)
  })
})

describe('jarswarm --help', () => {
  it('describes every command', async () => {
    for (const command of ['', 'demo', 'start', 'status', 'get', 'check', 'repo', 'repo publish']) {
      const args = [...command.split(' ').filter((word) => word !== ''), '--help']
      const { code, stdout } = await runJarswarm(args)
      assert.equal(code, 0)
      assert.match(stdout, /^Usage: jarswarm/)
    }
  })
})
