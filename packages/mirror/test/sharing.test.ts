import { FILL_RETRY_MS } from '../src/share/mirror-fill.ts'
import { sha256 } from '@jarswarm/manifest'
import type { IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { RepositoryPath } from '@jarswarm/maven'
import { NoSpaceError, providerKey } from '@jarswarm/ports'
import type { ByteRange, HoldingsChange } from '@jarswarm/ports'
import { MemoryBlobStore, MemoryIndexStore } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_HELD_BLOBS } from '../src/limits.ts'
import { HeldBlobs } from '../src/share/held-blobs.ts'
import { BIG, BOOTSTRAP, JAR, METADATA, POM, Rig } from './_rig.ts'

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

  it('tells of a blob that somebody else put into the store', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const added: string[] = []
    node.mirror.onHoldingsChange((change) => {
      added.push(...change.added)
    })
    node.repository.noteStored(rig.builder.entry(POM))
    assert.deepEqual(added, [rig.builder.entry(POM).digest])
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

  it('has all of the head before while a newer one comes, and tells what came', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const changes: HoldingsChange[] = []
    node.mirror.onHoldingsChange((change) => changes.push(change))
    const late = parsePath('org/example/late/1.0/late-1.0.jar')
    rig.builder.put(NEW_POM, 'new').put(late, 'late').publish()
    rig.origin.files.delete(late)
    await rig.refresh(node)
    const { digest } = rig.builder.entry(NEW_POM)
    await rig.until(() => changes.some(({ added }) => added.includes(digest)))
    assert.deepEqual(new Set(changes.map(({ completeToSeq }) => completeToSeq)), new Set([1]))
    assert.equal(node.mirror.holdings(rig.builder.id).completeToSeq, 1)
  })

  it('does not wait long when somebody comes who may hold it', async (t) => {
    const rig = new Rig(t)
    const stores = rig.stores()
    const before = await rig.fullNode({ name: 'peer', stores })
    await rig.wait(before.stop())
    rig.origin.files.delete(JAR)
    const node = await rig.node({ name: 'mirror', mirrorPolicy: 'all' })
    await rig.until(() => node.logger.lines.some(({ fields }) => fields['failures'] === 1))
    const sinceMs = rig.clock.now()
    await rig.node({ name: 'peer', stores })
    await rig.until(() => node.mirror.holdings(rig.builder.id).completeToSeq === 1)
    assert.ok(rig.clock.now() - sinceMs < FILL_RETRY_MS)
  })

  it('mirrors what peers hold while the origin is down, however much nobody has', async (t) => {
    const rig = new Rig(t)
    for (let i = 0; i < 200; i += 1) rig.builder.put(`a/a/${i}/a-${i}.pom`, `${i}`)
    rig.builder.publish()
    const peer = await rig.node({ name: 'peer' })
    await rig.synced(peer)
    await rig.fetch(peer, JAR)
    rig.origin.behaviour = 'refusing'
    rig.origin.reported = { healthy: false, medianMs: 20, waitingMs: 0 }
    const node = await rig.node({ name: 'mirror', mirrorPolicy: 'all' })
    const added = new Set<string>()
    node.mirror.onHoldingsChange((change) => {
      for (const digest of change.added) added.add(digest)
    })
    await rig.until(() => added.has(rig.builder.entry(JAR).digest))
  })

  it('pins what was here before the policy named it', async (t) => {
    const rig = new Rig(t)
    const stores = { ...rig.stores(), blobs: new MemoryBlobStore({ quotaBytes: 1_600_000 }) }
    const before = await rig.node({ stores })
    await rig.synced(before)
    await rig.fetch(before, JAR)
    await rig.wait(before.stop())
    await rig.fullNode({ stores })
    const filler = new Uint8Array(1_599_999)
    await assert.rejects(stores.blobs.put(sha256(filler), filler), NoSpaceError)
    assert.equal(await stores.blobs.has(rig.builder.entry(JAR).digest), true)
  })

  it('lets go of a mirrored file that another has replaced', async (t) => {
    const rig = new Rig(t)
    const stores = { ...rig.stores(), blobs: new MemoryBlobStore({ quotaBytes: 1_600_000 }) }
    const node = await rig.fullNode({ stores })
    const { digest } = rig.builder.entry(METADATA)
    rig.builder.put(METADATA, '<metadata>2</metadata>').publish()
    await rig.refresh(node)
    await rig.until(() => node.mirror.holdings(rig.builder.id).completeToSeq === 2)
    const room = 1_600_000 - stores.blobs.usage().bytes
    const filler = new Uint8Array(room + 1)
    await stores.blobs.put(sha256(filler), filler)
    assert.equal(await stores.blobs.has(digest), false)
  })

  for (const policy of ['all', ['org/example/lib/*.xml']] as const) {
    it(`fetches a mirrored file again that left the store (${String(policy)})`, async (t) => {
      const rig = new Rig(t)
      const node = await rig.node({ mirrorPolicy: policy })
      const { digest } = rig.builder.entry(METADATA)
      const changes: string[] = []
      node.mirror.onHoldingsChange(({ added, removed }) => {
        if (added.includes(digest)) changes.push('added')
        if (removed.includes(digest)) changes.push('removed')
      })
      await rig.until(() => changes.length === 1)
      await node.stores.blobs.delete(digest)
      await rig.until(() => changes.length === 3)
      assert.deepEqual(changes, ['added', 'removed', 'added'])
    })
  }

  it('tells of a blob that came for another repository', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const { digest } = rig.builder.entry(POM)
    await node.stores.blobs.put(digest, rig.builder.files.get(POM) ?? new Uint8Array())
    assert.equal(await rig.fetch(node, POM), 'store')
    const held: string[] = []
    for await (const each of node.mirror.holdings(rig.builder.id).blobs()) held.push(each)
    assert.deepEqual(held, [digest])
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
    const read = (range: ByteRange): Promise<Uint8Array | undefined> =>
      node.mirror.readBlob(rig.builder.id, digest, range)
    assert.equal((await read({ offset: 0, length: 2 }))?.length, 2)
    assert.equal(await read({ offset: 5, length: 99 }), undefined)
  })

  it('gives peers of a repository nothing that its index does not name', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const bytes = Buffer.from('of a repository that nobody signed')
    const foreign = sha256(bytes)
    await node.stores.blobs.put(foreign, bytes)
    const range = { offset: 0, length: 2 }
    assert.equal(await node.mirror.readBlob(rig.builder.id, foreign, range), undefined)
    const { digest } = rig.builder.entry(POM)
    assert.equal(await node.mirror.readBlob('99'.repeat(32), digest, range), undefined)
    await node.stores.blobs.delete(digest)
    assert.equal(await node.mirror.readBlob(rig.builder.id, digest, range), undefined)
  })

  it('keeps account of MAX_HELD_BLOBS, and gives what is beyond them', () => {
    const held = new HeldBlobs({
      blobs: new MemoryBlobStore(),
      index: new MemoryIndexStore('a'.repeat(64)),
      isWithdrawn: () => false,
    })
    const entryOf = (at: number): IndexEntry => ({
      path: parsePath(POM),
      digest: at.toString(16).padStart(12, '0').padEnd(64, '0'),
      sha1: '',
      sizeBytes: 1,
      mtimeSeconds: 0,
      pieceList: undefined,
    })
    for (let at = 0; at < MAX_HELD_BLOBS; at += 1) assert.equal(held.add(entryOf(at)), 'listed')
    const beyond = entryOf(MAX_HELD_BLOBS)
    assert.equal(held.has(beyond.digest), false)
    assert.equal(held.add(beyond), 'unlisted')
    assert.equal(held.has(beyond.digest), true)
    assert.equal(held.add(beyond), 'none')
    assert.equal(held.remove(beyond.digest), true)
    assert.equal(held.has(beyond.digest), false)
  })

  it('keeps connected to the peers that the signed root names, also after a restart', async (t) => {
    const rig = new Rig(t)
    const stores = rig.stores()
    const node = await rig.node({ stores })
    await rig.synced(node)
    assert.deepEqual(node.swarm.kept.get(rig.builder.id), [BOOTSTRAP])
    await node.stop()
    const again = await rig.node({ stores, upstreams: [] })
    assert.deepEqual(again.swarm.kept.get(rig.builder.id), [BOOTSTRAP])
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
