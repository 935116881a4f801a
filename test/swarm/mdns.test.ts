import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runJarswarm, runJson, startJarswarm } from '../_jarswarm.ts'
import { waitFor } from '../_wait-for.ts'
import { joinTwoHosts, namespacesMissing } from './_namespaces.ts'
import { addVersion, jarBytes, jarOf } from './_tiny-repository.ts'

describe('mDNS', { skip: namespacesMissing() }, () => {
  it('lets two nodes on one network find each other, told nothing but the repository', async (t) => {
    const work = mkdtempSync(join(tmpdir(), 'jarswarm-mdns-'))
    t.after(() => {
      rmSync(work, { recursive: true, force: true })
    })
    const [here, there] = joinTwoHosts(t)
    assert.ok(here !== undefined && there !== undefined)
    const tree = join(work, 'tree')
    const state = join(work, 'state')
    addVersion(tree, '1.0')
    const { link } = await runJson(['repo', 'init', '--state', state, '--name', 'tiny'])
    await runJson(['repo', 'publish', '--state', state, '--tree', tree])

    const listen = (address: string): string[] => ['--listen', `/ip4/${address}/tcp/4870`]
    const serve = ['repo', 'serve', '--state', state, '--tree', tree, '--http', '127.0.0.1:0']
    const primary = await startJarswarm([...serve, ...listen(here.address)], here)
    t.after(() => primary.stop())
    const data = join(work, 'node')
    const start = ['start', '--data', data, '--join', String(link), '--http', '127.0.0.1:0']
    const node = await startJarswarm([...start, ...listen(there.address)], there)
    t.after(() => node.stop())

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
