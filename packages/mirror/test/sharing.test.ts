import type { RepositoryPath } from '@jarswarm/maven'
import { providerKey } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BIG, JAR, METADATA, POM, Rig } from './_rig.ts'

const NEW_POM = 'org/example/lib/2.0/lib-2.0.pom'

describe('sharing', () => {
  it('announces projects, and the whole repository when it holds all', async (t) => {
    const rig = new Rig(t)
    const { id } = rig.builder
    const node = await rig.node({ name: 'cache' })
    await rig.synced(node)
    await rig.fetch(node, POM)
    const project = 'org/example/lib'
    await rig.until(() => rig.network.records({ repository: id, project }).length === 1)
    await rig.fullNode({ name: 'full' })
    await rig.until(() => rig.network.records({ repository: id, project: undefined }).length === 1)
    assert.deepEqual(rig.network.records({ repository: id, project: undefined }), ['full'])
  })

  it('knows what it holds after a restart', async (t) => {
    const rig = new Rig(t)
    const first = await rig.node({ name: 'first' })
    await rig.synced(first)
    await rig.fetch(first, POM)
    await first.stop()
    const again = await rig.node({ stores: first.stores })
    await rig.wait(again.repository.rescan())
    const held: string[] = []
    for await (const digest of again.mirror.holdings(rig.builder.id).blobs()) held.push(digest)
    assert.deepEqual(held, [rig.builder.entry(POM).digest])
  })

  it('tells of blobs that come and go', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const changes: string[] = []
    node.mirror.onHoldingsChange(({ added, removed }) => {
      changes.push(`+${added.length} -${removed.length}`)
    })
    await rig.fetch(node, POM)
    await rig.until(() => changes.length === 1)
    await node.stores.blobs.delete(rig.builder.entry(POM).digest)
    assert.deepEqual(changes, ['+1 -0', '+0 -1'])
  })

  it('mirrors what globs name, and follows new heads', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ mirrorPolicy: ['org/example/lib/**'] })
    const has = (path: string): boolean => {
      const { digest } = rig.builder.entry(path)
      return node.stores.blobs.usage().blobs > 0 && held.has(digest)
    }
    const held = new Set<string>()
    node.mirror.onHoldingsChange(({ added }) => {
      for (const digest of added) held.add(digest)
    })
    await rig.until(() => has(JAR) && has(POM) && has(METADATA))
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(node)
    await rig.until(() => has(NEW_POM))
    assert.equal(has(BIG), false)
    assert.equal(node.mirror.holdings(rig.builder.id).completeToSeq, undefined)
  })

  it('tries again what could not be mirrored at first', async (t) => {
    const rig = new Rig(t)
    const jar = rig.builder.files.get(JAR) ?? new Uint8Array()
    rig.origin.files.delete(JAR)
    const node = await rig.node({ mirrorPolicy: 'all' })
    await rig.until(() => node.logger.lines.some(({ fields }) => fields['failures'] === 1))
    const complete = (): number | undefined => node.mirror.holdings(rig.builder.id).completeToSeq
    assert.equal(complete(), undefined)
    rig.origin.files.set(JAR, jar)
    rig.origin.requests.length = 0
    await rig.until(() => complete() === 1)
    assert.deepEqual(
      rig.origin.requests.filter((path) => !path.startsWith('.jarswarm/')),
      [JAR],
    )
  })

  it('knows the provider keys that the index defines, and no others', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const repository = rig.builder.id
    const knows = (project: string | undefined): Promise<boolean | undefined> =>
      node.mirror.knowsProviderKey(repository, providerKey({ repository, project }))
    assert.equal(await knows('org/example/lib'), true)
    assert.equal(await knows(undefined), true)
    assert.equal(await knows('org/other'), false)
  })

  it('answers a range outside a blob as not held', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const { digest } = rig.builder.entry(POM)
    assert.equal(await node.mirror.readBlob(digest, { offset: 5, length: 99 }), undefined)
  })

  it('stops without a timer left', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    rig.origin.behaviour = 'silent'
    const path = 'org/example/lib/1.0/lib-1.0.pom' as RepositoryPath
    await node.stores.blobs.delete(rig.builder.entry(path).digest)
    const opening = node.repository.open(rig.builder.entry(path), {})
    opening.catch(() => undefined)
    await node.stop()
    await assert.rejects(rig.wait(opening))
    assert.equal(rig.clock.pendingTimers, 0)
  })
})
