import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditReport } from '../../src/audit/audit-report.ts'
import { treeReport } from '../../src/audit/audit-tree.ts'
import { describeAudit } from '../../src/audit/describe-audit.ts'
import type { Difference } from '../../src/audit/verdict.ts'
import { keptTerminal } from '../_terminal.ts'

const [GOOD, BAD] = ['a'.repeat(64), 'b'.repeat(64)]

function differ(report: AuditReport, path: string, more: Partial<Difference> = {}): void {
  const [found, signed] = [BAD, GOOD].map((digest) => ({ digest, bytes: 5 }))
  assert.ok(found !== undefined && signed !== undefined)
  const difference: Difference = {
    kind: 'changed',
    path,
    repository: 'demo',
    found,
    signed,
    ...more,
  }
  report.add(path, { kind: 'differs', difference })
}

function described(report: AuditReport): { readonly said: string; readonly remarked: string } {
  const terminal = keptTerminal()
  describeAudit(report, terminal)
  return { said: terminal.said(), remarked: terminal.remarked() }
}

describe('describeAudit', () => {
  it('shows the worst first and then by path, so that many of one kind hide none of it', () => {
    const report = treeReport()
    const signed = { digest: GOOD, bytes: 5 }
    for (let at = 60; at > 0; at -= 1) {
      const remark = 'withdrawn on 2026-01-02, malware'
      differ(report, `w/${String(at)}`, { kind: 'withdrawn', found: signed, remark })
    }
    differ(report, 'c/2', { remark: 'the client had it from clojars' })
    differ(report, 'c/1')
    const { said, remarked } = described(report)
    const short = [BAD, GOOD].map((digest) => digest.slice(0, 16)).join(', signed ')
    assert.deepEqual(
      said
        .split('\n')
        .slice(0, 4)
        .map((line) => line.split(/ {2,}/)),
      [
        ['WHAT', 'PATH', 'REPOSITORY', 'FOUND'],
        ['changed', 'c/1', 'demo', short],
        ['changed', 'c/2', 'demo', `${short}; the client had it from clojars`],
        ['withdrawn', 'w/1', 'demo', 'withdrawn on 2026-01-02, malware'],
      ],
    )
    assert.equal(remarked, 'and 12 more, named by --json\n')
    assert.deepEqual(report.differences.map(({ path }) => path).slice(0, 4), [
      ...['c/1', 'c/2', 'w/1', 'w/10'],
    ])
  })

  it('names a reason once for all files that it keeps from being compared', () => {
    const report = treeReport()
    for (const path of ['b', 'a', 'c']) report.addProblem(path, 'connect ECONNREFUSED')
    report.addProblem('d', 'permission denied')
    assert.equal(
      described(report).remarked,
      'not compared: a and 2 more: connect ECONNREFUSED\nnot compared: d: permission denied\n',
    )
  })
})
