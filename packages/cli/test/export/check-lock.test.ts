import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IndexedFile, NodeControl, PathFinding } from '@jarswarm/node'
import { checkLock } from '../../src/export/check-lock.ts'

const DIGEST = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)
const ID = 'f'.repeat(64)
/** The lockfile was written where the repository has the same name. */
const IDS = new Map([['demo', ID]])
const NEVER = new AbortController().signal
const locked = (path: string) => ({
  ...{ path, sha256: DIGEST, sha1: 'c'.repeat(40), size: 5 },
  ...{ repository: 'demo', seq: 1 },
})
const signed = (digest: string): IndexedFile => ({
  ...{ repository: 'demo', digest, sha1: 'c'.repeat(40), sizeBytes: 5 },
  ...{ mtimeSeconds: 0, held: false },
})
const taken = {
  repository: 'demo',
  digest: DIGEST,
  reason: 'malware',
  issued: '2026-01-02T00:00:00Z',
}

/** A node whose index says one thing of each path, and whose history knows the locked digest of `once/…`. */
function nodeThatSays(findings: Readonly<Record<string, Partial<PathFinding>>>): NodeControl {
  const node: Pick<NodeControl, 'lookUp' | 'history' | 'repositories'> = {
    lookUp: (paths) =>
      Promise.resolve(
        paths.map((path) => ({
          path,
          indexed: [],
          withdrawn: [],
          unsure: null,
          ...findings[path],
        })),
      ),
    repositories: () =>
      Promise.resolve([{ name: 'demo', id: ID }]) as unknown as ReturnType<
        NodeControl['repositories']
      >,
    history: (address) => {
      if (address === 'demo/lost') {
        return Promise.reject(Object.assign(new Error('no lines'), { code: 'ERR_UNAVAILABLE' }))
      }
      const digest = address.startsWith('demo/once') ? DIGEST : OTHER
      const events = [{ kind: 'put', digest }]
      return Promise.resolve({ events } as unknown as Awaited<ReturnType<NodeControl['history']>>)
    },
  }
  return node as NodeControl
}

describe('checkLock', () => {
  it('tells what is signed no more, what was replaced and what never was so', async () => {
    const node = nodeThatSays({
      same: { indexed: [signed(DIGEST)] },
      'once/replaced': { indexed: [signed(OTHER)] },
      forged: { indexed: [signed(OTHER)] },
      withdrawn: { withdrawn: [taken] },
      unread: { unsure: 'no index' },
    })
    const paths = ['same', 'once/replaced', 'forged', 'once/gone', 'withdrawn', 'lost', 'unread']
    const report = await checkLock(node, { artifacts: paths.map(locked), ids: IDS }, NEVER)
    assert.equal(report.isClean, false)
    assert.deepEqual([report.files, report.same, report.unsure], [7, 1, 1])
    assert.deepEqual(
      report.differences.map(({ kind, path, remark }) => [kind, path, remark]),
      [
        ['changed', 'forged', 'it was never published with the locked digest'],
        ['withdrawn', 'withdrawn', 'withdrawn on 2026-01-02, malware'],
        ['missing', 'lost', 'its history cannot be read now'],
        ['missing', 'once/gone', 'it was published with the locked digest, and is not any more'],
        ['older', 'once/replaced', 'it was published with the locked digest, and is not any more'],
      ],
    )
  })

  it('knows a repository by its id, whatever it is called here', async () => {
    const node = nodeThatSays({ forged: { indexed: [signed(OTHER)] } })
    const artifacts = ['once/gone', 'forged', 'strange'].map((path) => ({
      ...locked(path),
      repository: path === 'strange' ? 'strange' : 'elsewhere',
    }))
    const ids = new Map([
      ['elsewhere', ID],
      ['strange', '0'.repeat(64)],
    ])
    const { differences } = await checkLock(node, { artifacts, ids }, NEVER)
    assert.deepEqual(
      differences.map(({ path, repository, remark }) => [path, repository, remark]),
      [
        ['forged', 'demo', 'it was never published with the locked digest'],
        [...['once/gone', 'demo'], 'it was published with the locked digest, and is not any more'],
        ['strange', 'strange', 'the repository that it was locked from is not followed here'],
      ],
    )
  })
})
