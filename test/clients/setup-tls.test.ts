import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runJarswarm, runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { CLIENTS, missingClient } from './_builds.ts'
import type { Build, BuildInit, Client } from './_builds.ts'
import { deployRelease, jarOf } from './_deploy.ts'
import { serveTree } from './_serve-tree.ts'
import type { ServedTree } from './_serve-tree.ts'

const MAX_TRIES = 5
const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** Clojars and Central, each as the client knows it and as the node does, so that one can tell the ways apart. */
describe('setup --as central, and --https, with real clients', () => {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-tls-'))
  const trees = { clojars: join(work, 'clojars'), central: join(work, 'central') }
  const data = join(work, 'data')
  const servers: ServedTree[] = []
  let node: Running | undefined
  let origins: Readonly<Record<keyof typeof trees, ServedTree>> | undefined
  let usual: Readonly<Record<keyof typeof trees, ServedTree>> | undefined

  const serve = async (tree: string): Promise<ServedTree> => {
    const server = await serveTree(tree)
    servers.push(server)
    return server
  }

  before(async () => {
    for (const { name } of CLIENTS)
      for (const way of ['plain', 'tls'])
        for (const [id, tree] of Object.entries(trees))
          deployRelease(tree, `${id}-${name}-${way}`, ['1.0'])
    const state = join(work, 'state')
    usual = { clojars: await serve(trees.clojars), central: await serve(trees.central) }
    origins = { clojars: await serve(trees.clojars), central: await serve(trees.central) }
    const url = `http://127.0.0.1:${origins.clojars.port}/`
    const init = ['repo', 'init', '--state', state, '--name', 'clojars', '--origin', url]
    const { link } = await runJson(init)
    await runJson(['repo', 'publish', '--state', state, '--tree', trees.clojars])
    node = await startJarswarm([
      ...['start', '--data', data, '--join', String(link), '--no-mdns'],
      ...['--proxy', `central=http://127.0.0.1:${origins.central.port}/`],
      ...['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0'],
    ])
  })

  after(async () => {
    await node?.stop()
    await Promise.all(servers.map((server) => server.stop()))
    rmSync(work, { recursive: true, force: true })
  })

  /** The project of a client before anybody thought of a node. */
  const usualOf = (name: Client['name']): Pick<BuildInit, 'repositories' | 'hosts'> => {
    assert.ok(usual !== undefined)
    if (name !== 'gradle')
      return {
        repositories: Object.entries(trees).map(([id, tree]) => ({ id, url: `file://${tree}` })),
      }
    return {
      repositories: [
        { id: 'one', url: `http://clojars.org:${usual.clojars.port}/` },
        { id: 'other', url: `http://repo1.maven.org:${usual.central.port}/` },
      ],
      hosts: { 'clojars.org': '127.0.0.1', 'repo1.maven.org': '127.0.0.1' },
    }
  }

  const authority = (url: unknown): string => new URL(String(url)).host
  const setup = async (name: string, build: Build, flags: readonly string[]): Promise<void> => {
    const { code, stderr } = await runJarswarm(['setup', name, '--data', data, ...flags], {
      env: { HOME: build.home },
    })
    assert.equal(code, 0, stderr)
  }
  /** Ids of the repositories of which the node was asked for the jar of this name. */
  const askedOf = (artifact: string): readonly string[] =>
    Object.entries(origins ?? {})
      .filter(([id, { asked }]) => asked.includes(jarPath(`${id}-${artifact}`)))
      .map(([id]) => id)

  /** @param way what the artifacts of the build are called, which nobody asked for before */
  const builds = async (
    client: Client,
    { way, flags, ids }: { way: string; flags: readonly string[]; ids: readonly string[] },
  ): Promise<Build> => {
    const artifacts = Object.keys(trees).map((id) => `${id}-${client.name}-${way}`)
    const build = client.build({
      folder: join(work, client.name),
      dependencies: artifacts.map((artifact) => `fresh:${artifact}:1.0`),
      ...usualOf(client.name),
    })
    await setup(client.name, build, flags)
    const main = [process.execPath, '--conditions=source', MAIN]
    // Leiningen is told of the certificate by its own configuration; a JVM's trust store is set from outside.
    const through = client.name === 'lein' ? [] : [...main, 'run', '--data', data, ...flags, '--']
    // A node that does not answer in 300 ms is not used, as may be on a busy machine: the build is right all the same.
    for (let tries = 1; ; tries += 1) {
      const { code, output } = await build.run(through)
      assert.equal(code, 0, output)
      for (const artifact of artifacts)
        assert.deepEqual(build.fetched(jarPath(artifact)), jarOf(`${artifact} 1.0`), artifact)
      const asked = askedOf(`${client.name}-${way}`)
      if (tries === MAX_TRIES || asked.length === ids.length) {
        assert.deepEqual(asked, ids)
        return build
      }
      build.empty()
    }
  }

  for (const client of CLIENTS) {
    const missing = process.env['CI'] === 'true' ? undefined : missingClient(client)
    it(`points ${client.name} there and back`, { skip: missing ?? false }, async () => {
      const plain = ['--node', authority(node?.ready.http)]
      const central = [...plain, '--as', 'central']
      await builds(client, { way: 'plain', flags: central, ids: ['central'] })
      const tls = ['--as', 'clojars,central', '--https', authority(node?.ready.https)]
      const ids = ['clojars', 'central']
      const build = await builds(client, { way: 'tls', flags: [...plain, ...tls], ids })
      await setup(client.name, build, [...plain, '--undo'])
      for (const file of ['.lein/init.clj', '.m2/settings.xml', '.gradle/init.d/jarswarm.gradle'])
        assert.equal(existsSync(join(build.home, file)), false, file)
    })
  }
})

const jarPath = (artifact: string): string => `fresh/${artifact}/1.0/${artifact}-1.0.jar`
