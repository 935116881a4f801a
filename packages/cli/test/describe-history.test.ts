import type { FileHistory, VerifiedRepository } from '@jarswarm/node'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeFileHistory, describeVerified, isHistoryWell } from '../src/describe-history.ts'

const DIGEST = 'ab'.repeat(32)
const PATH = 'g/a/1/a-1.jar' as FileHistory['events'][number]['path']
const REFUSED = { seq: 9, reason: 'Cannot use head 9: found two', refused: true }

type VerifiedHistory = Extract<VerifiedRepository, { readonly heldBack: unknown }>
type Event = FileHistory['events'][number]

function headOf(seq: number): VerifiedHistory['head'] {
  return { seq, issued: `2026-01-0${String(seq)}T00:00:00Z`, size: seq, root: DIGEST }
}

function reportOf(given: Partial<VerifiedHistory>): VerifiedHistory {
  const seqs = [1, 4, 7]
  return {
    repository: 'lib',
    head: headOf(7),
    heldBack: null,
    heads: seqs.map(headOf),
    inconsistent: [],
    replay: undefined,
    ...given,
  }
}

function eventOf(seq: number, given: Partial<Event>): Event {
  const { issued } = headOf(seq)
  const since = { seq, issued }
  const said = { seq, kind: 'put', digest: DIGEST, sizeBytes: 1, path: PATH } as const
  return { ...said, line: seq, since, proof: [], ...given }
}

function historyOf(...events: readonly Event[]): FileHistory {
  return { repository: 'lib', path: PATH, observed: null, head: headOf(7), heldBack: null, events }
}

describe('describeVerified', () => {
  it('speaks of the head in use, and of the earlier heads only', () => {
    const { heads } = reportOf({})
    const says = (given: Partial<VerifiedHistory>) => describeVerified(reportOf(given))
    assert.equal(
      says({}),
      'lib: head 7, the one in use, continues all 2 earlier heads compared with it.',
    )
    assert.match(says({ heads: heads.slice(1) }), /continues the one earlier head compared/)
    assert.match(says({ heads: heads.slice(2) }), /the only one so far/)
    assert.match(says({ inconsistent: [4] }), /head 7.* REWRITES the history of head 4/)
    assert.ok(isHistoryWell(reportOf({})))
    assert.ok(!isHistoryWell(reportOf({ inconsistent: [4] })))
  })

  it('puts a refused head first, and is not well', () => {
    const report = reportOf({ heldBack: REFUSED })
    assert.match(
      describeVerified(report),
      /^lib: head 9 is REFUSED: .*found two; what follows is without it\.\nlib: head 7/,
    )
    assert.ok(!isHistoryWell(report))
    const waiting = { ...REFUSED, refused: false }
    assert.match(describeVerified(reportOf({ heldBack: waiting })), /^lib: head 9 is not in use:/)
  })

  it('says which repository cannot be checked', () => {
    const report = { repository: 'other', unavailable: 'it has not been verified yet' }
    assert.equal(
      describeVerified(report),
      'other: cannot be checked now: it has not been verified yet.',
    )
    assert.ok(!isHistoryWell(report))
  })
})

describe('describeFileHistory', () => {
  it('dates each event, exactly where its head was in use here', () => {
    const report = describeFileHistory(historyOf(eventOf(1, { since: headOf(4) }), eventOf(4, {})))
    assert.deepEqual(report.split('\n').slice(1, 3), [
      `head 1, before 2026-01-04T00:00:00Z: first published, SHA-256 ${DIGEST}`,
      `head 4 of 2026-01-04T00:00:00Z: published, SHA-256 ${DIGEST}`,
    ])
  })

  it('calls a withdrawal by its name, and what merely went removed', () => {
    const left = (...events: readonly Event[]) => describeFileHistory(historyOf(...events))
    const reason = 'malware'
    const gone = eventOf(2, { kind: 'del' })
    assert.match(left(eventOf(1, {}), gone), /^head 2 of [^:]+:00:00Z: withdrawn, /m)
    assert.match(left(eventOf(1, { kind: 'mut' }), gone), /: removed, /)
    assert.match(
      left(eventOf(1, { kind: 'mut' }), { ...gone, reason }),
      /: withdrawn, .*, malware$/m,
    )
  })

  it('says that a newer head was refused', () => {
    const refused = { ...historyOf(eventOf(1, {})), heldBack: REFUSED }
    assert.match(describeFileHistory(refused), /head 9 is REFUSED: Cannot use head 9/)
    assert.match(describeFileHistory({ ...refused, events: [] }), /not named.*\nhead 9 is REFUSED/)
  })
})
