import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import type { Running } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { addVersion, jarBytes, jarOf } from './_tiny-repository.ts'

const TCP = ['--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
/** Shorter than the minute after which a node pulls from a random peer: only a push can be this early. */
const BEFORE_ANY_PULL_MS = 30_000

interface Status {
  readonly repositories: readonly { readonly head: { readonly seq: number } | null }[]
}

const seqOf = async (node: Running): Promise<number> => {
  const status = (await (await fetch(`${String(node.ready.http)}/-/status`)).json()) as Status
  return status.repositories[0]?.head?.seq ?? 0
}

/** A primary whose HTTP no node can reach: the link names a dead port as its origin. */
async function startHiddenPrimary(t: TestContext) {
  const work = mkdtempSync(join(tmpdir(), 'jarswarm-heads-'))
  const running: Running[] = []
  t.after(async () => {
    await Promise.all(running.map((node) => node.stop()))
    rmSync(work, { recursive: true, force: true })
  })
  const tree = join(work, 'tree')
  const state = join(work, 'state')
  const publish = ['repo', 'publish', '--state', state, '--tree', tree]
  addVersion(tree, '1.0')
  await runJson([
    'repo',
    'init',
    '--state',
    state,
    '--name',
    'tiny',
    '--origin',
    'http://127.0.0.1:9/',
  ])
  await runJson(publish)
  // Without --watch: it publishes by itself, and would hold the lock now and then when the test publishes.
  const serve = ['repo', 'serve', '--state', state, '--tree', tree, ...TCP]
  const primary = await startJarswarm(serve)
  running.push(primary)
  const link = new URL(String(primary.ready.link))
  link.searchParams.set('origin', 'http://127.0.0.1:9/')
  const startNode = async (name: string): Promise<Running> => {
    const join_ = ['--join', link.href, '--no-mdns']
    const node = await startJarswarm(['start', '--data', join(work, name), ...join_, ...TCP])
    running.push(node)
    return node
  }
  const publishVersion = async (version: string): Promise<void> => {
    addVersion(tree, version)
    await runJson(publish)
  }
  return { startNode, publishVersion }
}

const waitForSeq = (node: Running, seq: number, boundMs?: number): Promise<true> =>
  waitFor(
    `head ${String(seq)}`,
    async () => ((await seqOf(node)) >= seq ? true : undefined),
    boundMs,
  )

async function assertServes(node: Running, version: string): Promise<void> {
  const answer = await fetch(`${String(node.ready.http)}/tiny/${jarOf(version)}`)
  assert.equal(answer.status, 200, answer.statusText)
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), jarBytes(version))
}

describe('a new head, the HTTP of its origin closed to all nodes', () => {
  it('is pushed to nodes that are connected', async (t) => {
    const { startNode, publishVersion } = await startHiddenPrimary(t)
    const nodes = [await startNode('a'), await startNode('b')]
    for (const node of nodes) await waitForSeq(node, 1)
    await publishVersion('2.0')
    for (const node of nodes) await waitForSeq(node, 2, BEFORE_ANY_PULL_MS)
    for (const node of nodes) await assertServes(node, '2.0')
  })

  it('is pulled by a node that was away when it was pushed', async (t) => {
    const { startNode, publishVersion } = await startHiddenPrimary(t)
    const before = await startNode('a')
    await waitForSeq(before, 1)
    await before.stop()
    await publishVersion('2.0')
    const again = await startNode('a')
    await waitForSeq(again, 2, BEFORE_ANY_PULL_MS)
    await assertServes(again, '2.0')
  })
})
