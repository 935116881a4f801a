import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IndexedFile, PathFinding } from '@jarswarm/node'
import { judge } from '../../src/audit/verdict.ts'

const PATH = 'org/example/a/1/a-1.jar'
const [GOOD, BAD] = ['a'.repeat(64), 'b'.repeat(64)]
const FILE = { path: PATH, sizeBytes: 5, digest: GOOD }

const signed = (digest: string): IndexedFile => ({
  ...{ repository: 'demo', digest, sha1: 'c'.repeat(40), sizeBytes: 5 },
  ...{ mtimeSeconds: 0, held: false },
})
const finding = (known: Partial<PathFinding>): PathFinding => ({
  ...{ path: PATH, indexed: [], withdrawn: [], unsure: null },
  ...known,
})

describe('judge', () => {
  const unsure = 'other: it has no head'

  it('finds a change although another index cannot be read, and says so', () => {
    const verdict = judge(FILE, finding({ indexed: [signed(BAD)], unsure }))
    assert.ok(verdict.kind === 'differs')
    assert.equal(verdict.difference.kind, 'changed')
    assert.equal(verdict.difference.remark, 'an index could not be read, other: it has no head')
  })

  it('is unsure only of what no index names', () => {
    assert.deepEqual(judge(FILE, finding({ unsure })), { kind: 'unsure', reason: unsure })
    assert.deepEqual(judge(FILE, finding({})), { kind: 'unknown' })
    assert.deepEqual(judge(FILE, finding({ indexed: [signed(GOOD)], unsure })), { kind: 'same' })
  })
})
