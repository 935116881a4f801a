import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import type { TreeChange } from '../src/judge-file.ts'
import { pairPaths } from '../src/pair-paths.ts'
import type { RecordedFile } from '../src/scan-record.ts'
import { emptyReport, scanTree } from '../src/scan-tree.ts'
import type { TreeFile, TreeStep } from '../src/tree-file.ts'

function recorded(path: string): RecordedFile {
  const entry = {
    path: parsePath(path),
    digest: 'a'.repeat(64),
    sha1: 'b'.repeat(40),
    sizeBytes: 1,
    mtimeSeconds: 1,
    pieceList: undefined,
  }
  return { entry, stamp: '1.1', refused: undefined }
}

async function* sequence<T>(...items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}

async function scan(
  steps: TreeStep[],
  records: RecordedFile[],
): Promise<{
  kept: string[]
  differing: string[]
  changes: TreeChange[]
  report: ReturnType<typeof emptyReport>
}> {
  const report = emptyReport()
  const differing: string[] = []
  const changes: TreeChange[] = []
  const kept: string[] = []
  const options = {
    concurrency: 1,
    judge: {
      known: (_file: TreeFile, recorded: RecordedFile | undefined) => ({ recorded }),
      look: () => Promise.reject(new Error('nothing is to be looked at')),
    },
    onChange: (change: TreeChange) => changes.push(change),
    onRecord: (before: RecordedFile | undefined, after: RecordedFile | undefined) => {
      if (after !== undefined) kept.push(after.entry.path)
      if (after !== before) differing.push((after ?? before)?.entry.path ?? '')
    },
    onProgress: undefined,
  }
  await scanTree(sequence(...pairPaths(steps, records)), report, options)
  return { kept, differing, changes, report }
}

describe('scanTree', () => {
  it('keeps what was published in a directory that cannot be listed, and only that', async () => {
    const { kept, changes, report } = await scan(
      [{ kind: 'problem', path: 'a/', reason: 'cannot list it: EACCES' }],
      [recorded('a/b/maven-metadata.xml'), recorded('ab/maven-metadata.xml')],
    )
    assert.deepEqual(kept, ['a/b/maven-metadata.xml'])
    assert.deepEqual(
      changes.map(({ kind, before }) => [kind, before?.path]),
      [['del', 'ab/maven-metadata.xml']],
    )
    assert.deepEqual(report.waiting.named, [{ path: 'a/', reason: 'cannot list it: EACCES' }])
  })

  it('keeps a mutable file whose place is taken by what is no file', async () => {
    const path = 'a/maven-metadata.xml'
    const { kept, changes } = await scan(
      [{ kind: 'problem', path, reason: 'neither a file nor a directory' }],
      [recorded(path)],
    )
    assert.deepEqual([kept, changes], [[path], []])
  })

  it('says what is to be recorded anew', async () => {
    const hidden: TreeStep = { kind: 'problem', path: 'a/', reason: '' }
    assert.deepEqual((await scan([hidden], [recorded('a/b.jar')])).differing, [])
    assert.deepEqual((await scan([], [recorded('a/b.jar')])).differing, ['a/b.jar'])
  })
})
