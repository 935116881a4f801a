import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { PatientReader } from '@jarswarm/http'
import { sha256 } from '@jarswarm/manifest'
import type { NodeControl } from '@jarswarm/node'
import { auditMirror } from '../../src/audit/remote/audit-mirror.ts'
import { describeAudit } from '../../src/audit/describe-audit.ts'
import { MirrorReport } from '../../src/audit/remote/mirror-report.ts'
import { keptTerminal } from '../_terminal.ts'

const EVIL = 'org/evil/evil/1/evil-1.jar'
const GONE = 'org/evil/gone/1/gone-1.jar'
const PAGE = 'org/evil/page/1/page-1.jar'
const OLD = 'org/evil/old/1/old-1.jar'

/** A node that has an empty index, and four files that were withdrawn, the newest first. */
const NODE: Pick<NodeControl, 'readIndex' | 'withdrawn'> = {
  readIndex: () =>
    Promise.resolve({ repository: 'demo', seq: 3, files: 0, entries: [], next: null }),
  withdrawn: () =>
    Promise.resolve({
      count: 4,
      files: [EVIL, GONE, PAGE, OLD].map((path) => ({
        ...{ path, repository: 'demo', digest: sha256(Buffer.from('malice')) },
        ...{ reason: 'malware', issued: '2026-01-02T00:00:00Z' },
      })),
    }),
}

async function serve(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const text = files[url.slice(1)]
    response.writeHead(text === undefined ? 410 : 200, { 'content-length': text?.length ?? 0 })
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
}

async function audit(url: string, sample?: number): Promise<MirrorReport> {
  const terminal = keptTerminal()
  const { signal } = terminal
  const pause = (): void => undefined
  await using reader = new PatientReader({
    ...{ url, userAgent: 'test', concurrency: 2, onPause: pause, signal },
  })
  const report = new MirrorReport({ repository: 'demo', sample, headOnly: false })
  const init = { reader, report, strictDates: false, connections: 2 }
  await auditMirror(NODE as NodeControl, init, terminal)
  return report
}

describe('auditMirror', () => {
  it('finds what a server still gives out although it was withdrawn', async (t) => {
    const url = await serve(t, { [EVIL]: 'malice', [PAGE]: '<html>gone', [OLD]: 'other bytes' })
    const report = await audit(url)
    assert.deepEqual(
      report.differences.map(({ kind, path, remark }) => [kind, path, remark]),
      [EVIL, OLD].map((path) => ['withdrawn', path, 'withdrawn on 2026-01-02, malware']),
    )
    assert.equal(report.isClean, false)
    const terminal = keptTerminal()
    describeAudit(report, terminal)
    assert.match(terminal.said(), /asked for 4 of 4 withdrawn files as well, and gives out 2\./)
  })

  it('asks a sample for as many of the newest', async (t) => {
    const report = await audit(await serve(t, { [OLD]: 'malice' }), 3)
    assert.deepEqual([report.withdrawn, report.withdrawnAsked, report.isClean], [4, 3, true])
  })
})
