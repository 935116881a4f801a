import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createSilentServer } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runJarswarm, runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { CLIENTS, missingClient } from './_builds.ts'
import type { Build, BuildInit, Client } from './_builds.ts'
import { run } from './_run.ts'
import { serveTree } from './_serve-tree.ts'
import type { ServedTree } from './_serve-tree.ts'

/** Scripts that build the repository; they stand beside a checkout, not in it. */
const SCRIPTS = fileURLToPath(new URL('../../../shared/clients/', import.meta.url))
const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const JAR = 'cheshire/cheshire/5.11.0/cheshire-5.11.0.jar'
/** Do something while a process listens on a port that takes connections and says nothing. */
async function beside(port: number, task: () => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>()
  const silent = createSilentServer((socket) => sockets.add(socket))
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve))
  try {
    await task()
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => silent.close(resolve))
  }
}

const missing = existsSync(SCRIPTS) ? false : `needs the client scripts in ${SCRIPTS}`

describe('jarswarm setup with real clients', { skip: missing }, () => {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-setup-'))
  const tree = join(work, 'tree')
  const data = join(work, 'data')
  let absent: string | undefined
  let link = ''
  let primary: Running | undefined
  let origin: ServedTree | undefined
  let port = 0

  const startNode = (): Promise<Running> => {
    const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--https', '127.0.0.1:0']
    const follow = ['--data', data, '--join', link, '--http', `127.0.0.1:${port}`]
    return startJarswarm(['start', ...follow, ...listen])
  }
  const served = async (node: Running): Promise<number> => {
    const status = (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as {
      served: { bySource: Readonly<Record<string, number>> }
    }
    return Object.values(status.served.bySource).reduce((sum, count) => sum + count, 0)
  }

  before(async () => {
    const made = await run(['bash', join(SCRIPTS, 'make-real-repo.sh'), tree], work)
    if (made.code !== 0) {
      assert.notEqual(process.env['CI'], 'true', `cannot build the repository: ${made.output}`)
      absent = 'the Debian packages that the repository is made of are not here'
      return
    }
    const state = join(work, 'state')
    await runJson(['repo', 'init', '--state', state, '--name', 'clojars'])
    await runJson(['repo', 'publish', '--state', state, '--tree', tree])
    const serve = ['repo', 'serve', '--state', state, '--tree', tree, '--http', '127.0.0.1:0']
    primary = await startJarswarm([...serve, '--listen', '/ip4/127.0.0.1/tcp/0'])
    link = String(primary.ready.link)
    origin = await serveTree(tree)
    // A port that is free now, and that the node takes and leaves in turn.
    const probe = await serveTree(tree)
    port = probe.port
    await probe.stop()
  })

  after(async () => {
    await primary?.stop('SIGKILL')
    await origin?.stop()
    rmSync(work, { recursive: true, force: true })
  })

  const skips = (t: TestContext, client: Client): boolean => {
    const reason = absent ?? missingClient(client)
    if (reason === undefined) return false
    assert.notEqual(process.env['CI'], 'true', reason)
    t.skip(reason)
    return true
  }

  /** The project of a client before anybody thought of a node. */
  const usualRepositories = (name: Client['name']): Pick<BuildInit, 'repositories' | 'hosts'> => {
    const url = `file://${tree}`
    const nothing = join(work, 'empty')
    mkdirSync(nothing, { recursive: true })
    switch (name) {
      case 'lein':
        return { repositories: [{ id: 'clojars', url }] }
      case 'maven':
        return { repositories: ['clojars', 'central'].map((id) => ({ id, url })) }
      case 'clj':
        return {
          repositories: [
            { id: 'clojars', url },
            { id: 'central', url: `file://${nothing}` },
          ],
        }
      case 'gradle':
        assert.ok(origin !== undefined)
        return {
          repositories: [{ id: 'usual', url: `http://clojars.org:${origin.port}/` }],
          hosts: { 'clojars.org': '127.0.0.1' },
        }
    }
  }

  /** Node on, off with what it left, off with nothing, silent process on its port, and back as it was. */
  const prove = async (t: TestContext, name: Client['name'], build: Build): Promise<void> => {
    const node = ['--data', data, '--node', `127.0.0.1:${port}`]
    const main = [process.execPath, '--conditions=source', MAIN]
    const through = name === 'clj' ? [...main, 'run', ...node, '--'] : []
    const setup = (...flags: string[]) =>
      runJarswarm(['setup', name, ...node, ...flags], { env: { HOME: build.home } })
    const works = async (state: string, ways: readonly string[] = through): Promise<void> => {
      const { code, output } = await build.run(ways)
      assert.equal(code, 0, `${state}: ${output}`)
      assert.deepEqual(build.fetched(JAR), readFileSync(join(tree, JAR)), state)
    }
    const done = await setup()
    assert.equal(done.code, 0, done.stderr)
    const running = await startNode()
    t.after(() => running.stop())
    await works('node on')
    const count = await served(running)
    assert.ok(count > 4, `the build did not use the node: ${count} artifacts`)
    await running.stop()
    await works('node off, warm cache')
    build.empty()
    await works('node off, empty cache')
    build.empty()
    await beside(port, async () => {
      // Maven goes on as well, but after 10 s for each file.
      if (name !== 'maven') await works('silent process on the port')
    })
    const undone = await setup('--undo')
    assert.equal(undone.code, 0, undone.stderr)
    build.empty()
    await works('after --undo', [])
  }

  for (const client of CLIENTS) {
    it(`points ${client.name} at the node and back`, async (t) => {
      if (skips(t, client)) return
      const build = client.build({
        folder: join(work, client.name),
        dependencies: ['cheshire:cheshire:5.11.0'],
        ...usualRepositories(client.name),
      })
      await prove(t, client.name, build)
    })
  }
})
