import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { ObservationStore } from '../src/observation-store.ts'
import type { Observation } from '../src/observation-store.ts'

const PATHS = ['a/b/1/b-1.jar', 'a/b/2/b-2.jar', 'a/b/3/b-3.jar'].map(parsePath)
const SEEN: Observation = {
  digest: '0'.repeat(64),
  sha1: '0'.repeat(40),
  md5: '0'.repeat(32),
  sizeBytes: 1,
  mtimeSeconds: 0,
}

describe('ObservationStore', () => {
  let work: string
  /** As a run that was killed left it, and as one that ended left it. */
  let crashed: string
  let closed: string
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'jarswarm-observed-'))
    crashed = join(work, 'crashed')
    closed = join(work, 'closed')
    const store = await ObservationStore.open(closed)
    for (const path of PATHS) await store.put(path, SEEN)
    await cp(closed, crashed, { recursive: true })
    await store[Symbol.asyncDispose]()
  })
  after(() => rm(work, { recursive: true }))

  for (const [kind, damage] of [
    ['ldb', (bytes: Buffer) => bytes.fill(0, 0, 20)],
    ['log', (bytes: Buffer) => bytes.fill(0, 0, 7)],
  ] as const) {
    it(`begins anew in place of a damaged .${kind} file, names it, and sets it aside`, async (t) => {
      const copy = join(work, kind)
      t.after(() => rm(copy, { recursive: true }))
      await cp(kind === 'ldb' ? closed : crashed, copy, { recursive: true })
      const seen = join(copy, 'seen')
      const name = (await readdir(seen)).find((file) => file.endsWith(`.${kind}`)) ?? ''
      await writeFile(join(seen, name), damage(await readFile(join(seen, name))))
      // One from before gives way.
      await mkdir(`${seen}.damaged/older`, { recursive: true })
      const told: unknown[] = []
      await using store = await ObservationStore.open(copy, ({ message }, aside) => {
        assert.ok(message.includes(join(seen, name)), message)
        told.push(aside)
      })
      assert.deepEqual(told, [`${seen}.damaged`])
      const aside = await readdir(`${seen}.damaged`)
      assert.ok(aside.includes(name) && !aside.includes('older'))
      assert.equal(await store.get(parsePath('a/b/1/b-1.jar')), undefined)
      await store.put(parsePath('a/b/1/b-1.jar'), SEEN)
    })
  }

  it('keeps what was seen over a kill and over an end, which leaves nothing in the journal', async () => {
    const names = await readdir(join(closed, 'seen'))
    const journal = names.find((file) => file.endsWith('.log')) ?? ''
    assert.equal((await readFile(join(closed, 'seen', journal))).length, 0)
    for (const directory of [crashed, closed]) {
      await using store = await ObservationStore.open(directory)
      for (const path of PATHS) assert.deepEqual(await store.get(path), SEEN)
    }
  })
})
