import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeLimits } from '../src/describe-limits.ts'

describe('describeLimits', () => {
  it('says what is used of how much, of what, why, and what changes it', () => {
    const report = describeLimits([
      {
        title: 'Disk',
        fixed: false,
        limits: [
          {
            name: 'QUOTA_BYTES',
            value: 20 * 1024 ** 3,
            now: 1.5 * 1024 ** 3,
            unit: 'bytes of blobs',
            why: 'enough',
            change: '--quota SIZE',
          },
          { name: 'SHARE', value: 0.05, unit: 'share of the volume', why: 'others need room' },
          { name: 'FILES', value: 64, unit: 'files', why: 'one would do' },
          { name: 'SILENCE_MS', value: 15_000, unit: 'ms of silence', why: 'it is gone' },
        ],
      },
      {
        title: 'Paths',
        fixed: true,
        limits: [{ name: 'PATH', value: 1_024, unit: 'bytes of a path', why: 'long enough' }],
      },
    ])
    const lines = report.split('\n')
    assert.equal(lines[0], 'Disk')
    assert.equal(lines[1]?.trim(), '1.5 GB of 20 GB  of blobs: enough; change it with --quota SIZE')
    assert.equal(lines[2]?.trim(), '5 %  of the volume: others need room')
    assert.equal(lines[3]?.trim(), '64  files: one would do')
    assert.equal(lines[4]?.trim(), '15 s  of silence: it is gone')
    assert.deepEqual(lines.slice(5, 7), ['', 'Paths (the same in every node)'])
    assert.equal(lines[7]?.trim(), '1 KB  of a path: long enough')
  })
})
