import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { publishedPath } from '@jarswarm/ports'
import type { PublishedName } from '@jarswarm/ports'
import { MemoryUpstream, wrongBytes } from '@jarswarm/testkit'
import { disagrees } from '../src/index.ts'
import type { UpstreamReport } from '../src/index.ts'
import { BIG, JAR, METADATA, POM, readAll, Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

interface Inspected {
  readonly rig: Rig
  readonly node: Node
  readonly mirror: MemoryUpstream
  readonly inspect: () => Promise<UpstreamReport>
}

/** A node with a mirror that is as the repository was when it was made. */
async function setUp(t: TestContext): Promise<Inspected> {
  const rig = new Rig(t)
  const files = new Map(rig.builder.files)
  const mirror = new MemoryUpstream({ kind: 'mirror', url: 'http://mirror.test', files })
  const node = await rig.node({ upstreams: [rig.origin, mirror] })
  await rig.synced(node)
  const inspect = async (): Promise<UpstreamReport> => {
    const reports = await rig.wait(node.repository.inspectUpstreams({}))
    assert.deepEqual(
      reports.map(({ kind }) => kind),
      ['origin', 'mirror'],
    )
    const [, report] = reports
    assert.ok(report)
    return report
  }
  return { rig, node, mirror, inspect }
}

describe('inspectUpstreams', () => {
  it('finds a mirror that agrees', async (t) => {
    const { inspect } = await setUp(t)
    const report = await inspect()
    assert.equal(report.agreement, 'same')
    assert.equal(report.head?.seq, 1)
    assert.ok(report.sample.right > 0)
    assert.equal(report.sample.missing, 0)
    assert.equal(disagrees(report), false)
  })

  it('says how far behind a mirror is', async (t) => {
    const { rig, node, inspect } = await setUp(t)
    for (const version of ['1.1', '1.2']) {
      rig.builder.put(`org/example/lib/${version}/lib-${version}.pom`, version)
      rig.builder.publish()
    }
    await rig.refresh(node)
    const report = await inspect()
    assert.deepEqual([report.agreement, report.behind], ['behind', 2])
    assert.equal(disagrees(report), false)
  })

  it('finds a mirror that is ahead', async (t) => {
    const { rig, mirror, inspect } = await setUp(t)
    const twin = rig.builder.fork()
    twin.put('org/example/lib/1.1/lib-1.1.pom', 'new').publish()
    mirror.files.set('.jarswarm/manifest', twin.state?.manifest ?? new Uint8Array())
    assert.equal((await inspect()).agreement, 'ahead')
  })

  it('raises the alarm over another head of the same number, or of the same past', async (t) => {
    const { rig, node, mirror, inspect } = await setUp(t)
    const twin = rig.builder.fork()
    twin.put('org/example/evil/1/evil-1.pom', 'evil').publish()
    rig.builder.put('org/example/lib/1.1/lib-1.1.pom', 'new').publish()
    await rig.refresh(node)
    mirror.files.set('.jarswarm/manifest', twin.state?.manifest ?? new Uint8Array())
    const forked = await inspect()
    assert.equal(forked.agreement, 'forked')
    assert.equal(disagrees(forked), true)
    // Signed later than ours, so that its timestamp is newer.
    twin.resign(rig.clock.now())
    mirror.files.set('.jarswarm/manifest', twin.state?.manifest ?? new Uint8Array())
    assert.equal((await inspect()).agreement, 'forked')
  })

  it('raises the alarm over a manifest that the keys did not sign', async (t) => {
    const { mirror, inspect } = await setUp(t)
    const other = new Rig(t).builder.state?.manifest ?? new Uint8Array()
    for (const bytes of [other, Buffer.from('nonsense')]) {
      mirror.files.set('.jarswarm/manifest', bytes)
      const report = await inspect()
      assert.equal(report.agreement, 'invalid')
      assert.equal(disagrees(report), true)
    }
  })

  it('raises the alarm over wrong files, small and large', async (t) => {
    const { mirror, inspect } = await setUp(t)
    for (const path of [JAR, POM, BIG]) {
      mirror.files.set(path, wrongBytes(mirror.files.get(path) ?? new Uint8Array()))
    }
    const { sample } = await inspect()
    assert.equal(sample.right, 0)
    assert.ok(sample.wrong.length > 0)
    assert.equal(disagrees(await inspect()), true)
  })

  it('takes a mirror without published form, without files and one that is away as they are', async (t) => {
    const { rig, mirror, inspect } = await setUp(t)
    mirror.files.delete('.jarswarm/manifest')
    mirror.files.delete(JAR)
    mirror.files.delete(POM)
    mirror.files.delete(BIG)
    const poor = await inspect()
    assert.equal(poor.agreement, 'none')
    assert.equal(poor.sample.right, 0)
    assert.equal(disagrees(poor), false)
    mirror.behaviour = 'refusing'
    assert.equal((await inspect()).agreement, 'unreachable')
    mirror.behaviour = 'silent'
    assert.equal((await inspect()).agreement, 'unreachable')
    assert.equal(disagrees(await rig.wait(inspect())), false)
  })
})

describe('openPublished', () => {
  it('gives what this node has of the published form', async (t) => {
    const { rig, node } = await setUp(t)
    await rig.fetch(node, METADATA)
    const { digest } = rig.builder.entry(METADATA)
    const root = rig.builder.state?.head.index.root ?? ''
    const names: readonly PublishedName[] = [
      { kind: 'manifest' },
      { kind: 'root', number: 1 },
      { kind: 'object', digest: root },
      { kind: 'blob', digest },
    ]
    for (const name of names) {
      const content = await node.repository.openPublished(name)
      assert.ok(content, name.kind)
      assert.deepEqual(
        await readAll(content),
        Buffer.from(rig.builder.files.get(publishedPath(name)) ?? []),
      )
      content.release()
    }
    const none = 'ab'.repeat(32)
    for (const kind of ['object', 'blob', 'pack'] as const) {
      assert.equal(await node.repository.openPublished({ kind, digest: none }), undefined, kind)
    }
    assert.equal(await node.repository.openPublished({ kind: 'root', number: 2 }), undefined)
  })

  it('gives no blob of other repositories', async (t) => {
    const { rig, node } = await setUp(t)
    const { digest } = rig.builder.entry(JAR)
    const foreign = new Rig(t)
    foreign.builder.put(JAR, 'a private jar').publish()
    const other = foreign.builder.entry(JAR)
    await node.stores.blobs.put(other.digest, Buffer.from('a private jar'))
    assert.equal(
      await node.repository.openPublished({ kind: 'blob', digest: other.digest }),
      undefined,
    )
    await rig.fetch(node, JAR)
    const own = await node.repository.openPublished({ kind: 'blob', digest })
    assert.ok(own)
    own.release()
  })

  it('shows a manifest only when its index is here', async (t) => {
    const { rig, node, mirror } = await setUp(t)
    const read = async (): Promise<Buffer> => {
      const content = await node.repository.openPublished({ kind: 'manifest' })
      assert.ok(content)
      return await readAll(content)
    }
    const before = await read()
    rig.builder.put('org/example/lib/1.1/lib-1.1.pom', 'new').publish()
    const held = Promise.withResolvers<undefined>()
    rig.origin.gate = (path) => (path.includes('/objects/') ? held.promise : Promise.resolve())
    mirror.behaviour = 'refusing'
    rig.clock.advance(11_000)
    await rig.wait(node.repository.lookForNewerHead({}))
    const newest = Buffer.from(rig.builder.state?.manifest ?? [])
    await rig.until(() =>
      newest.equals(node.mirror.readManifest(rig.builder.id) ?? newest.subarray(1)),
    )
    assert.deepEqual(await read(), before)
    held.resolve(undefined)
    await rig.synced(node)
    assert.deepEqual(await read(), newest)
  })
})
