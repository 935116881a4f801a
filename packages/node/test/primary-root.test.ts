import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { applyRoot, proposeRoot } from '@jarswarm/publisher'
import { createSigner, parseManifest } from '@jarswarm/trust'
import { startNode, startPrimary, temporaryDirectory } from './_swarm.ts'
import { waitFor } from './_wait-for.ts'

describe('a primary that runs while its root changes', () => {
  it('signs and serves its state under a new root as soon as that is in force', async (t) => {
    const directory = temporaryDirectory(t)
    const primary = await startPrimary(t, { directory })
    const stateDir = join(directory, 'demo-state')
    const manifest = async () => {
      const answer = await fetch(`${primary.url}/.jarswarm/manifest`)
      return parseManifest(new Uint8Array(await answer.arrayBuffer()))
    }
    const key = readFileSync(join(stateDir, 'keys/root.pem'), 'utf8')
    // New online keys: what the former ones signed is void from here on.
    const rotate = ['publisher', 'timestamp'] as const
    for (const number of [2, 3]) {
      const proposal = await proposeRoot({ stateDir, change: { rotate } })
      const proposals = [proposal.sign(createSigner(key)).format()]
      assert.equal((await applyRoot({ stateDir, proposals })).applied, true)
      await waitFor('the new root', async () => (await manifest()).rootNumber === number)
    }
    const node = await startNode(t, { dataDir: join(directory, 'data'), links: [primary.link()] })
    await waitFor('the index', () => node.statusNow().repositories[0]?.index.complete === true)
    assert.equal((await manifest()).rootNumber, 3)
  })
})
