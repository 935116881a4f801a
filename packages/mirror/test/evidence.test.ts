import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { NoSpaceError } from '@jarswarm/ports'
import { Rig } from './_rig.ts'

const NEW = parsePath('org/example/new/1.0/new-1.0.jar')

describe('evidence that the disk did not take', () => {
  it('is kept when it is seen again', async (t) => {
    const rig = new Rig(t)
    const other = rig.builder.fork()
    const node = await rig.node()
    await rig.synced(node)
    rig.builder.put(NEW, 'one').publish()
    await rig.refresh(node)
    other.put(NEW, 'another').publish()
    other.resign(rig.clock.now())
    for (const [path, bytes] of other.files) rig.origin.files.set(path, bytes)
    const look = async (): Promise<void> => {
      rig.clock.advance(11_000)
      await rig.wait(node.repository.lookForNewerHead({}))
    }
    const { evidence } = node.stores
    const full = new NoSpaceError('Cannot keep evidence: the disk is full')
    const add = t.mock.method(evidence, 'add', () => Promise.reject(full))
    await look()
    await rig.until(() => add.mock.callCount() > 0)
    add.mock.restore()
    await look()
    await rig.until(() => evidence.files.size > 0)
    assert.match([...evidence.files.keys()].join(), /^two-stories-/)
  })
})
