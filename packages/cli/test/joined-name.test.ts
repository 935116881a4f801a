import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readNodeSettings } from '../src/node-settings.ts'
import { UsageError } from '../src/usage-error.ts'
import { temporaryDirectory } from './_jarswarm.ts'

const linkOf = (digit: string): string => `jarswarm:${digit.repeat(64)}?name=clojars`

describe('--as', () => {
  it('gives the repository of one link another name', async (t) => {
    const data = temporaryDirectory(t)
    const { join } = await readNodeSettings({ data, join: [linkOf('a')], as: 'mine' }, {})
    assert.deepEqual(
      join.map(({ id, name }) => [id, name]),
      [['a'.repeat(64), 'mine']],
    )
  })

  it('is refused without exactly one link, or when it is no name', async (t) => {
    const data = temporaryDirectory(t)
    for (const flags of [
      { as: 'mine' },
      { as: 'mine', join: [linkOf('a'), linkOf('b')] },
      { as: 'Not A Name', join: [linkOf('a')] },
      { as: '-', join: [linkOf('a')] },
    ]) {
      await assert.rejects(readNodeSettings({ data, ...flags }, {}), UsageError)
    }
  })
})
