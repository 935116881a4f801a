import { parsePath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IndexReader } from '../src/index-tree/index-reader.ts'
import { JAR, METADATA, POM, Rig } from './_rig.ts'

const DAY_MS = 86_400_000
const NEW_POM = 'org/example/lib/2.0/lib-2.0.pom'
const ABSENT = 'org/example/lib/9.9/lib-9.9.jar'

describe('resolve', () => {
  it('proves on demand while the index is incomplete', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ syncIndex: false })
    await rig.until(() => node.repository.head !== undefined)
    const resolution = await rig.resolve(node, JAR)
    assert.equal(resolution.kind, 'artifact')
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'absent')
    const folder = node.repository.resolve(parsePath('org/example'), { indexOnly: true })
    assert.deepEqual(await rig.wait(folder), { kind: 'absent', fileOnly: true })
    assert.equal(node.repository.status().index.complete, false)
    assert.equal(await node.repository.list('', { limit: 9 }), undefined)
  })

  it('finds a directory whose index became complete while a newer head was looked for', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const { mock } = t.mock.method(IndexReader.prototype, 'isDirectory')
    mock.mockImplementationOnce(() => Promise.resolve(undefined))
    assert.deepEqual(await rig.resolve(node, 'org/example'), { kind: 'directory' })
    assert.equal(mock.callCount(), 2)
  })

  it('says of a file beside another what the index says, and looks for nothing newer', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.clock.advance(20_000)
    const before = rig.origin.requests.length
    const isDirectory = t.mock.method(IndexReader.prototype, 'isDirectory')
    const path = parsePath(ABSENT)
    const found = await rig.wait(node.repository.resolve(path, { beside: true }))
    assert.deepEqual(found, { kind: 'absent' })
    assert.equal(isDirectory.mock.callCount(), 0)
    assert.equal(rig.origin.requests.length, before)
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'absent')
    assert.ok(rig.origin.requests.length > before)
  })

  it('recalls what it looked up under the head in use, and nothing that must be asked for', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const recall = (path: string, beside = false) =>
      node.repository.recall(parsePath(path), { beside })
    assert.equal(recall(JAR), undefined)
    const found = await rig.resolve(node, JAR)
    assert.equal(found.kind, 'artifact')
    assert.deepEqual(recall(JAR), found)
    const missing = JAR.replace(/\.jar$/, '-tests.jar')
    assert.equal(recall(missing), undefined, 'a newer head may have it')
    assert.deepEqual(recall(missing, true), { kind: 'absent' })
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(node)
    assert.equal(recall(JAR), undefined, 'another index')
    await rig.resolve(node, JAR)
    assert.deepEqual(recall(JAR), found)
    rig.builder.remove(JAR, 'malware').publish()
    await rig.refresh(node)
    assert.equal(recall(JAR), undefined)
    // The directory is remembered again, by a list without it.
    await rig.resolve(node, POM)
    assert.equal(recall(JAR, true), undefined, 'withdrawn, not absent')
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
    assert.equal(node.repository.head?.seq, 1, 'a head was used whose index could not be compared')
    assert.equal((await rig.resolve(node, JAR)).kind, 'artifact')
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'unknown')
  })

  it('waits a while for the first head, for peers are met in any order', async (t) => {
    const rig = new Rig(t, { autoConnect: false })
    await rig.fullNode({ name: 'one' })
    const node = await rig.node({ name: 'two', upstreams: [] })
    const before = rig.clock.now()
    assert.equal((await rig.resolve(node, JAR)).kind, 'unknown')
    assert.ok(rig.clock.now() - before <= 8_000)
    const inVain = rig.clock.now()
    assert.equal((await rig.resolve(node, JAR)).kind, 'unknown')
    assert.equal(rig.clock.now(), inVain, 'a build would wait as long for each file')
    rig.clock.advance(30_000)
    const resolving = node.repository.resolve(parsePath(JAR), {})
    await rig.wait(rig.network.connect('one', 'two'))
    assert.equal((await rig.wait(resolving)).kind, 'artifact')
  })

  it('takes up the first head soon after the origin has come back', async (t) => {
    const rig = new Rig(t)
    rig.origin.behaviour = 'silent'
    const node = await rig.node({ heads: { poll: false } })
    assert.equal((await rig.resolve(node, JAR)).kind, 'unknown')
    rig.origin.behaviour = 'healthy'
    const before = rig.clock.now()
    await rig.until(() => node.repository.head !== undefined)
    assert.ok(rig.clock.now() - before <= 5_000)
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

  it('proves no absence while a newer head that it verified cannot be saved', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const { trust } = node.stores
    const save = trust.save.bind(trust)
    trust.save = () => Promise.reject(new NoSpaceError('Cannot save: the disk is full'))
    rig.builder.put(NEW_POM, 'new').publish()
    rig.clock.advance(11_000)
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'unknown')
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'unknown')
    assert.equal((await rig.resolve(node, JAR)).kind, 'artifact')
    trust.save = save
    await rig.refresh(node)
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'artifact')
    assert.equal((await rig.resolve(node, ABSENT)).kind, 'absent')
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
