import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WatchedDirectories } from '../src/primary/watched-directories.ts'

/** More than can each be compared with all others within the test's time. */
const MANY = 150_000

function watched(paths: readonly string[]): [WatchedDirectories, string[]] {
  const directories = new WatchedDirectories()
  const closed: string[] = []
  for (const path of paths) directories.add(path, { close: () => closed.push(path) })
  return [directories, closed]
}

describe('WatchedDirectories', () => {
  it('closes a directory and what is below it, and nothing else', () => {
    const [directories, closed] = watched(['', 'a', 'a/b', 'a/b/c', 'ab', 'ab/b'])
    directories.close('a')
    assert.deepEqual(closed, ['a', 'a/b', 'a/b/c'])
    assert.equal(directories.size, 3)
    assert.equal(directories.get('a/b'), undefined)
    assert.notEqual(directories.get('ab/b'), undefined)
    directories.close('a')
    directories.close('')
    assert.equal(closed.length, 6)
    assert.equal(directories.size, 0)
  })

  it('closes what comes again in the place of another', () => {
    const [directories, closed] = watched(['', 'a', 'a/b'])
    directories.close('a')
    directories.add('a', { close: () => closed.push('new a') })
    directories.close('')
    assert.deepEqual(closed, ['a', 'a/b', '', 'new a'])
  })

  it('costs what is below a directory, however many there are', { timeout: 60_000 }, () => {
    const paths = Array.from({ length: MANY }, (_, number) => `a/${String(number)}`)
    const [directories, closed] = watched(['', 'a', ...paths])
    for (const path of paths) directories.close(path)
    assert.deepEqual([closed.length, directories.size], [MANY, 2])
  })
})
