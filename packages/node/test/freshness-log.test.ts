import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RepositoryStatus } from '@jarswarm/ports'
import { RecordingLogger } from '@jarswarm/testkit'
import { FreshnessLog } from '../src/freshness-log.ts'

type Freshness = RepositoryStatus['freshness']

function told(...states: readonly Freshness[]): string[] {
  const logger = new RecordingLogger()
  let freshness: Freshness = 'unknown'
  const status = (): RepositoryStatus[] => [
    {
      name: 'clojars',
      id: 'ab'.repeat(32),
      origin: null,
      freshness,
      head: { seq: 7, issued: '', ageSeconds: 864_000, files: 1, bytes: 1, root: '' },
      index: { complete: true, files: 1 },
    } as unknown as RepositoryStatus,
  ]
  const log = new FreshnessLog({ status, logger })
  for (const state of states) {
    freshness = state
    log.look()
  }
  return logger.lines.map(
    ({ level, fields, message }) =>
      `${level} ${String(fields['ageSeconds'])} ${message.split(':')[0] ?? ''}`,
  )
}

describe('FreshnessLog', () => {
  it('tells each change once, with the age of the state', () => {
    assert.deepEqual(told('fresh', 'fresh', 'stale', 'stale', 'suspect', 'fresh'), [
      'warn 864000 the signed state has expired',
      'warn 864000 the signed state is too old to say what is newest or absent',
      'info 864000 the signed state is fresh',
    ])
  })

  it('tells a newcomer how old its first state is, and nothing of a fresh one', () => {
    assert.deepEqual(told('unknown', 'stale'), ['warn 864000 the signed state has expired'])
    assert.deepEqual(told('unknown', 'fresh'), [])
  })
})
