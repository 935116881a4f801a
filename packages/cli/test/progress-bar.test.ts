import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { withProgress } from '../src/progress-bar.ts'
import { keptTerminal } from './_terminal.ts'

const SHOWN = {
  format: '{bar} {value} of {total} files, {read} read',
  start: { read: '0 B' },
  countAll: () => Promise.resolve(4),
}

describe('withProgress', () => {
  it('draws a bar, complete from its first frame on', async () => {
    const terminal = keptTerminal({ isTTY: true })
    const first = await withProgress(terminal, SHOWN, (progress) => {
      const drawn = terminal.remarked()
      progress(3, { read: '9 KB' })
      return Promise.resolve(drawn)
    })
    assert.match(stripVTControlCharacters(first), /^[^\s{]{10,} 0 of 4 files, 0 B read$/)
    assert.match(stripVTControlCharacters(terminal.remarked()), / 3 of 4 files, 9 KB read/)
  })

  it('takes the whole from the task too, when that knows it only later', async () => {
    const terminal = keptTerminal({ isTTY: true })
    const { format, start } = SHOWN
    await withProgress(terminal, { format, start }, (progress) => {
      progress(1, start, 7)
      return Promise.resolve()
    })
    assert.match(stripVTControlCharacters(terminal.remarked()), /1 of 7 files/)
  })

  it('says nothing, and counts nothing, where nobody looks', async () => {
    const terminal = keptTerminal()
    const countAll = (): never => assert.fail('nobody wants to know')
    assert.equal(await withProgress(terminal, { ...SHOWN, countAll }, () => Promise.resolve(5)), 5)
    assert.equal(terminal.remarked(), '')
  })
})
