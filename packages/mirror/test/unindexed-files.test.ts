import { createHash } from 'node:crypto'
import { parsePath } from '@jarswarm/maven'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BELIEVE_MS } from '../src/index.ts'
import { NEW, NEW_JAR, OBSERVED, ObservedRig, reasonOf } from './_observed-rig.ts'
import { METADATA } from './_rig.ts'

const NEW_METADATA = 'org/example/other/maven-metadata.xml'
const LARGE = Uint8Array.from({ length: 1_000_000 }, (_, at) => at % 251)

describe('what the index of an observed repository does not name', () => {
  it('is asked of the repository and passed on, files and metadata', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'new pom' })
    rig.repo.put(NEW_METADATA, { bytes: 'new metadata' })
    assert.equal(await rig.pass(node, NEW), 'new pom')
    assert.equal(await rig.pass(node, NEW_METADATA), 'new metadata')
    assert.deepEqual(rig.opened, [OBSERVED.replace(/\/$/, '')])
  })

  it('is absent when the repository says so too, and asked about once a minute', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    for (let at = 0; at < 3; at += 1) {
      assert.equal((await rig.resolve(node, NEW)).kind, 'absent')
    }
    assert.equal(rig.asked(NEW), 1)
    rig.repo.put(NEW, { bytes: 'new pom' })
    rig.clock.advance(BELIEVE_MS + 1)
    assert.equal(await rig.pass(node, NEW), 'new pom')
    assert.equal(rig.asked(NEW), 2)
  })

  it('is proven absent by the index alone where the operator signs', async (t) => {
    const rig = new ObservedRig(t)
    rig.builder.publish()
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'new pom' })
    assert.equal((await rig.resolve(node, NEW)).kind, 'absent')
    assert.deepEqual(rig.opened, [])
  })

  it('is refused with strict, which asks nobody', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower({ strict: true })
    rig.repo.put(NEW, { bytes: 'new pom' })
    const reason = reasonOf(await rig.resolve(node, NEW))
    assert.match(
      reason,
      /^lib-2\.0\.pom is not in the signed index of sample \(head 2\), and with --strict/,
    )
    assert.deepEqual(rig.repo.asked, [])
  })

  it('is not asked about for a folder', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    const found = node.repository.resolve(parsePath('org/example/none'), { indexOnly: true })
    assert.equal((await rig.wait(found)).kind, 'absent')
    assert.deepEqual(rig.repo.asked, [])
  })

  it('is not asked about while the newest index cannot be read', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'new pom' })
    rig.sign(NEW_METADATA, 'signed')
    for (const path of rig.origin.files.keys()) {
      if (path.startsWith('.jarswarm/objects/')) rig.origin.files.delete(path)
    }
    rig.clock.advance(11_000)
    await rig.wait(node.repository.lookForNewerHead({}))
    assert.match(reasonOf(await rig.resolve(node, NEW)), /history cannot be checked now/)
    assert.deepEqual(rig.repo.asked, [])
  })

  it('is named nobody and given to nobody but the client', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'new pom' })
    await rig.pass(node, NEW)
    const digest = sha256('new pom')
    assert.ok(await node.stores.blobs.has(digest))
    const range = { offset: 0, length: 2 }
    assert.equal(await node.mirror.readBlob(rig.builder.id, digest, range), undefined)
    for await (const held of node.mirror.holdings(rig.builder.id).blobs()) {
      assert.notEqual(held, digest)
    }
    rig.sign(NEW, 'new pom')
    await rig.refresh(node)
    assert.equal((await node.mirror.readBlob(rig.builder.id, digest, range))?.length, 2)
  })

  it('is verified, and forgotten as unsigned, once the index names it', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'new pom' })
    await rig.pass(node, NEW)
    rig.sign(NEW, 'new pom')
    await rig.refresh(node)
    const found = await rig.resolve(node, NEW)
    assert.ok(found.kind === 'artifact' && found.unindexed === undefined)
    assert.equal(found.mutable, false)
    assert.equal(await rig.fetch(node, NEW), 'store')
    assert.equal(await rig.cache.get(parsePath(NEW)), undefined)
  })

  it('is never served again when the index names other bytes', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'a first pom' })
    await rig.pass(node, NEW)
    rig.sign(NEW, 'what was signed')
    await rig.refresh(node)
    for await (const held of node.mirror.holdings(rig.builder.id).blobs()) {
      assert.notEqual(held, sha256('what was signed'), 'it claims what it does not have')
    }
    assert.equal(await rig.fetch(node, NEW), 'origin')
    assert.equal(await rig.cache.get(parsePath(NEW)), undefined)
    // Nor when the index lets go of it again, although the repository has it.
    rig.builder.remove(NEW).publish({ observed: OBSERVED })
    await rig.refresh(node)
    assert.equal((await rig.resolve(node, NEW)).kind, 'withdrawn')
  })

  it('changes and goes with the repository, releases too', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'one', etag: '1' })
    assert.equal(await rig.pass(node, NEW), 'one')
    rig.repo.put(NEW, { bytes: 'two', etag: '2' })
    assert.equal(await rig.pass(node, NEW), 'one')
    assert.equal(rig.asked(NEW), 1)
    rig.clock.advance(BELIEVE_MS + 1)
    assert.equal(await rig.pass(node, NEW), 'two')
    rig.repo.remove(NEW)
    rig.clock.advance(BELIEVE_MS + 1)
    assert.equal((await rig.resolve(node, NEW)).kind, 'absent')
  })

  it('is served from here while the repository is away, with its age', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'new pom' })
    await rig.pass(node, NEW)
    rig.repo.manner = 'failing'
    rig.clock.advance(600_000)
    const found = await rig.resolve(node, NEW)
    assert.ok(found.kind === 'artifact' && found.unindexed !== undefined)
    assert.ok((found.staleSeconds ?? 0) >= 600)
    assert.equal(await rig.pass(node, NEW), 'new pom')
  })

  it('leaves what the index names to the index, though the repository has it newer', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(METADATA, { bytes: 'newer metadata' })
    const found = await rig.resolve(node, METADATA)
    assert.ok(found.kind === 'artifact' && found.unindexed === undefined)
    assert.equal(await rig.fetch(node, METADATA), 'origin')
    assert.deepEqual(rig.repo.asked, [])
  })

  it('flows while it arrives when it is large', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW_JAR, { bytes: LARGE })
    assert.equal((await rig.resolve(node, NEW_JAR)).kind, 'arriving')
    assert.ok(Buffer.from(await rig.pass(node, NEW_JAR), 'latin1').equals(LARGE))
  })

  it('is asked of the repository that the newest head names', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    await rig.resolve(node, NEW)
    rig.builder.publish({ observed: 'https://other.example' })
    await rig.refresh(node)
    await rig.resolve(node, NEW)
    assert.deepEqual(rig.opened, ['https://repo.example/maven', 'https://other.example'])
  })
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
