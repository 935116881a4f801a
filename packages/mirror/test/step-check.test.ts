import { parsePath } from '@jarswarm/maven'
import { tilePath, VerifiedHistory } from '@jarswarm/manifest'
import { publishedPath } from '@jarswarm/ports'
import { MemoryHistoryStore, SignedRepositoryBuilder } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HistoryRefusedError } from '../src/history/errors.ts'
import { checkStep } from '../src/history/step-check.ts'

const FIRST = 'org/example/lib/1.0/lib-1.0.jar'
const SECOND = 'org/example/lib/1.0/lib-1.0.pom'

/** A repository of which both releases left and one came back, checked from its first line. */
function check(maxGone: number): ReturnType<typeof checkStep> {
  const builder = new SignedRepositoryBuilder()
  builder.put(FIRST, 'a jar').put(SECOND, '<project/>').publish()
  builder.remove(FIRST, 'why not').remove(SECOND, 'why not').publish()
  const { head } = builder.put(FIRST, 'a jar').publish()
  const read = (name: string): Promise<Uint8Array> => {
    const bytes = builder.files.get(name)
    return bytes === undefined ? Promise.reject(new Error(name)) : Promise.resolve(bytes)
  }
  const log = new VerifiedHistory(head.history, async (tiles, check) => {
    const names = tiles.map(({ level, index, width }) => tilePath(level, index, width))
    check(await Promise.all(names.map((tile) => read(publishedPath({ kind: 'log', tile })))))
  })
  const nodes = (digest: string): Promise<Uint8Array> =>
    read(publishedPath({ kind: 'object', digest }))
  return checkStep({
    from: undefined,
    to: head,
    log,
    nodes,
    store: new MemoryHistoryStore(),
    maxGone,
  })
}

describe('a step', () => {
  it('tells which releases left and did not come back', async () => {
    const { mismatch, gone } = await check(2)
    assert.equal(mismatch, undefined)
    assert.deepEqual(
      gone.map(({ path }) => path),
      [parsePath(SECOND)],
    )
  })

  it('is refused when more left than are remembered', async () => {
    await assert.rejects(check(1), HistoryRefusedError)
  })
})
