import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_REPORTED_PATHS } from '../src/index.ts'
import { ReportedPaths } from '../src/reported-paths.ts'

const pathOf = (number: number): string => String(number).padStart(6, '0')

describe('ReportedPaths', () => {
  it('counts all paths, and names the first ones, in whatever order they come', () => {
    const paths = new ReportedPaths()
    const total = 3 * MAX_REPORTED_PATHS + 1
    for (let number = total; number > 0; number -= 1) {
      paths.add({ path: pathOf(number), reason: 'r' })
    }
    assert.equal(paths.count, total)
    assert.equal(paths.named.length, MAX_REPORTED_PATHS)
    const ends = [paths.named[0]?.path, paths.named.at(-1)?.path]
    assert.deepEqual(ends, [pathOf(1), pathOf(MAX_REPORTED_PATHS)])
  })

  it('adds up what two of them count and name', () => {
    const [one, other] = [new ReportedPaths(), new ReportedPaths()]
    for (let number = 0; number <= MAX_REPORTED_PATHS; number += 1) {
      other.add({ path: pathOf(number), reason: 'r' })
    }
    one.add({ path: pathOf(1), reason: 'twice' })
    one.addAll(other)
    assert.deepEqual([one.count, one.named.length], [MAX_REPORTED_PATHS + 2, MAX_REPORTED_PATHS])
    assert.deepEqual(
      one.named.slice(0, 3).map(({ path, reason }) => [path, reason]),
      [
        [pathOf(0), 'r'],
        [pathOf(1), 'twice'],
        [pathOf(1), 'r'],
      ],
    )
  })
})
