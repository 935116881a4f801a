import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { REPOSITORY, startNode, waitFor } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

const PROJECT = { repository: REPOSITORY, project: 'org/clojure/clojure' }

/** A DHT server, and two nodes that know nobody else and tell nobody what they hold. */
async function apart(t: TestContext): Promise<readonly [TestNode, TestNode, TestNode]> {
  const server = await startNode(t, { role: 'bootstrap' })
  server.content.addProject(REPOSITORY, PROJECT.project)
  const init = {
    bootstrap: server.swarm.listenAddresses(),
    dht: 'client',
    summaries: false,
  } as const
  const holder = await startNode(t, init)
  const seeker = await startNode(t, init)
  await waitFor('contact with the server', () =>
    [holder, seeker].every(({ swarm }) => swarm.followers(REPOSITORY).length === 1),
  )
  return [server, holder, seeker]
}

/** Announce projects; gives those that somebody was told of. */
async function tell({ swarm }: TestNode, ...projects: string[]): Promise<string[]> {
  const all = projects.length === 0 ? [PROJECT.project] : projects
  const told: string[] = []
  for await (const project of swarm.provide(REPOSITORY, all, {})) told.push(project ?? '*')
  return told
}

async function found(seeker: TestNode): Promise<string[]> {
  const peers: string[] = []
  const signal = AbortSignal.timeout(15_000)
  for await (const peer of seeker.swarm.findProviders(PROJECT, { signal })) peers.push(peer)
  return peers
}

describe('findProviders', () => {
  it('finds a node with which nothing but a DHT server is shared', async (t) => {
    const [, holder, seeker] = await apart(t)
    const digest = holder.content.addBlob(REPOSITORY, Buffer.from('a jar'))
    await tell(holder)
    assert.deepEqual(seeker.swarm.claimants(REPOSITORY, digest), [])
    assert.equal(seeker.swarm.followers(REPOSITORY).includes(holder.swarm.peerId), false)

    assert.deepEqual(await found(seeker), [holder.swarm.peerId])
    const range = { digest, offset: 0, length: 5 }
    const bytes = await seeker.swarm.request(
      holder.swarm.peerId,
      { kind: 'blob', repository: REPOSITORY, ...range },
      {},
    )
    assert.equal(Buffer.from(bytes).toString(), 'a jar')
  })

  it('finds nobody when nobody announced', async (t) => {
    const [, holder, seeker] = await apart(t)
    holder.content.addBlob(REPOSITORY, Buffer.from('a jar'))
    assert.deepEqual(await found(seeker), [])
  })

  it('finds nobody when sharing forbids to announce', async (t) => {
    const server = await startNode(t, { role: 'bootstrap' })
    const init = { bootstrap: server.swarm.listenAddresses(), dht: 'client' } as const
    const holder = await startNode(t, { ...init, share: 'none' })
    const seeker = await startNode(t, init)
    await tell(holder)
    assert.deepEqual(await found(seeker), [])
  })

  it('finds nobody under a key that the index does not define', async (t) => {
    const [server, holder, seeker] = await apart(t)
    await assert.rejects(tell(holder, 'not/indexed'), /no DHT server takes records/)
    const peers: string[] = []
    const subject = { ...PROJECT, project: 'not/indexed' }
    for await (const peer of seeker.swarm.findProviders(subject, {})) peers.push(peer)
    assert.equal(peers.length, 0)

    server.content.indexComplete = false
    await tell(holder, 'not/indexed')
    for await (const peer of seeker.swarm.findProviders(subject, {})) peers.push(peer)
    assert.deepEqual(peers, [holder.swarm.peerId])
  })

  it('ends at once when the caller aborts', async (t) => {
    const lone = await startNode(t)
    const reason = new Error('enough')
    await assert.rejects(async () => {
      const signal = AbortSignal.abort(reason)
      for await (const peer of lone.swarm.findProviders(PROJECT, { signal })) assert.fail(peer)
    }, reason)
  })
})

describe('provide', () => {
  it('fails when no server is there to take the record, so that it is told again', async (t) => {
    const lone = await startNode(t)
    await assert.rejects(tell(lone), /no DHT server takes records/)
  })

  it('fails on a public network while no public address is proven', async (t) => {
    const node = await startNode(t, { network: 'public' })
    await assert.rejects(tell(node), /proven dialable/)
  })
})
