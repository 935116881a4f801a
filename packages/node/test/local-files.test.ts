import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { ControlClient } from '@jarswarm/node'
import type { AdoptedFile, LocalFile, Node } from '@jarswarm/node'
import { MAX_LOOKUP_PATHS } from '../src/limits/limits.ts'
import { startNode, startPrimary, temporaryDirectory } from './_swarm.ts'
import { CONTENT, JAR, LARGE, POM, writeTree } from './_tree.ts'
import { waitFor } from './_wait-for.ts'

const UNKNOWN = 'org/example/none/1/none-1.jar'

/** A node with the whole index and no file, whose repository nobody serves any more; and a cache with files. */
async function startWithCache(
  t: TestContext,
): Promise<{ node: Node; dataDir: string; cache: string; offer: (path: string) => LocalFile }> {
  const directory = temporaryDirectory(t)
  const dataDir = join(directory, 'data')
  const cache = join(directory, 'cache')
  writeTree(cache, { ...CONTENT, [UNKNOWN]: Buffer.from('mine') })
  const primary = await startPrimary(t, { directory })
  const node = await startNode(t, { dataDir, links: [primary.link()] })
  await waitFor('the index', () =>
    node.statusNow().repositories.every(({ index }) => index.complete),
  )
  await primary.stop()
  return { node, dataDir, cache, offer: (path) => ({ path, file: join(cache, path) }) }
}

const outcomes = (adopted: readonly AdoptedFile[]): readonly string[] =>
  adopted.map(({ outcome }) => outcome)

describe('adopt', () => {
  it('takes what an index names, once, and serves it', async (t) => {
    const { node, dataDir, offer } = await startWithCache(t)
    const control = new ControlClient(dataDir)
    const offered = [JAR, POM, LARGE, UNKNOWN, '../outside'].map(offer)
    const first = await control.adopt(offered)
    assert.deepEqual(outcomes(first), ['adopted', 'adopted', 'adopted', 'unknown', 'unknown'])
    assert.deepEqual(outcomes(await control.adopt([offer(JAR)])), ['held'])
    for (const path of [JAR, LARGE]) {
      const answer = await fetch(`${String(node.url)}/demo/${path}`)
      assert.equal(answer.headers.get('x-jarswarm-source'), 'store')
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), CONTENT[path])
    }
  })

  it('takes no other bytes than the signed ones', async (t) => {
    const { node, cache, offer } = await startWithCache(t)
    writeFileSync(join(cache, JAR), 'A small jar')
    truncateSync(join(cache, LARGE), 699_999)
    const adopted = await node.adopt([offer(JAR), offer(LARGE), offer(POM)])
    assert.deepEqual(outcomes(adopted), ['differs', 'differs', 'adopted'])
    assert.equal(node.statusNow().store.blobs, 1)
  })
})

describe('lookUp', () => {
  it('says what is signed, and whether it is here', async (t) => {
    const { node, dataDir, offer } = await startWithCache(t)
    await node.adopt([offer(POM)])
    const findings = await new ControlClient(dataDir).lookUp([JAR, POM, UNKNOWN, `${JAR}.sha1`])
    assert.deepEqual(
      findings.map(({ indexed, unsure }) => [indexed.map(({ held }) => held), unsure]),
      [
        [[false], null],
        [[true], null],
        [[], null],
        [[], null],
      ],
    )
    assert.equal(findings[0]?.indexed[0]?.sizeBytes, CONTENT[JAR]?.length)
    assert.equal(findings[0]?.indexed[0]?.repository, 'demo')
  })

  it('takes MAX_LOOKUP_PATHS, and refuses more', async (t) => {
    const { node } = await startWithCache(t)
    const paths = new Array<string>(MAX_LOOKUP_PATHS).fill(JAR)
    assert.equal((await node.lookUp(paths)).length, MAX_LOOKUP_PATHS)
    await assert.rejects(node.lookUp([...paths, JAR]), /513 paths: at most 512/)
  })
})

describe('readIndex', () => {
  it('gives the entries, or a sample of them, over the control socket too', async (t) => {
    const { dataDir } = await startWithCache(t)
    const control = new ControlClient(dataDir)
    const whole = await control.readIndex({ repository: 'demo' })
    assert.deepEqual([whole.seq, whole.files, whole.next], [1, whole.entries.length, null])
    assert.ok(whole.entries.some(({ path, digest }) => path === JAR && digest.length === 64))
    const rest = await control.readIndex({ repository: 'demo', after: whole.entries[0]?.path })
    assert.deepEqual(rest.entries, whole.entries.slice(1))
    const sample = await control.readIndex({ repository: 'demo', sample: 1 })
    assert.equal(sample.entries.length, 1)
    await assert.rejects(control.readIndex({ repository: 'other' }), { code: 'ERR_NOT_FOUND' })
  })
})
