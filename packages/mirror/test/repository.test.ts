import type { RepositoryPath } from '@jarswarm/maven'
import { providerKey, SourceUnavailableError } from '@jarswarm/ports'
import { wrongBytes } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BIG, JAR, METADATA, POM, Rig } from './_rig.ts'

const DAY_MS = 86_400_000
const NEW_POM = 'org/example/lib/2.0/lib-2.0.pom'
const ABSENT = 'org/example/lib/9.9/lib-9.9.jar'

describe('trust', () => {
  it('begins from peers alone', async (t) => {
    const rig = new Rig(t)
    await rig.fullNode()
    const node = await rig.node({ upstreams: [] })
    await rig.synced(node)
    assert.equal(node.repository.freshness().state, 'fresh')
  })

  it('does not begin from a first root that the id does not name', async (t) => {
    const rig = new Rig(t)
    const path = '.jarswarm/roots/1.root.json'
    rig.origin.files.set(path, wrongBytes(rig.builder.files.get(path) ?? new Uint8Array()))
    const node = await rig.node()
    const resolution = await rig.resolve(node, JAR)
    assert.equal(resolution.kind, 'unknown')
    assert.equal(node.repository.head, undefined)
  })

  it('walks from root to root, whatever liars give', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ heads: { poll: false } })
    await rig.resolve(node, ABSENT)
    await rig.synced(node)
    rig.builder.nextRoot()
    rig.builder.nextRoot({ rotate: true })
    rig.builder.put(NEW_POM, 'new').publish()
    rig.clock.advance(20_000)
    await rig.resolve(node, ABSENT)
    await rig.synced(node)
    assert.equal(node.repository.head?.seq, 2)
  })

  it('saves a head before it uses it', async (t) => {
    const rig = new Rig(t)
    const stores = rig.stores()
    const saved = Promise.withResolvers<undefined>()
    const saving = stores.trust.save.bind(stores.trust)
    stores.trust.save = async (id, record) => {
      await saved.promise
      await saving(id, record)
    }
    const node = await rig.node({ stores })
    await rig.until(() => rig.origin.requests.includes('.jarswarm/manifest'))
    rig.clock.advance(500)
    assert.equal(node.repository.head, undefined)
    assert.equal(node.mirror.readManifest(rig.builder.id), undefined)
    saved.resolve(undefined)
    await rig.synced(node)
  })

  it('never goes back, over a restart too', async (t) => {
    const rig = new Rig(t)
    const old = rig.builder.state?.manifest ?? new Uint8Array()
    rig.builder.put(NEW_POM, 'new').publish()
    const first = await rig.node()
    await rig.synced(first)
    await first.stop()
    rig.origin.files.set('.jarswarm/manifest', old)
    const again = await rig.node({ stores: first.stores })
    rig.clock.advance(700_000)
    await rig.resolve(again, ABSENT)
    assert.equal(again.repository.head?.seq, 2)
    assert.equal(await rig.wait(again.mirror.offerManifest(rig.builder.id, old, 'p')), 'ignore')
  })
})

describe('heads', () => {
  it('come by push alone', async (t) => {
    const rig = new Rig(t)
    const publisher = await rig.node({ name: 'publisher' })
    await rig.synced(publisher)
    const node = await rig.node({ upstreams: [], heads: { pull: false } })
    assert.equal(node.repository.head, undefined)
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(publisher)
    await rig.synced(node)
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'artifact')
  })

  it('come by pull alone', async (t) => {
    const rig = new Rig(t)
    const publisher = await rig.node({ name: 'publisher' })
    await rig.synced(publisher)
    const node = await rig.node({ upstreams: [], heads: { push: false } })
    await rig.synced(node)
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(publisher)
    await rig.synced(node)
  })

  it('come by poll alone', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ heads: { pollIntervalMs: 60_000 } })
    await rig.synced(node)
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.synced(node)
  })

  it('do not come when each way is off', async (t) => {
    const rig = new Rig(t)
    await rig.fullNode()
    const heads = { push: false, pull: false, poll: false }
    const node = await rig.node({ heads })
    rig.clock.advance(DAY_MS)
    assert.equal(node.repository.head, undefined)
  })

  it('are pulled from whoever connects', async (t) => {
    const rig = new Rig(t, { autoConnect: false })
    await rig.fullNode({ name: 'one' })
    const node = await rig.node({ name: 'two', upstreams: [] })
    await rig.wait(rig.network.connect('one', 'two'))
    await rig.synced(node)
  })

  it('are verified at most a few times for one peer', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const verdicts: string[] = []
    for (let i = 0; i < 8; i += 1) {
      const bad = new TextEncoder().encode(`jarswarm manifest 1\nroot ${i}`)
      verdicts.push(await rig.wait(node.mirror.offerManifest(rig.builder.id, bad, 'p')))
    }
    assert.deepEqual(verdicts.slice(0, 5), Array(5).fill('reject'))
    assert.deepEqual(verdicts.slice(5), Array(3).fill('ignore'))
  })
})

