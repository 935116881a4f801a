import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import type { NodeControl } from '@jarswarm/node'
import { PastStates } from '../../src/audit/past-states.ts'
import { judgeRemote } from '../../src/audit/remote/judge-remote.ts'
import type { RemoteBytes } from '../../src/audit/remote/read-remote-file.ts'

const SIGNED = {
  repository: 'demo',
  entry: {
    path: parsePath('org/example/a/1/a-1.jar'),
    ...{ digest: 'a'.repeat(64), sha1: 'a'.repeat(40), sizeBytes: 5_000, mtimeSeconds: 0 },
    pieceList: undefined,
  },
}
// A release: its history is not asked.
const PAST = new PastStates({} as NodeControl, new AbortController().signal)

const remote = (sizeBytes: number, sha256?: string): RemoteBytes => ({
  ...{ kind: 'bytes', sizeBytes, isPage: false, lastModifiedMs: undefined, etag: undefined },
  digests: sha256 === undefined ? undefined : new Map([['sha256', sha256] as const]),
})

describe('judgeRemote', () => {
  it('calls a body changed that was read to its end, however long it is', async () => {
    for (const sizeBytes of [5_000, 5_200, 4_999]) {
      const found = await judgeRemote(remote(sizeBytes, 'b'.repeat(64)), SIGNED, PAST)
      assert.equal(found?.kind, 'changed')
      const said = sizeBytes === 5_000 ? undefined : `${String(sizeBytes)} bytes, signed 5000`
      assert.equal(found.remark, said)
    }
  })

  it('speaks of the length where the bytes were not all read', async () => {
    assert.equal((await judgeRemote(remote(5_200), SIGNED, PAST))?.kind, 'length')
    assert.equal(await judgeRemote(remote(5_000), SIGNED, PAST), undefined)
  })
})
