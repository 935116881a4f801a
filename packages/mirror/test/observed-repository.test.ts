import { parsePath } from '@jarswarm/maven'
import { BUSY_MS, MemoryUpstream } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NEW, NEW_JAR, OBSERVED, ObservedRig, reasonOf } from './_observed-rig.ts'
import { JAR } from './_rig.ts'

describe('an observed repository', () => {
  const REFUSALS = {
    'sends other bytes than it states': ['wrong', /sha512 .* and states/],
    'breaks off': ['truncated', /closed the connection/],
    'answers with an error': ['failing', /status 500/],
    'asks to be left alone': ['busy', /asks to be left alone for 30 s/],
    'says nothing': ['silent', /does not answer in time/],
  } as const
  for (const [what, [manner, reason]] of Object.entries(REFUSALS)) {
    it(`that ${what} is neither believed nor taken for having nothing`, async (t) => {
      const rig = new ObservedRig(t)
      const node = await rig.follower()
      rig.repo.put(NEW, { bytes: 'new pom' })
      rig.repo.behave(NEW, manner)
      const startedMs = rig.clock.now()
      const found = await rig.resolve(node, NEW)
      assert.equal(found.kind, 'unknown')
      assert.match(
        reasonOf(found),
        /^lib-2\.0\.pom is not in the signed index of sample \(head 2\)\. /,
      )
      assert.match(reasonOf(found), reason)
      assert.ok(rig.clock.now() - startedMs < 10_000)
      assert.equal(node.stores.blobs.usage().blobs, 0)
    })
  }

  it('is asked for nothing while it asks to be left alone', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.behave(NEW, 'busy', 'whole')
    rig.repo.put(NEW_JAR, { bytes: 'new jar' })
    assert.equal((await rig.resolve(node, NEW)).kind, 'unknown')
    const before = rig.repo.asked.length
    assert.equal((await rig.resolve(node, NEW_JAR)).kind, 'unknown')
    assert.equal(rig.repo.asked.length, before)
    rig.clock.advance(BUSY_MS)
    assert.equal(await rig.pass(node, NEW_JAR), 'new jar')
  })

  it('is waited for no longer than the node runs', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.behave(NEW, 'silent')
    const found = node.repository.resolve(parsePath(NEW), {})
    await rig.until(() => rig.asked(NEW) > 0)
    await node.stop()
    assert.match(reasonOf(await found), /the node stops/)
  })

  it('without checksum files is not passed on', async (t) => {
    const rig = new ObservedRig(t)
    const node = await rig.follower()
    rig.repo.put(NEW, { bytes: 'new pom', checksums: [] })
    assert.match(reasonOf(await rig.resolve(node, NEW)), /offers no checksum file/)
  })

  it('is not asked by a node that is offline, which then cannot say', async (t) => {
    const rig = new ObservedRig(t)
    const stores = rig.stores()
    const before = await rig.follower({ stores })
    await before.stop()
    const node = await rig.follower({ stores, offline: true })
    assert.match(reasonOf(await rig.resolve(node, NEW)), /offline/)
    assert.deepEqual(rig.repo.asked, [])
  })

  it('gives the files that the index names, beside the place of the index', async (t) => {
    const rig = new ObservedRig(t)
    const made: MemoryUpstream[] = []
    const node = await rig.follower({
      createMirror: (url) => {
        const mirror = new MemoryUpstream({ kind: 'mirror', url, files: rig.builder.files })
        made.push(mirror)
        return mirror
      },
    })
    assert.deepEqual(
      made.map(({ url }) => url),
      [OBSERVED],
    )
    rig.origin.behaviour = 'refusing'
    assert.equal(await rig.fetch(node, JAR), 'mirror')
  })
})
