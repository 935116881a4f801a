import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { ManualClock, silentLogger } from '@jarswarm/testkit'
import { PublicationWatch } from '../src/primary/publication-watch.ts'
import type { PublicationWatchComponents } from '../src/primary/publication-watch.ts'
import { temporaryDirectory } from './_swarm.ts'

const ID = 'ab'.repeat(32)
const FAILURE = new Error('the disk does not answer')

interface Trial {
  readonly watch: PublicationWatch
  /** What was done, one after the other: `refresh`, `tell MANIFEST`. */
  readonly done: string[]
  /** What the next calls throw, if anything. */
  readonly failures: { refresh: Error | undefined; tell: Error | undefined }
  readonly publish: (manifest: string) => void
}

/** A watch over content that has news whenever something else was published. */
function startTrial(t: TestContext): Trial {
  const publishedRoot = temporaryDirectory(t)
  const done: string[] = []
  const failures: Trial['failures'] = { refresh: undefined, tell: undefined }
  let published = ''
  let taken = ''
  const content: PublicationWatchComponents['content'] = {
    head: undefined,
    get repository(): never {
      throw new Error('nobody asks for it')
    },
    refresh: async () => {
      done.push('refresh')
      if (failures.refresh !== undefined) throw failures.refresh
      const isNews = taken !== published
      taken = published
      // Longer than the one look at the manifest by which another would come in between.
      for (let look = 0; look < 20; look += 1) await stat(publishedRoot)
      return isNews ? Buffer.from(taken) : undefined
    },
  }
  const swarm: PublicationWatchComponents['swarm'] = {
    gossipManifest: (_, manifest) => {
      done.push(`tell ${Buffer.from(manifest).toString()}`)
      return failures.tell === undefined ? Promise.resolve() : Promise.reject(failures.tell)
    },
    provide: () => {
      throw new Error('nobody announces')
    },
  }
  const watch = new PublicationWatch(
    {
      content,
      swarm,
      clock: new ManualClock(),
      logger: silentLogger,
      resign: () => Promise.resolve(),
      hasRoot: () => Promise.resolve(false),
    },
    { id: ID, publishedRoot },
  )
  const publish = (manifest: string): void => {
    published = manifest
    writeFileSync(join(publishedRoot, 'manifest'), manifest)
  }
  return { watch, done, failures, publish }
}

describe('PublicationWatch', () => {
  it('takes up each state once, and tells of it', async (t) => {
    const { watch, done, publish } = startTrial(t)
    await watch.takeUp()
    assert.deepEqual(done, [])
    publish('one')
    await watch.takeUp()
    await watch.takeUp()
    assert.deepEqual(done, ['refresh', 'tell one'])
    publish('the second')
    await watch.takeUp()
    assert.deepEqual(done.slice(2), ['refresh', 'tell the second'])
  })

  it('takes up the next time what could not be taken up', async (t) => {
    const { watch, done, failures, publish } = startTrial(t)
    publish('one')
    failures.refresh = FAILURE
    await assert.rejects(watch.takeUp(), FAILURE)
    failures.refresh = undefined
    await watch.takeUp()
    assert.deepEqual(done, ['refresh', 'refresh', 'tell one'])
  })

  it('tells the next time of what nobody could be told', async (t) => {
    const { watch, done, failures, publish } = startTrial(t)
    publish('one')
    failures.tell = FAILURE
    await assert.rejects(watch.takeUp(), FAILURE)
    failures.tell = undefined
    await watch.takeUp()
    await watch.takeUp()
    assert.deepEqual(done, ['refresh', 'tell one', 'tell one'])
  })

  it('takes up one thing at a time, also after a failure', async (t) => {
    const { watch, done, failures, publish } = startTrial(t)
    publish('one')
    await Promise.all([watch.takeUp(), watch.takeUp()])
    assert.deepEqual(done, ['refresh', 'tell one'])
    publish('the second')
    failures.tell = FAILURE
    const outcomes = await Promise.allSettled([watch.takeUp(), watch.takeUp()])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.deepEqual(done.slice(2), ['refresh', 'tell the second', 'tell the second'])
  })
})
