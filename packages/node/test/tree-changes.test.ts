import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_CHANGED_PATHS } from '../src/limits/limits.ts'
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

  it('keeps MAX_CHANGED_PATHS, and with more means the whole tree', () => {
    const changes = new TreeChanges()
    changes.take()
    changes.add(Array.from({ length: MAX_CHANGED_PATHS }, (_, at) => `path/${String(at)}`))
    assert.equal(changes.size, MAX_CHANGED_PATHS)
    changes.add(['path/0', 'd', 'e'])
    changes.add(['f'])
    assert.equal(changes.size, 0)
    assert.equal(changes.take(), undefined)
  })
})
