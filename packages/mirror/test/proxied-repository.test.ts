import { sha256 } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { UnavailableError } from '@jarswarm/ports'
import { BUSY_MS } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createProxyRig, JAR, METADATA, read, reasonOf, reopen, waitFor } from './_proxy-rig.ts'

describe('ProxiedRepository', () => {
  it('gives what the origin has, keeps it, and asks for it once', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    assert.deepEqual(await read(rig, JAR), { text: 'jar', source: 'origin' })
    const asked = rig.origin.asked.length
    assert.deepEqual(await read(rig, JAR), { text: 'jar', source: 'store' })
    assert.equal(rig.origin.asked.length, asked)
    assert.deepEqual(await rig.repository.list('org/a', { limit: 5 }), ['b/'])
  })

  it('shares one request between all who ask', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    await Promise.all([read(rig, JAR), read(rig, JAR), read(rig, JAR)])
    assert.equal(rig.origin.asked.filter((path) => path === JAR).length, 1)
  })

  it('keeps its files over a restart, and serves them while the origin is away', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    rig.origin.put(METADATA, { bytes: '<metadata/>' })
    await read(rig, JAR)
    await read(rig, METADATA)
    await rig.repository.stop()
    rig.clock.advance(3_600_000)
    rig.origin.manner = 'failing'
    const again = reopen(t, rig)
    assert.deepEqual(await read(again, JAR), { text: 'jar', source: 'store' })
    const metadata = await read(again, METADATA)
    assert.deepEqual(metadata, { text: '<metadata/>', source: 'store', staleSeconds: 3_600 })
    assert.match(await reasonOf(again, 'org/a/c/1/c-1.jar'), /Cannot get c-1\.jar .* status 500/)
  })

  it('asks nobody when the node is offline', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    await read(rig, JAR)
    const asked = rig.origin.asked.length
    const offline = reopen(t, rig, { offline: true })
    assert.equal((await read(offline, JAR)).text, 'jar')
    assert.match(await reasonOf(offline, METADATA), /the node is offline/)
    assert.equal(rig.origin.asked.length, asked)
  })

  it('remembers for five minutes what the origin said it does not have', async (t) => {
    const rig = createProxyRig(t)
    const path = parsePath(JAR)
    assert.equal((await rig.repository.resolve(path, {})).kind, 'absent')
    const asked = rig.origin.asked.length
    rig.origin.put(JAR, { bytes: 'jar' })
    rig.clock.advance(299_999)
    assert.equal((await rig.repository.resolve(path, {})).kind, 'absent')
    assert.equal(rig.origin.asked.length, asked)
    rig.clock.advance(1)
    assert.equal((await read(rig, JAR)).text, 'jar')
  })

  it('sees a new mutable file within ten seconds, and one that went', async (t) => {
    const rig = createProxyRig(t)
    const path = parsePath(METADATA)
    assert.equal((await rig.repository.resolve(path, {})).kind, 'absent')
    rig.clock.advance(10_000)
    rig.origin.put(METADATA, { bytes: 'one', etag: '"1"' })
    assert.equal((await read(rig, METADATA)).text, 'one')
    rig.origin.put(METADATA, { bytes: 'two', etag: '"2"' })
    rig.clock.advance(9_999)
    assert.equal((await read(rig, METADATA)).text, 'one')
    rig.clock.advance(1)
    assert.equal((await read(rig, METADATA)).text, 'two')
    rig.clock.advance(10_000)
    rig.origin.remove(METADATA)
    assert.equal((await rig.repository.resolve(path, {})).kind, 'absent')
  })

  it('asks only whether a mutable file changed', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(METADATA, { bytes: 'one', etag: '"1"' })
    await read(rig, METADATA)
    rig.clock.advance(10_000)
    const asked = rig.origin.asked.length
    assert.equal((await read(rig, METADATA)).text, 'one')
    assert.deepEqual(rig.origin.asked.slice(asked), [METADATA])
    rig.clock.advance(9_999)
    await read(rig, METADATA)
    assert.equal(rig.origin.asked.length, asked + 1)
  })

  it('waits two seconds for news of a file that it holds, then serves it as stale', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(METADATA, { bytes: 'one' })
    await read(rig, METADATA)
    rig.clock.advance(60_000)
    rig.origin.manner = 'silent'
    const reading = read(rig, METADATA)
    const asked = rig.origin.asked.length
    await waitFor(() => rig.origin.asked.length > asked)
    rig.clock.advance(2_000)
    assert.deepEqual(await reading, { text: 'one', source: 'store', staleSeconds: 62 })
  })

  it('decides within seven seconds when the origin is silent', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.manner = 'silent'
    const reason = reasonOf(rig, JAR)
    await waitFor(() => rig.origin.asked.length > 0)
    rig.clock.advance(7_000)
    assert.match(await reason, /does not answer in time/)
  })

  it('leaves an origin alone that says 429', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    rig.origin.manner = 'busy'
    assert.match(await reasonOf(rig, JAR), /asks to be left alone for 30 s/)
    rig.origin.manner = 'whole'
    const asked = rig.origin.asked.length
    rig.clock.advance(BUSY_MS - 1)
    assert.match(await reasonOf(rig, JAR), /left alone for 1 s/)
    assert.equal(rig.origin.asked.length, asked)
    rig.clock.advance(1)
    assert.equal((await read(rig, JAR)).text, 'jar')
  })

  it('tries once more what fails at once', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    rig.origin.behave(JAR, 'failing', 'whole')
    assert.equal((await read(rig, JAR)).text, 'jar')
    rig.origin.put(METADATA, { bytes: 'metadata' })
    rig.origin.behave(METADATA, 'truncated', 'whole')
    assert.equal((await read(rig, METADATA)).text, 'metadata')
  })

  it('fetches again what the quota evicted', async (t) => {
    const rig = createProxyRig(t, { quotaBytes: 250 })
    for (const name of ['a', 'b', 'c']) {
      rig.origin.put(`g/${name}`, { bytes: name.repeat(100) })
      assert.equal((await read(rig, `g/${name}`)).source, 'origin')
    }
    assert.equal(rig.blobs.usage().blobs, 2)
    assert.equal((await read(rig, 'g/c')).source, 'store')
    assert.equal((await read(rig, 'g/a')).source, 'origin')
  })

  it('opens a file that was evicted since it was resolved', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(JAR, { bytes: 'jar' })
    const found = await rig.repository.resolve(parsePath(JAR), {})
    assert.equal(found.kind, 'artifact')
    await rig.blobs.delete(found.entry.digest)
    const content = await rig.repository.open(found.entry, {})
    content.release()
    assert.equal(content.sizeBytes, 3)
    await rig.blobs.delete(found.entry.digest)
    rig.origin.manner = 'failing'
    await assert.rejects(rig.repository.open(found.entry, {}), UnavailableError)
  })

  it('serves without storing when there is no room', async (t) => {
    const rig = createProxyRig(t, { quotaBytes: 10 })
    const large = 'x'.repeat(300_000)
    rig.origin.put(JAR, { bytes: 'a small jar of a build' })
    rig.origin.put('g/large.jar', { bytes: large })
    assert.equal((await read(rig, JAR)).text, 'a small jar of a build')
    assert.equal((await read(rig, JAR)).source, 'store')
    assert.equal((await read(rig, 'g/large.jar')).text, large)
    assert.equal(rig.blobs.usage().blobs, 0)
  })

  it('fetches ahead, until the file is stored', async (t) => {
    const rig = createProxyRig(t)
    const large = 'x'.repeat(300_000)
    rig.origin.put('g/large.jar', { bytes: large })
    const entry = await rig.repository.fetch(parsePath('g/large.jar'), {})
    assert.equal(entry?.digest, sha256(Buffer.from(large)))
    assert.equal(await rig.blobs.has(entry.digest), true)
    assert.equal(await rig.repository.fetch(parsePath('g/none.jar'), {}), undefined)
    rig.origin.manner = 'failing'
    await assert.rejects(rig.repository.fetch(parsePath('g/other.jar'), {}), UnavailableError)
  })

  it('drops a stored file that the disk has damaged, and fetches it again', async (t) => {
    const rig = createProxyRig(t)
    const large = 'x'.repeat(600_000)
    rig.origin.put('g/large.jar', { bytes: large })
    const entry = await rig.repository.fetch(parsePath('g/large.jar'), {})
    assert.ok(entry?.pieceList)
    assert.notEqual(await rig.objects.getObject(entry.pieceList), undefined)
    rig.blobs.corrupt(entry.digest)
    await assert.rejects(read(rig, 'g/large.jar'), UnavailableError)
    assert.equal((await read(rig, 'g/large.jar')).text, large)
  })

  it('forgets after a month what it does not hold any more', async (t) => {
    const rig = createProxyRig(t)
    for (const name of ['kept', 'gone']) {
      rig.origin.put(`g/${name}`, { bytes: name })
      await read(rig, `g/${name}`)
    }
    await rig.blobs.delete(sha256(Buffer.from('gone')))
    rig.clock.advance(30 * 86_400_000)
    const again = reopen(t, rig)
    again.repository.start()
    await again.repository.stop()
    assert.deepEqual(await again.repository.list('g', { limit: 5 }), ['gone', 'kept'])
    const third = reopen(t, rig)
    third.repository.start()
    const path = parsePath('g/gone')
    for (let turn = 0; turn < 1_000 && (await rig.cache.get(path)) !== undefined; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.deepEqual(await third.repository.list('g', { limit: 5 }), ['kept'])
  })

  it('leaves no timer behind', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.manner = 'silent'
    const reason = reasonOf(rig, JAR)
    await waitFor(() => rig.origin.asked.length > 0)
    await rig.repository.stop()
    assert.match(await reason, /the node stops/)
    assert.equal(rig.clock.pendingTimers, 0)
    assert.match(await reasonOf(rig, METADATA), /the node stops/)
  })
})
