import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TreeChanges } from '../src/primary/tree-changes.ts'

describe('TreeChanges', () => {
  it('begins with the whole tree, and gives once what was added', () => {
    const changes = new TreeChanges()
    assert.equal(changes.isEmpty, false)
    assert.equal(changes.take(), undefined)
    assert.equal(changes.isEmpty, true)
    changes.add(['a', 'b'])
    changes.add(['a'])
    assert.equal(changes.isEmpty, false)
    assert.deepEqual(changes.take(), ['a', 'b'])
    assert.deepEqual(changes.take(), [])
  })

  it('keeps no path while the whole tree is to be looked at', () => {
    const changes = new TreeChanges()
    changes.add(['a'])
    assert.equal(changes.size, 0)
    changes.take()
    changes.add(['a'])
    changes.add(undefined)
    changes.add(['b'])
    assert.equal(changes.size, 0)
    assert.equal(changes.take(), undefined)
    assert.equal(changes.isEmpty, true)
  })

  it('keeps no more than so many paths, and then means the whole tree', () => {
    const changes = new TreeChanges(3)
    changes.take()
    changes.add(['a', 'b', 'c'])
    assert.equal(changes.size, 3)
    changes.add(['c', 'd', 'e'])
    changes.add(['f'])
    assert.equal(changes.size, 0)
    assert.equal(changes.take(), undefined)
  })
})
