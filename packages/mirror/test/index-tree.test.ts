import { NoSpaceError, SourceUnavailableError } from '@jarswarm/ports'
import type { IndexStore } from '@jarswarm/ports'
import { wrongBytes } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { JAR, Rig } from './_rig.ts'

/** A repository of 500 files in a pack, of which one changed, one came and one went since. */
function withOldPack(t: TestContext): { readonly rig: Rig; readonly expected: readonly string[] } {
  const rig = new Rig(t)
  for (let i = 0; i < 500; i += 1) rig.builder.put(`g/a/${i}/a-${i}.pom`, `${i}`)
  rig.builder.publish({ pack: true })
  rig.builder.put(NEW_POM, 'new').remove('g/a/7/a-7.pom').publish({ pack: 'kept' })
  const expected = [...rig.builder.files.keys()].filter((path) => !path.startsWith('.jarswarm/'))
  return { rig, expected: expected.sort() }
}

async function pathsOf(index: IndexStore): Promise<readonly string[]> {
  const paths: string[] = []
  for await (const { path } of index.listEntries('')) paths.push(path)
  return paths
}

const NEW_POM = 'org/example/lib/2.0/lib-2.0.pom'

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

  it('comes from a pack of an older index, and what differs object by object', async (t) => {
    const { rig, expected } = withOldPack(t)
    const node = await rig.node()
    await rig.synced(node)
    assert.deepEqual(await pathsOf(node.stores.index), expected)
    assert.deepEqual(node.repository.status().index, { complete: true, files: expected.length })
    const fetched = rig.origin.requests.filter((path) => path.startsWith('.jarswarm/objects/'))
    assert.ok(fetched.length > 0 && fetched.length < 20, `fetched ${String(fetched.length)}`)
    const packed = rig.builder.state?.head.pack?.root ?? ''
    assert.equal(await node.stores.index.getObject(packed), undefined)
  })

  it('takes a pack once, though what differs cannot be had yet', async (t) => {
    const { rig, expected } = withOldPack(t)
    rig.origin.gate = (path) =>
      path.includes('/objects/')
        ? Promise.reject(new SourceUnavailableError('down'))
        : Promise.resolve()
    const node = await rig.node()
    await rig.until(() => node.logger.lines.some(({ message }) => message.includes('later')))
    assert.equal(await node.stores.index.completeRoot(), undefined)
    rig.origin.gate = () => Promise.resolve()
    await rig.synced(node)
    const packs = rig.origin.requests.filter((path) => path.startsWith('.jarswarm/packs/'))
    assert.equal(packs.length, 1)
    assert.equal(node.repository.status().index.files, expected.length)
  })

  it('is right though a pack came half, and the next start finds none', async (t) => {
    const { rig, expected } = withOldPack(t)
    const stores = rig.stores()
    const { index } = stores
    const put = index.putObjects.bind(index)
    let taken = 0
    index.putObjects = async (objects) => {
      taken += objects.length
      if (taken > 20) throw new NoSpaceError('Cannot write: disk full')
      await put(objects)
    }
    const first = await rig.node({ stores })
    await rig.until(() => taken > 20)
    await rig.wait(first.stop())
    index.putObjects = put
    // Paths of half an index, which no root stands for.
    assert.ok((await pathsOf(index)).length > 0)
    rig.origin.files.delete(`.jarswarm/packs/${rig.builder.state?.head.pack?.digest ?? ''}`)
    const again = await rig.node({ stores })
    await rig.synced(again)
    assert.deepEqual(await pathsOf(index), expected)
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

  it('counts the files of the index that is here while a newer one arrives, and after a restart', async (t) => {
    const rig = new Rig(t)
    const stores = rig.stores()
    const first = await rig.node({ stores })
    await rig.synced(first)
    const files = rig.builder.state?.head.index.files
    assert.deepEqual(first.repository.status().index, { complete: true, files })
    await first.stop()
    rig.builder.put(NEW_POM, 'new').publish()
    rig.origin.gate = (path) =>
      path.includes('/objects/')
        ? Promise.reject(new SourceUnavailableError('down'))
        : Promise.resolve()
    const node = await rig.node({ stores })
    await rig.until(() => node.logger.lines.some(({ message }) => message.includes('later')))
    assert.equal(node.repository.status().index.files, files)
    rig.origin.gate = () => Promise.resolve()
    await rig.synced(node)
    assert.deepEqual(node.repository.status().index, { complete: true, files: (files ?? 0) + 1 })
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

  it('comes object by object when the pack is damaged or gone', async (t) => {
    for (const damage of ['flipped', 'gone']) {
      const rig = new Rig(t)
      const { pack } = rig.builder.put(NEW_POM, 'new').publish({ pack: true }).head
      const path = `.jarswarm/packs/${pack?.digest ?? ''}`
      const bytes = rig.origin.files.get(path) ?? new Uint8Array()
      if (damage === 'gone') rig.origin.files.delete(path)
      else rig.origin.files.set(path, wrongBytes(bytes))
      const node = await rig.node()
      await rig.synced(node)
      assert.ok(rig.origin.requests.includes(path))
    }
  })

  it('mends what the disk has damaged, for a path and for the next head', async (t) => {
    const rig = new Rig(t)
    for (let i = 0; i < 500; i += 1) rig.builder.put(`g/a/${i}/a-${i}.pom`, `${i}`)
    rig.builder.publish()
    const node = await rig.node()
    await rig.synced(node)
    const { index } = node.stores
    const root = String(rig.builder.state?.head.index.root)
    const [get, put] = [index.getObject.bind(index), index.putObjects.bind(index)]
    const damaged = new Set([root])
    index.getObject = async (digest) => {
      const bytes = await get(digest)
      return bytes !== undefined && damaged.has(digest) ? wrongBytes(bytes) : bytes
    }
    index.putObjects = async (objects) => {
      await put(objects)
      for (const { digest } of objects) damaged.delete(digest)
    }
    rig.origin.behaviour = 'silent'
    assert.equal((await rig.resolve(node, JAR)).kind, 'unknown')
    rig.origin.behaviour = 'healthy'
    assert.equal((await rig.resolve(node, JAR)).kind, 'artifact')
    assert.deepEqual([...damaged], [])
    damaged.add(root)
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(node)
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'artifact')
    const held: string[] = []
    for await (const { path } of index.listEntries('')) held.push(path)
    assert.equal(held.length, rig.builder.state?.head.index.files)
  })

  it('serves on when the disk has no room for a proof', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ syncIndex: false })
    await rig.until(() => node.repository.head !== undefined)
    node.stores.index.putObjects = () => Promise.reject(new NoSpaceError('Cannot write: disk full'))
    assert.equal((await rig.resolve(node, JAR)).kind, 'artifact')
  })
})
