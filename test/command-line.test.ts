import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { chooseNamed, readWhole } from './_command-line.ts'

describe('chooseNamed', () => {
  const known = [{ name: 'one' }, { name: 'two' }]

  it('gives what was named, and all for all', () => {
    assert.deepEqual(chooseNamed(known, ['two']), [{ name: 'two' }])
    assert.deepEqual(chooseNamed(known, ['all']), known)
  })

  it('refuses what is not known, also beside what is', () => {
    for (const name of ['one', 'all'])
      assert.throws(
        () => chooseNamed(known, [name, 'three']),
        /found three, wanted some of one, two/,
      )
  })
})

describe('readWhole', () => {
  it('reads whole numbers from the least on', () => {
    assert.equal(readWhole('runs', '20'), 20)
    assert.equal(readWhole('seed', '0', 0), 0)
  })

  it('refuses all else', () => {
    for (const text of ['', 'x', '0', '-1', '1.5', '1e3', ' 1', '9007199254740992'])
      assert.throws(
        () => readWhole('runs', text),
        /found --runs ".*", wanted a whole number from 1 on/,
      )
  })
})

describe('npm run faults', () => {
  it('says what it cannot run, and ends with 2', () => {
    const words = ['test/faults/main.ts', 'inputs', 'nothing']
    const { status, stderr } = spawnSync(process.execPath, ['--conditions=source', ...words], {
      encoding: 'utf8',
    })
    assert.match(stderr, /^Cannot run: found nothing, wanted some of /)
    assert.equal(status, 2)
  })
})
