import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runJson, startJarswarm } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { joinTwoHosts, namespacesMissing, plugIn, unplug } from './_namespaces.ts'
import { addVersion } from './_tiny-repository.ts'

interface Status {
  readonly repositories: readonly { readonly head: { readonly seq: number } | null }[]
  readonly peers: { readonly connected: number }
}

describe('a node that was partitioned', { skip: namespacesMissing() }, () => {
  it('catches up with a head that was pushed meanwhile', async (t) => {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-partition-'))
    t.after(() => {
      rmSync(work, { recursive: true, force: true })
    })
    const hosts = joinTwoHosts(t)
    const [here, there] = hosts
    assert.ok(here !== undefined && there !== undefined)
    const [tree, state, data] = ['tree', 'state', 'data'].map((name) => join(work, name)) as [
      string,
      string,
      string,
    ]
    const publish = (): Promise<unknown> =>
      runJson(['repo', 'publish', '--state', state, '--tree', tree])
    addVersion(tree, '1.0')
    await runJson(['repo', 'init', '--state', state, '--name', 'tiny'])
    await publish()
    const tcp = (address: string): string[] => ['--listen', `/ip4/${address}/tcp/0`]
    const serve = ['repo', 'serve', '--state', state, '--tree', tree, '--http', '127.0.0.1:0']
    const primary = await startJarswarm([...serve, ...tcp(here.address)], here)
    t.after(() => primary.stop())
    // Its HTTP is at the other host's loopback address: only the swarm can bring a head.
    const join_ = ['--join', String(primary.ready.link), '--no-mdns', '--http', '127.0.0.1:0']
    const node = await startJarswarm(
      ['start', '--data', data, ...join_, ...tcp(there.address)],
      there,
    )
    t.after(() => node.stop())
    const status = async (): Promise<Status> =>
      (await runJson(['status', '--data', data])) as unknown as Status
    const seq = async (): Promise<number> => (await status()).repositories[0]?.head?.seq ?? 0
    await waitFor('the first head', async () => ((await seq()) === 1 ? true : undefined))

    for (const host of hosts) unplug(host)
    await waitFor('the loss', async () =>
      (await status()).peers.connected === 0 ? true : undefined,
    )
    addVersion(tree, '2.0')
    await publish()
    assert.equal(await seq(), 1)

    for (const host of hosts) plugIn(host)
    await waitFor('the second head', async () => ((await seq()) === 2 ? true : undefined))
  })
})
