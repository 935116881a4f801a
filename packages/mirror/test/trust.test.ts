import { wrongBytes } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JAR, Rig } from './_rig.ts'

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

  it('begins anew, and says so, when what was saved is damaged', async (t) => {
    const rig = new Rig(t)
    const stores = rig.stores()
    const roots = [new TextEncoder().encode('{}')]
    await stores.trust.save(rig.builder.id, { roots, manifest: undefined })
    const node = await rig.node({ stores })
    await rig.synced(node)
    assert.ok(node.logger.lines.some(({ level }) => level === 'warn'))
  })

  it('does not use a head that cannot be saved', async (t) => {
    const rig = new Rig(t)
    const stores = rig.stores()
    stores.trust.save = () => Promise.reject(new Error('the disk is full'))
    const node = await rig.node({ stores })
    assert.equal((await rig.resolve(node, JAR)).kind, 'unknown')
    assert.equal(node.repository.head, undefined)
    assert.ok(node.logger.lines.some(({ level }) => level === 'warn'))
  })
})
