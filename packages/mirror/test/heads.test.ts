import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_UNDER_WAY } from '../src/limits.ts'
import { Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const DAY_MS = 86_400_000
const ABSENT = 'org/example/lib/9.9/lib-9.9.jar'
const NEW_POM = 'org/example/lib/2.0/lib-2.0.pom'

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

  it('that were signed in the future are told of, when they come and after a restart', async (t) => {
    const rig = new Rig(t)
    const warnings = (node: Node): number =>
      node.logger.lines.filter(({ message }) => message.includes('signed in the future')).length
    const node = await rig.node()
    await rig.synced(node)
    assert.equal(warnings(node), 0)
    rig.builder.put(NEW_POM, 'new').publish({ nowMs: rig.clock.now() + 2 * DAY_MS })
    await rig.refresh(node)
    assert.equal(warnings(node), 1)
    await node.stop()
    assert.equal(warnings(await rig.node({ stores: node.stores, offline: true })), 1)
  })

  it('are pulled from whoever connects', async (t) => {
    const rig = new Rig(t, { autoConnect: false })
    await rig.fullNode({ name: 'one' })
    const node = await rig.node({ name: 'two', upstreams: [] })
    await rig.wait(rig.network.connect('one', 'two'))
    await rig.synced(node)
  })

  it('are asked for again when whoever connected broke off, as over a connection that died', async (t) => {
    const rig = new Rig(t, { autoConnect: false })
    const one = await rig.fullNode({ name: 'one' })
    const heads = { push: false, poll: false, pullIntervalMs: DAY_MS }
    const node = await rig.node({ name: 'two', upstreams: [], heads })
    one.swarm.manner = 'truncating'
    await rig.wait(rig.network.connect('one', 'two'))
    const gaveNone = 'source gave no manifest'
    await rig.until(() => node.logger.lines.some(({ message }) => message === gaveNone))
    assert.equal(node.repository.head, undefined)
    one.swarm.manner = 'honest'
    await rig.synced(node)
  })

  it('come by pull from the next follower when the first that is drawn gives none', async (t) => {
    const rig = new Rig(t)
    const near = await rig.fullNode({ name: 'near' })
    const far = await rig.fullNode({ name: 'far', roundTripMs: 9 })
    const node = await rig.node({ upstreams: [], heads: { push: false, pullIntervalMs: 60_000 } })
    await rig.synced(node)
    near.swarm.manner = 'unreachable'
    rig.builder.put(NEW_POM, 'new').publish()
    await rig.refresh(far)
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

  it('that one peer pushed wait for their judgement, MAX_UNDER_WAY at a time', async (t) => {
    const rig = new Rig(t)
    const stores = rig.stores()
    const saved = Promise.withResolvers<undefined>()
    const node = await rig.node({ stores, heads: { poll: false, pull: false } })
    await rig.resolve(node, ABSENT)
    await rig.synced(node)
    const saving = stores.trust.save.bind(stores.trust)
    stores.trust.save = async (id, record) => {
      await saved.promise
      await saving(id, record)
    }
    rig.builder.put(NEW_POM, 'new').publish()
    const manifest = rig.builder.state?.manifest ?? new Uint8Array()
    const push = (peer: string): Promise<string> =>
      node.mirror.offerManifest(rig.builder.id, manifest, peer)
    const pushed = Array.from({ length: MAX_UNDER_WAY }, () => push('p'))
    assert.equal(await push('p'), 'ignore')
    const other = push('q')
    saved.resolve(undefined)
    assert.deepEqual(await rig.wait(Promise.all(pushed)), ['accept', 'ignore'])
    assert.equal(await rig.wait(other), 'ignore')
    rig.builder.put(NEW_POM, 'newer').publish()
    const next = rig.builder.state?.manifest ?? new Uint8Array()
    const verdict = node.mirror.offerManifest(rig.builder.id, next, 'p')
    assert.equal(await rig.wait(verdict), 'accept')
  })

  it('wait for no manifest whose roots cannot be had', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ heads: { poll: false, pull: false } })
    await rig.resolve(node, ABSENT)
    await rig.synced(node)
    rig.builder.put(NEW_POM, 'new').publish()
    const good = rig.builder.state?.manifest ?? new Uint8Array()
    for (let number = 2; number <= 4; number += 1) rig.builder.nextRoot()
    rig.builder.publish()
    const ahead = rig.builder.state?.manifest ?? new Uint8Array()
    rig.origin.behaviour = 'silent'
    const settled: string[] = []
    const push = async (manifest: Uint8Array, peer: string): Promise<string> => {
      const verdict = await node.mirror.offerManifest(rig.builder.id, manifest, peer)
      settled.push(peer)
      return verdict
    }
    const liars = Array.from({ length: 20 }, (_, at) => push(ahead, `liar ${String(at)}`))
    assert.equal(await rig.wait(push(good, 'friend')), 'accept')
    assert.deepEqual(settled, ['friend'])
    const verdicts = await rig.wait(Promise.all(liars))
    assert.deepEqual(new Set(verdicts), new Set(['ignore']))
    // Once its roots are there, the same manifest is taken.
    rig.origin.behaviour = 'healthy'
    rig.clock.advance(60_000)
    assert.equal(await rig.wait(push(ahead, 'liar 0')), 'accept')
  })

  it('are looked for although a peer repeats the known one all the time', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node({ heads: { poll: false, pull: false } })
    await rig.resolve(node, ABSENT)
    await rig.synced(node)
    const old = rig.builder.state?.manifest ?? new Uint8Array()
    rig.builder.put(NEW_POM, 'new').publish()
    rig.clock.advance(10_000)
    await rig.wait(node.mirror.offerManifest(rig.builder.id, old, 'p'))
    assert.equal((await rig.resolve(node, NEW_POM)).kind, 'artifact')
  })
})
