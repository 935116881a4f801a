import { sha256 } from '@jarswarm/manifest'
import type { Digest, Head, IndexEntry } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { IndexStore, Swarm } from '@jarswarm/ports'
import { ManualClock, RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BlobFetcher } from '../src/fetch/blob-fetcher.ts'
import { MAX_REMEMBERED_CHANGES } from '../src/limits.ts'
import { FILL_RETRY_MS, MirrorFill } from '../src/share/mirror-fill.ts'
import { BIG, JAR, METADATA, POM, Rig } from './_rig.ts'

const PATH = parsePath('g/a/maven-metadata.xml')
const headOf = (seq: number): Head => ({ seq }) as Head
const entryOf = (text: string): IndexEntry =>
  ({ path: PATH, digest: sha256(Buffer.from(text)), sizeBytes: 1 }) as IndexEntry

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A fill of an index that names nothing yet, the heads that it completed, and what it asked for. */
function fillWith(store: (digest: Digest) => Promise<void>) {
  const clock = new ManualClock()
  const completed: number[] = []
  const leastSeqs: (number | undefined)[] = []
  const fill = new MirrorFill(
    {
      index: {
        async *listEntries() {
          yield* await Promise.resolve([])
        },
      } as unknown as IndexStore,
      fetcher: {
        hasSource: (_entry: IndexEntry, leastSeq?: number) => {
          leastSeqs.push(leastSeq)
          return true
        },
        hasClaimant: () => false,
        isStored: () => Promise.resolve(false),
        store: ({ digest }: IndexEntry) => store(digest),
      } as unknown as BlobFetcher,
      swarm: { peerId: 'own', followers: () => [] } as unknown as Swarm,
      isUnwanted: () => false,
      clock,
      logger: new RecordingLogger(),
      onComplete: ({ seq }) => completed.push(seq),
    },
    { repository: '', policy: 'all' },
  )
  const follow = async (seq: number): Promise<void> => {
    fill.follow(headOf(seq))
    await settle()
  }
  return { fill, clock, completed, leastSeqs, follow }
}

describe('MirrorFill', () => {
  it('counts claims of what is new from the first head on that it may be new in, while it is missing', async () => {
    const { fill, clock, leastSeqs, follow } = fillWith(() => Promise.reject(new Error('nobody')))
    await follow(6)
    // It was not there while 7 was the newest head.
    fill.changed(PATH, entryOf('new'))
    await follow(8)
    assert.deepEqual(new Set(leastSeqs.splice(0)), new Set([7]))
    const path = parsePath('g/a/1/a-1.jar')
    fill.changed(path, { ...entryOf('new'), path })
    await follow(9)
    assert.deepEqual(new Set(leastSeqs.splice(0)), new Set([7]))
    clock.advance(2 * FILL_RETRY_MS)
    await settle()
    assert.deepEqual(new Set(leastSeqs), new Set([7]))
    await fill.stop()
  })

  for (const [changes, isKept] of [
    [MAX_REMEMBERED_CHANGES, true],
    [2 * MAX_REMEMBERED_CHANGES, false],
  ] as const)
    it(`${isKept ? 'keeps' : 'forgets'} that number when ${String(changes)} other files are new`, async () => {
      const { fill, leastSeqs, follow } = fillWith(() => Promise.resolve())
      await follow(6)
      fill.changed(PATH, entryOf('new'))
      let seq = 7
      for (let change = 0; change < changes; change += 1) {
        const path = parsePath(`g/a/${String(change)}/a-${String(change)}.jar`)
        fill.changed(path, { ...entryOf(path), path })
        if (change % (MAX_REMEMBERED_CHANGES / 2) > 0) continue
        // All paths are gone through, of which there are none: what is missing stays so.
        fill.lost(entryOf('lost').digest)
        await follow(seq)
        seq += 1
      }
      leastSeqs.length = 0
      fill.changed(PATH, entryOf('new'))
      await follow(seq)
      assert.equal(leastSeqs.includes(7), isKept)
      await fill.stop()
    })

  it('does not wait for a version that another has replaced', async () => {
    const lost = entryOf('lost')
    const { fill, completed, follow } = fillWith((digest) =>
      digest === lost.digest ? Promise.reject(new Error('nobody has it')) : Promise.resolve(),
    )
    await follow(1)
    fill.changed(PATH, lost)
    await follow(2)
    assert.deepEqual(completed, [1])
    fill.changed(PATH, entryOf('next'))
    await follow(3)
    assert.deepEqual(completed, [1, 3])
    await fill.stop()
  })

  it('does not wait for a file that is named no more', async () => {
    const { fill, completed, follow } = fillWith(() => Promise.reject(new Error('nobody has it')))
    await follow(1)
    fill.changed(PATH, entryOf('lost'))
    await follow(2)
    fill.changed(PATH)
    await follow(3)
    assert.deepEqual(completed, [1, 3])
    await fill.stop()
  })

  it('does not go back to the head before', async () => {
    const answers = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    let asked = 0
    const { fill, clock, completed, follow } = fillWith(async () => {
      asked += 1
      await answers[asked - 1]?.promise
    })
    await follow(1)
    fill.changed(PATH, entryOf('new'))
    await follow(5)
    await follow(6)
    answers[0]?.reject(new Error('not there yet'))
    await settle()
    // The round of 6 takes long.
    clock.advance(2 * FILL_RETRY_MS)
    answers[1]?.resolve(undefined)
    await settle()
    assert.deepEqual(completed, [1, 6])
    await fill.stop()
  })

  it('begins with what mirrors have that wait for a file of the newest head', async (t) => {
    const rig = new Rig(t)
    await rig.fullNode({ name: 'other' })
    const late = parsePath('org/example/late/1.0/late-1.0.jar')
    rig.builder.put(late, 'late').publish()
    rig.origin.files.delete(late)
    rig.origin.requests.length = 0
    const node = await rig.node({ name: 'new', mirrorPolicy: 'all' })
    const held = new Set<Digest>()
    node.mirror.onHoldingsChange(({ added }) => {
      for (const digest of added) held.add(digest)
    })
    const old = [JAR, POM, METADATA, BIG]
    await rig.until(() => old.every((path) => held.has(rig.builder.entry(path).digest)))
    const asked = rig.origin.requests.map((label) => label.split('#')[0] ?? '')
    assert.deepEqual(
      asked.filter((path) => old.some((one) => one === path)),
      [],
    )
  })
})
