import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnavailableError } from '@jarswarm/ports'
import { JAR, POM, Rig } from './_rig.ts'

describe('what the user of a node denied', () => {
  it('is not fetched, not mirrored, and not in the published form', async (t) => {
    const rig = new Rig(t)
    const denied = rig.builder.entry(JAR).digest
    let isInForce = true
    const isDenied = (digest: string): boolean => isInForce && digest === denied
    const node = await rig.fullNode({ isDenied })
    await assert.rejects(rig.open(node, JAR), UnavailableError)
    await assert.rejects(
      rig.wait(node.repository.store(rig.builder.entry(JAR), {})),
      /the user of this node denied it/,
    )
    assert.equal(rig.origin.requests.includes(JAR), false)
    assert.equal(await node.stores.blobs.has(rig.builder.entry(POM).digest), true)
    isInForce = false
    await rig.fetch(node, JAR)
    isInForce = true
    const open = (digest: string): Promise<unknown> =>
      rig.wait(node.repository.openPublished({ kind: 'blob', digest }))
    assert.equal(await open(denied), undefined)
    assert.notEqual(await open(rig.builder.entry(POM).digest), undefined)
  })
})
