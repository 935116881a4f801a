import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeTerms, expiryWarning } from '../src/root-report.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.parse('2026-11-22T20:00:00Z')

describe('expiryWarning', () => {
  const keys = { publicKeys: [], threshold: 1 }
  const roles = { root: keys, timestamp: keys, snapshot: keys, targets: keys }
  const warning = (days: number): string | undefined => {
    const expiresMs = NOW_MS + days * DAY_MS
    return expiryWarning(
      { number: 3, name: 'x', origin: null, bootstrap: [], withdrawals: [], roles, expiresMs },
      NOW_MS,
    )
  }

  it('begins three months before the end', () => {
    assert.equal(warning(91), undefined)
    assert.match(warning(90) ?? '', /root 3 expires in 90 days; .*repo rotate --role root/)
    assert.match(warning(-1) ?? '', /root 3 expired on 2026-11-21/)
  })
})

describe('describeTerms', () => {
  it('marks a withdrawal that the root before did not allow', () => {
    const keys = { publicKeys: [], threshold: 1 }
    const roles = { root: keys, timestamp: keys, snapshot: keys, targets: keys }
    const terms = { number: 3, name: 'x', origin: null, bootstrap: [], roles, expiresMs: NOW_MS }
    const [old, added] = ['ab'.repeat(32), 'cd'.repeat(32)]
    const before = { ...terms, withdrawals: [old] }
    const marked = describeTerms({ ...terms, withdrawals: [old, added] }, before)
    assert.deepEqual(
      marked.filter((line) => line.startsWith('*')),
      [
        `* allows       withdrawing the files of the list with SHA-256 ${added}   (was: not allowed)`,
      ],
    )
  })
})
