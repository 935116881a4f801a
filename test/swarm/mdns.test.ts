import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runJarswarm, runJson, startJarswarm } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { HostNetwork, namespacesMissing } from '../_namespaces.ts'
import type { Host } from '../_namespaces.ts'
import { addVersion, jarBytes, jarOf } from './_tiny-repository.ts'

interface Status {
  readonly store: { readonly blobs: number }
}

describe('mDNS', { skip: namespacesMissing() }, () => {
  it('lets two nodes on one network find each other, told nothing but the repository', async (t) => {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-mdns-'))
    t.after(() => {
      rmSync(work, { recursive: true, force: true })
    })
    const [here, there] = new HostNetwork(t, 2).hosts
    assert.ok(here !== undefined && there !== undefined)
    const tree = join(work, 'tree')
    const state = join(work, 'state')
    addVersion(tree, '1.0')
    const { link } = await runJson(['repo', 'init', '--state', state, '--name', 'tiny'])
    await runJson(['repo', 'publish', '--state', state, '--tree', tree])

    const tcp = (address: string): string[] => ['--listen', `/ip4/${address}/tcp/0`]
    const serve = ['repo', 'serve', '--state', state, '--tree', tree, '--http', '127.0.0.1:0']
    const primary = await startJarswarm([...serve, ...tcp('127.0.0.1')], here)
    t.after(() => primary.stop())
    const startNode = async (
      host: Host,
      told: unknown,
      extra: readonly string[],
    ): Promise<string> => {
      const data = join(work, host.namespace)
      const start = ['start', '--data', data, '--join', String(told), '--http', '127.0.0.1:0']
      const node = await startJarswarm([...start, ...tcp(host.address), ...extra], host)
      t.after(() => node.stop())
      return data
    }
    const holder = await startNode(here, primary.ready.link, ['--mirror', 'all'])
    await waitFor('both files on the holder', async () => {
      const status = (await runJson(['status', '--data', holder])) as unknown as Status
      return status.store.blobs === 2 ? true : undefined
    })
    await primary.stop('SIGKILL')
    const data = await startNode(there, link, [])

    const file = join(work, 'tiny.jar')
    await waitFor('the jar from the other host', async () => {
      const { code } = await runJarswarm([
        'get',
        `tiny/${jarOf('1.0')}`,
        '-o',
        file,
        '--data',
        data,
      ])
      return code === 0 ? true : undefined
    })
    assert.deepEqual(new Uint8Array(readFileSync(file)), jarBytes('1.0'))
  })
})