describe('resolve', () => {
  it('proves on demand while the index is incomplete', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ syncIndex: false })
    await rig.until(() => node.repository.head !== undefined)
    const resolution = await rig.resolve(node, JAR)
    assert.equal(resolution.kind, 'artifact')
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'absent')
    assert.equal(node.repository.status().index.complete, false)
  })

  it('says nothing when no node of the proof can be had', async (t) => {
    const rig = new Rig(t)
    for (const path of rig.origin.files.keys()) {
      if (path.startsWith('.jarswarm/objects/')) rig.origin.files.delete(path)
    }
    const node = await rig.node()
    await rig.until(() => node.repository.head !== undefined)
    const resolution = await rig.resolve(node, JAR)
    assert.equal(resolution.kind, 'unknown')
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'unknown')
  })

  it('answers from the index before while the newest cannot be had, but proves no absence', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.clock.advance(20_000)
    const before = new Set(rig.origin.files.keys())
    rig.builder.put(NEW_POM, 'new').publish()
    for (const path of rig.origin.files.keys()) {
      if (path.startsWith('.jarswarm/objects/') && !before.has(path)) rig.origin.files.delete(path)
    }
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'unknown')
    assert.equal(node.repository.head?.seq, 2)
    assert.equal((await rig.resolve(node, JAR)).kind, 'artifact')
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'unknown')
  })

  it('looks for a newer head before it says absent', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ heads: { poll: false } })
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'absent')
    rig.builder.put(NEW_POM, 'new').publish()
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'absent')
    rig.clock.advance(10_001)
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'artifact')
  })

  it('says absent within 2 s when nobody answers', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.behaviour = 'silent'
    rig.clock.advance(20_000)
    const before = rig.clock.now()
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'absent')
    assert.ok(rig.clock.now() - before <= 2_100)
  })

  it('knows directories', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    assert.equal((await rig.resolve(node, 'org/example')).kind, 'directory')
    const options = { limit: 10 }
    assert.deepEqual(await node.repository.list('org/example', options), ['big/', 'lib/'])
    assert.equal(await node.repository.list('org/other', options), undefined)
  })

  it('keeps releases and lets go of the rest when the head is suspect', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ heads: { poll: false, pull: false } })
    await rig.resolve(node, ABSENT)
    await rig.synced(node)
    rig.clock.jumpTo(rig.clock.now() + 400 * DAY_MS)
    assert.equal(node.repository.freshness().state, 'suspect')
    assert.equal((await rig.resolve(node, JAR)).kind, 'artifact')
    assert.equal((await rig.resolve(node, METADATA)).kind, 'unknown')
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'unknown')
  })
})

describe('index', () => {
  it('moves at most 64 KiB for a deploy', async (t) => {
    const rig = new Rig(t)
    for (let i = 0; i < 3_000; i += 1) rig.builder.put(`g/a${i % 50}/${i}/a-${i}.pom`, `${i}`)
    rig.builder.publish()
    const node = await rig.node()
    await rig.synced(node)
    const before = rig.origin.receivedBytes()
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(node)
    const moved = rig.origin.receivedBytes() - before
    assert.ok(moved > 0 && moved <= 65_536, `moved ${moved} bytes`)
    assert.ok((await node.repository.list('org/example/lib', { limit: 9 }))?.includes('2.0/'))
  })

  it('comes whole in one pack when there is one', async (t) => {
    const rig = new Rig(t)
    for (let i = 0; i < 500; i += 1) rig.builder.put(`g/a/${i}/a-${i}.pom`, `${i}`)
    rig.builder.publish({ pack: true })
    const node = await rig.node()
    await rig.synced(node)
    assert.deepEqual(
      rig.origin.requests.filter((path) => path.startsWith('.jarswarm/objects/')),
      [],
    )
  })

  it('fetches nothing twice over a restart', async (t) => {
    const rig = new Rig(t)
    for (let i = 0; i < 500; i += 1) rig.builder.put(`g/a/${i}/a-${i}.pom`, `${i}`)
    rig.builder.publish()
    const stores = rig.stores()
    rig.origin.gate = (path) => {
      if (rig.origin.requests.length > 20 && path.includes('/objects/')) {
        return Promise.reject(new SourceUnavailableError('down'))
      }
      return Promise.resolve()
    }
    const first = await rig.node({ stores })
    await rig.until(() => first.logger.lines.some(({ message }) => message.includes('later')))
    await first.stop()
    const given = rig.origin.requests.slice(0, 20).filter((path) => path.includes('/objects/'))
    rig.origin.gate = () => Promise.resolve()
    rig.origin.requests.length = 0
    const again = await rig.node({ stores })
    await rig.synced(again)
    assert.ok(given.length > 5)
    assert.deepEqual(
      given.filter((path) => rig.origin.requests.includes(path)),
      [],
    )
  })

  it('drops nodes that the next index does not name', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const root = rig.builder.state?.head.index.root ?? ''
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(node)
    await rig.wait(node.stop())
    assert.equal(await node.stores.index.getObject(root), undefined)
  })
})

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
