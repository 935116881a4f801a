import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { CLIENTS, missingClient } from './_builds.ts'
import type { Build, Client } from './_builds.ts'
import { deployRelease, deploySnapshot, jarOf } from './_deploy.ts'
import type { SnapshotBuild } from './_deploy.ts'

/** How long a deploy may take to be seen through a node: `--watch 1` looks once a second. */
const SEEN_WITHIN_MS = 10_000
const FIRST = { timestamp: '20261122.101500', number: 1 }
const SECOND = { timestamp: '20261122.111500', number: 2 }

describe('what was just deployed, through a node, with real clients', () => {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-fresh-'))
  const tree = join(work, 'tree')
  let primary: Running | undefined
  let node: Running | undefined

  const urlOf = (path: string): string => `${String(node?.ready.http)}/fresh/${path}`
  const text = async (path: string): Promise<string> => {
    const response = await fetch(urlOf(path))
    const body = await response.text()
    return response.status === 200 ? body : ''
  }

  before(async () => {
    const state = join(work, 'state')
    deployRelease(tree, 'exact', ['1.0'])
    deployRelease(tree, 'ranged', ['1.0'])
    deploySnapshot(tree, 'snap', FIRST)
    await runJson(['repo', 'init', '--state', state, '--name', 'fresh'])
    await runJson(['repo', 'publish', '--state', state, '--tree', tree])
    const listen = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
    const serve = ['repo', 'serve', '--state', state, '--tree', tree, '--watch', '1', ...listen]
    primary = await startJarswarm(serve)
    const follow = ['--join', String(primary.ready.link), '--no-mdns']
    node = await startJarswarm(['start', '--data', join(work, 'node'), ...follow, ...listen])
  })

  after(async () => {
    await node?.stop()
    await primary?.stop()
    rmSync(work, { recursive: true, force: true })
  })

  /** The build of a client against the node; made again it keeps its cache. */
  const buildOf = (client: Client, exact: string): Build =>
    client.build({
      folder: join(work, client.name),
      repositories: ['central', 'clojars'].map((id) => ({ id, url: urlOf('') })),
      dependencies: [`fresh:exact:${exact}`, 'fresh:ranged:[1.0,2.0)', 'fresh:snap:1.0-SNAPSHOT'],
      update: true,
    })

  const resolves = async (build: Build, version: string, snapshot: string): Promise<void> => {
    const { code, output } = await build.run()
    assert.equal(code, 0, output)
    const jars = {
      [`fresh/exact/${version}/exact-${version}.jar`]: `exact ${version}`,
      [`fresh/ranged/${version}/ranged-${version}.jar`]: `ranged ${version}`,
      'fresh/snap/1.0-SNAPSHOT/snap-1.0-SNAPSHOT.jar': `snap ${snapshot}`,
    }
    for (const [path, content] of Object.entries(jars))
      assert.equal(build.fetched(path)?.toString(), jarOf(content).toString(), path)
  }

  /** What the metadata of the node names is there, and its checksum is its own. */
  const isWhole = async (): Promise<boolean> => {
    const listed = await text('fresh/ranged/maven-metadata.xml')
    const versions = [...listed.matchAll(/<version>([^<]+)</g)].map(([, version]) =>
      String(version),
    )
    const stamped = await text('fresh/snap/1.0-SNAPSHOT/maven-metadata.xml')
    const [, build = ''] = /<value>([^<]+)</.exec(stamped) ?? []
    const named = [
      ...versions.map((version) => `fresh/ranged/${version}/ranged-${version}.jar`),
      `fresh/snap/1.0-SNAPSHOT/snap-${build}.jar`,
    ]
    for (const path of named) assert.notEqual(await text(path), '', path)
    return versions.includes('1.1') && build === stampOf(SECOND)
  }

  it('has what it names at the start', async () => {
    assert.equal(await isWhole(), false)
  })

  for (const client of CLIENTS) {
    it(`gives ${client.name} a release, a range and a snapshot`, skipOf(client), async () => {
      await resolves(buildOf(client, '1.0'), '1.0', stampOf(FIRST))
    })
  }

  it('shows a deploy within seconds, and never names what it has not', async () => {
    assert.equal(await text('fresh/exact/1.1/exact-1.1.pom'), '', 'not deployed yet')
    deployRelease(tree, 'exact', ['1.0', '1.1'])
    deployRelease(tree, 'ranged', ['1.0', '1.1'])
    deploySnapshot(tree, 'snap', SECOND)
    const seen = async (): Promise<true | undefined> => ((await isWhole()) ? true : undefined)
    await waitFor('the deploy', seen, SEEN_WITHIN_MS)
  })

  for (const client of CLIENTS) {
    it(`gives ${client.name} the new ones over those it has`, skipOf(client), async () => {
      await resolves(buildOf(client, '1.1'), '1.1', stampOf(SECOND))
    })
  }
})

const stampOf = ({ timestamp, number }: SnapshotBuild): string =>
  `1.0-${timestamp}-${String(number)}`

/** On a build server every client has to be there. */
function skipOf(client: Client): { readonly skip: string | false } {
  const missing = process.env['CI'] === 'true' ? undefined : missingClient(client)
  return { skip: missing ?? false }
}
