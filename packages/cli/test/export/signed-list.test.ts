import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IndexedFile, NodeControl, PathFinding } from '@jarswarm/node'
import { isComplete, sayLeftOut } from '../../src/export/left-out.ts'
import { lookUpWanted } from '../../src/export/signed-list.ts'
import type { SignedList } from '../../src/export/signed-list.ts'
import { keptTerminal } from '../_terminal.ts'

const signed = (repository: string, digit: string): IndexedFile => ({
  ...{ repository, digest: digit.repeat(64), sha1: digit.repeat(40), sizeBytes: 5 },
  ...{ mtimeSeconds: 0, held: false },
})
const taken = {
  ...{ repository: 'demo', digest: 'a'.repeat(64) },
  ...{ reason: 'malware', issued: '2026-01-02T00:00:00Z' },
}

/** What is known of each path; of others, that no index names them. */
const FINDINGS: Readonly<Record<string, Partial<PathFinding>>> = {
  alike: { indexed: [signed('demo', 'a'), signed('other', 'a')] },
  evil: { withdrawn: [taken], unsure: 'third: it has no head' },
  gone: { unsure: 'third: it has no head' },
  twice: { indexed: [signed('demo', 'a'), signed('other', 'b')] },
}
const PATHS = ['alike', 'evil', 'gone', 'nowhere', 'twice']

function lookUp(paths: readonly string[], prefer?: string): Promise<SignedList> {
  const node: Pick<NodeControl, 'lookUp' | 'repositories'> = {
    repositories: () => Promise.resolve([]),
    lookUp: (asked) =>
      Promise.resolve(
        asked.map((path) => ({
          ...{ path, indexed: [], withdrawn: [], unsure: null },
          ...FINDINGS[path],
        })),
      ),
  }
  const { signal } = new AbortController()
  const wanted = { paths, optional: ['nowhere.module'] }
  return lookUpWanted(node as NodeControl, wanted, { signal, prefer })
}

describe('lookUpWanted', () => {
  it('tells apart what was withdrawn, what cannot be looked up and what nobody names', async () => {
    const list = await lookUp(PATHS)
    assert.deepEqual(
      list.files.map(({ path }) => path),
      ['alike'],
    )
    assert.deepEqual(list.withdrawn, [{ path: 'evil', ...taken }])
    assert.deepEqual(list.unsure, [{ path: 'gone', reason: 'third: it has no head' }])
    assert.deepEqual([list.missing, list.ambiguous], [['nowhere'], ['twice']])
    const terminal = keptTerminal()
    sayLeftOut(list, terminal)
    assert.equal(
      terminal.remarked(),
      [
        'not signed: nowhere: no followed repository names it',
        'not looked up: gone: an index could not be read, third: it has no head',
        'ambiguous: twice: repositories name different bytes; choose with --prefer',
        'WITHDRAWN: evil: withdrawn on 2026-01-02, malware, from demo\n',
      ].join('\n'),
    )
  })

  it('takes the repository that is preferred, where they differ', async () => {
    const { files, ambiguous } = await lookUp(['twice'], 'other')
    assert.deepEqual(ambiguous, [])
    assert.deepEqual([files[0]?.repository, files[0]?.sha256], ['other', 'b'.repeat(64)])
  })
})

describe('isComplete', () => {
  it('excuses what nobody names, and nothing else', async () => {
    for (const [path, strict, lenient] of [
      ['alike', true, true],
      ['nowhere', false, true],
      ['evil', false, false],
      ['gone', false, false],
      ['twice', false, false],
    ] as const) {
      const list = await lookUp([path])
      assert.deepEqual([isComplete(list, false), isComplete(list, true)], [strict, lenient], path)
    }
  })
})
