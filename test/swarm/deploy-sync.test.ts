import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { countedLink } from './_counted-link.ts'
import { addVersion, jarBytes, jarOf } from './_tiny-repository.ts'

const TCP = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
const VERSIONS = 500
/** What one deploy may move to a node that keeps the whole index, heads and chatter included. */
const MAX_DEPLOY_BYTES = 64 * 1024

interface Status {
  readonly repositories: readonly {
    readonly head: { readonly seq: number } | null
    readonly index: { readonly complete: boolean }
  }[]
}

async function isSynced(node: Running, seq: number): Promise<true | undefined> {
  const status = (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as Status
  const [repository] = status.repositories
  return repository?.head?.seq === seq && repository.index.complete ? true : undefined
}

/** A primary, and a node that reaches it only through proxies that count. */
async function startCounted(t: TestContext) {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-deploy-'))
  const running: Running[] = []
  t.after(async () => {
    await Promise.all(running.map((process) => process.stop()))
    rmSync(work, { recursive: true, force: true })
  })
  const [tree, state] = [join(work, 'tree'), join(work, 'state')]
  for (let at = 0; at < VERSIONS; at += 1) addVersion(tree, `1.${String(at)}`)
  await runJson(['repo', 'init', '--state', state, '--name', 'tiny'])
  const publish = ['repo', 'publish', '--state', state, '--tree', tree]
  await runJson(publish)
  const primary = await startJarswarm(['repo', 'serve', '--state', state, '--tree', tree, ...TCP])
  running.push(primary)
  const { link, bytes } = await countedLink(t, primary)
  const data = ['--data', join(work, 'node'), '--join', link, '--no-mdns']
  const node = await startJarswarm(['start', ...data, ...TCP])
  running.push(node)
  const deploy = async (version: string): Promise<void> => {
    addVersion(tree, version)
    await runJson(publish)
  }
  return { node, deploy, bytes }
}

describe('one deploy', () => {
  it('moves at most 64 KiB to a node that has the index', async (t) => {
    const { node, deploy, bytes } = await startCounted(t)
    await waitFor('the first index', () => isSynced(node, 1))
    assert.ok(bytes() > MAX_DEPLOY_BYTES, `the whole index took only ${String(bytes())} bytes`)
    const before = bytes()
    await deploy('2.0')
    await waitFor('the index with the deploy', () => isSynced(node, 2))
    const moved = bytes() - before
    assert.ok(moved > 0 && moved <= MAX_DEPLOY_BYTES, `moved ${String(moved)} bytes`)
    t.diagnostic(`moved ${String(moved)} bytes, of ${String(before)} for the whole index`)
    const answer = await fetch(`${String(node.ready.http)}/tiny/${jarOf('2.0')}`)
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), jarBytes('2.0'))
  })
})
