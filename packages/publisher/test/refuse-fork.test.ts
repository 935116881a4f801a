import assert from 'node:assert/strict'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { createSigner, RootProposal } from '@jarswarm/trust'
import {
  applyRoot,
  proposeRoot,
  publishTree,
  resignTimestamp,
  StateMismatchError,
} from '../src/index.ts'
import { serveOrigin } from './_origin.ts'
import type { TestOrigin } from './_origin.ts'
import { createRepository, START_MS } from './_temporary.ts'
import type { TestRepository } from './_temporary.ts'

const MANIFEST = '.jarswarm/manifest'

/** State and tree of head 1 brought back, while the origin gives out head 2. */
async function restored(t: TestContext): Promise<{
  readonly repository: TestRepository
  readonly origin: TestOrigin
  readonly publish: () => Promise<{ readonly seq: number }>
}> {
  const origin = await serveOrigin(t, {})
  const repository = await createRepository(t, { origin: origin.url })
  const { stateDir, treeDir, root, write } = repository
  const publish = () => publishTree({ stateDir, treeDir, nowMs: START_MS })
  const upload = async () => {
    origin.files.set(MANIFEST, await readFile(join(treeDir, MANIFEST)))
  }
  await write('a/b/1/b-1.jar', '1')
  await publish()
  await upload()
  for (const name of ['state', 'tree']) {
    await cp(join(root, name), join(root, 'backup', name), { recursive: true })
  }
  await write('a/b/2/b-2.jar', '2')
  assert.equal((await publish()).seq, 2)
  await upload()
  for (const name of ['state', 'tree']) {
    await rm(join(root, name), { recursive: true })
    await cp(join(root, 'backup', name), join(root, name), { recursive: true })
  }
  await write('a/b/3/b-3.jar', '3')
  return { repository, origin, publish }
}

describe('a publisher whose state and tree were both brought back', () => {
  it('gives no number twice, and signs no timestamp over the older head', async (t) => {
    const { repository, publish } = await restored(t)
    await assert.rejects(publish(), (error) => {
      assert.ok(error instanceof StateMismatchError)
      assert.match(error.message, /found head 2 of .* at http.*whose newest is head 1; /)
      return true
    })
    await assert.rejects(resignTimestamp({ ...repository, nowMs: START_MS }), StateMismatchError)
  })

  it('refuses another head of the same number, too', async (t) => {
    const { repository, origin, publish } = await restored(t)
    const theirs = origin.files.get(MANIFEST)
    assert.ok(theirs)
    origin.files.clear()
    assert.equal((await publish()).seq, 2)
    origin.files.set(MANIFEST, theirs)
    await repository.write('a/b/4/b-4.jar', '4')
    await assert.rejects(publish(), /found head 2 .*whose newest is head 2; /)
  })

  it('goes on when the origin gives out nothing, or what nobody signed', async (t) => {
    const { repository, origin, publish } = await restored(t)
    origin.trick = (_request, response) => response.writeHead(500).end('away') === response
    assert.equal((await publish()).seq, 2)
    origin.trick = undefined
    origin.files.set(MANIFEST, Buffer.from('no manifest'))
    await repository.write('a/b/4/b-4.jar', '4')
    assert.equal((await publish()).seq, 3)
  })

  it('goes on under new online keys', async (t) => {
    const { repository, publish } = await restored(t)
    const { stateDir } = repository
    await proposeRoot({ stateDir, change: { rotate: ['publisher', 'timestamp'] } })
    const key = createSigner(await readFile(join(stateDir, 'keys/root.pem'), 'utf8'))
    const proposal = RootProposal.parse(await readFile(join(stateDir, 'proposal.json')))
    await applyRoot({ stateDir, proposals: [proposal.sign(key).format()] })
    assert.equal((await publish()).seq, 2)
  })
})
