import { UnavailableError } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { MAX_ENTRIES_READ } from '../src/limits.ts'
import { Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const FILES = 120
const path = (i: number): string => `g/a/${String(i)}/a-${String(i)}.pom`

async function withIndex(t: TestContext): Promise<Node> {
  const rig = new Rig(t)
  for (let i = 0; i < FILES; i += 1) rig.builder.put(path(i), String(i))
  rig.builder.put('g/a/maven-metadata.xml', 'mutable').publish()
  const node = await rig.node()
  await rig.synced(node)
  return node
}

describe('IndexEntries', () => {
  it('reads on behind a path, in order, until there is no more', async (t) => {
    const { entries } = (await withIndex(t)).repository
    const read: string[] = []
    for (let page = await entries.page('', 50); page.length > 0;) {
      assert.ok(page.length <= 50)
      read.push(...page.map((entry) => entry.path))
      page = await entries.page(read.at(-1) ?? '', 50)
    }
    assert.deepEqual(read, [...new Set(read)].sort())
    assert.ok(read.includes(path(7)) && read.includes('g/a/maven-metadata.xml'))
  })

  it('draws each file at most once, mutable ones too, and all of a small index', async (t) => {
    const { repository } = await withIndex(t)
    const { entries } = repository
    const drawn = await entries.sample(40, Math.random)
    assert.equal(new Set(drawn.map((entry) => entry.path)).size, 40)
    const all = await entries.sample(10_000, Math.random)
    assert.equal(all.length, repository.status().index.files)
    assert.ok(all.some((entry) => entry.path === 'g/a/maven-metadata.xml'))
  })

  it('reads MAX_ENTRIES_READ and refuses more, and an index that is not here', async (t) => {
    const { entries } = (await withIndex(t)).repository
    assert.ok((await entries.page('', MAX_ENTRIES_READ)).length > 0)
    for (const count of [0, MAX_ENTRIES_READ + 1, 1.5]) {
      await assert.rejects(entries.page('', count), /a number from 1 to 10000 is wanted/)
      await assert.rejects(entries.sample(count, Math.random), RangeError)
    }
    const rig = new Rig(t)
    const { repository } = await rig.node({ offline: true })
    await assert.rejects(repository.entries.page('', 1), UnavailableError)
    await assert.rejects(repository.entries.sample(1, Math.random), UnavailableError)
  })
})
