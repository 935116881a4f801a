import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import type { ClosureArtifact } from '@jarswarm/maven'
import { NoSpaceError, StorageFailedError } from '@jarswarm/ports'
import { RecordingLogger } from '@jarswarm/testkit'
import PQueue from 'p-queue'
import type { PrefetchSource } from '../src/index.ts'
import { ArrivedFiles } from '../src/prefetch/arrived-files.ts'
import { FileBringer, MAX_FAILURES_IN_A_ROW } from '../src/prefetch/file-bringer.ts'
import { PomLibrary } from '../src/prefetch/pom-library.ts'
import { PREFETCH_FULL_PAUSE_MS, PREFETCH_IDLE_MS } from '../src/prefetch/prefetcher.ts'
import { PrefetchRoom } from '../src/prefetch/prefetch-room.ts'
import { PrefetchTally } from '../src/prefetch/prefetch-tally.ts'
import {
  ALL,
  begin,
  dependencies,
  gav,
  pathOf,
  PrefetchRig,
  ROOT,
  settle,
} from './_prefetch-rig.ts'
import { POM } from './_rig.ts'
import type { Node } from './_rig.ts'

/** Holds back what is stored until it is let go; then as the store does, or with an error. */
function holdBack(node: Node): {
  waiting: () => number
  go: (error?: Error) => void
} {
  const { blobs } = node.stores
  const put = blobs.put.bind(blobs)
  const gates: PromiseWithResolvers<undefined>[] = []
  let outcome: (() => Promise<undefined>) | undefined
  blobs.put = async (...wanted) => {
    const gate = Promise.withResolvers<undefined>()
    gates.push(gate)
    await (outcome?.() ?? gate.promise)
    await put(...wanted)
  }
  return {
    waiting: () => gates.length,
    go: (error) => {
      outcome = () => (error === undefined ? Promise.resolve(undefined) : Promise.reject(error))
      for (const { resolve, reject } of gates) {
        if (error === undefined) resolve(undefined)
        else reject(error)
      }
    },
  }
}

const notAhead = ({ logger }: Node): number =>
  logger.lines.filter(({ message }) => message === 'not fetched ahead').length

describe('what was fetched ahead, while the disk is slow', () => {
  it('is given at once, and the walk goes on to its end', async (t) => {
    const [rig, node] = await begin(t)
    const disk = holdBack(node)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => disk.waiting() === ALL.length)
    const { digest } = rig.builder.entry(pathOf('b', 'jar'))
    assert.equal(await node.stores.blobs.has(digest), false)
    // A client that is given its pom again begins no second walk for a jar that the disk does not have yet.
    const { prefetchSource } = node.repository
    assert.equal(await prefetchSource.isHere(parsePath(pathOf('b', 'jar')), {}), true)
    assert.equal(String(rig.prefetcher?.take(digest)), 'the jar of b')
    assert.equal(rig.prefetcher?.take(digest), undefined)
    assert.equal(rig.prefetcher?.counts().files, 0)
    disk.go()
    await rig.until(() => rig.prefetcher?.counts().files === ALL.length)
  })
  it('is forgotten when no client asks any more, and once all has ended', async (t) => {
    const [rig, node] = await begin(t)
    const disk = holdBack(node)
    const digests = ['b', 'a'].map((name) => rig.builder.entry(pathOf(name, 'jar')).digest)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => disk.waiting() === ALL.length)
    rig.clock.advance(PREFETCH_IDLE_MS)
    assert.equal(rig.prefetcher?.take(digests[0] ?? ''), undefined)
    disk.go()
    await rig.prefetcher?.stop()
    assert.equal(rig.prefetcher?.take(digests[1] ?? ''), undefined)
  })
  it('is waited for by stop, and counted', async (t) => {
    const [rig, node] = await begin(t)
    const disk = holdBack(node)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => disk.waiting() === ALL.length)
    let stopped = false
    const stopping = rig.prefetcher?.stop().then(() => {
      stopped = true
    })
    await settle()
    assert.equal(stopped, false)
    disk.go()
    await rig.wait(stopping ?? Promise.resolve())
    assert.equal(rig.prefetcher?.counts().files, ALL.length)
  })
  it('ends fetching ahead when none of it can be stored', async (t) => {
    const rig = new PrefetchRig(t)
    const names = Array.from({ length: MAX_FAILURES_IN_A_ROW }, (_, n) => `n${String(n)}`)
    for (const name of names) rig.project(name, dependencies(gav(`of-${name}`, '1')))
    for (const name of names) rig.project(`of-${name}`)
    rig.project('top', dependencies(...names.map((name) => gav(name, '1'))))
    const node = await rig.begin()
    t.after(() => rig.prefetcher?.stop())
    holdBack(node).go(new StorageFailedError('Cannot write: the disk failed'))
    rig.served(`${ROOT}.pom`)
    await rig.until(() => notAhead(node) >= MAX_FAILURES_IN_A_ROW)
    await settle()
    assert.equal(notAhead(node), MAX_FAILURES_IN_A_ROW)
    assert.ok(rig.asked().length < 4 * names.length)
    assert.equal(rig.prefetcher?.counts().files, 0)
  })
  it('ends it for a while when there is no room', async (t) => {
    const [rig, node] = await begin(t)
    const disk = holdBack(node)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => disk.waiting() === ALL.length)
    disk.go(new NoSpaceError('Cannot write: the disk is full'))
    await rig.until(() => notAhead(node) === 1)
    await settle()
    const before = rig.asked().length
    rig.served(`${ROOT}.pom`)
    await settle()
    assert.equal(rig.asked().length, before)
    rig.clock.advance(PREFETCH_FULL_PAUSE_MS)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => rig.asked().length > before)
  })
})

describe('ArrivedFiles', () => {
  it('keeps the bytes of a file, and not the message that they came in', async () => {
    const files = new ArrivedFiles()
    const bytes = new Uint8Array(1_000_000).subarray(10, 20)
    await files.add('ab', { bytes, stored: Promise.resolve() })
    assert.equal(files.take('ab')?.buffer.byteLength, 10)
  })
  it('keeps nothing once it is to forget', async () => {
    const files = new ArrivedFiles()
    await files.add('ab', { bytes: new Uint8Array(10), stored: Promise.resolve() })
    files.forget()
    assert.equal(files.take('ab'), undefined)
  })
})

describe('PomLibrary', () => {
  it('gives no bytes of what it brings, for a walk waits for thousands', async () => {
    const bring = (): Promise<unknown> => Promise.resolve({ bytes: new Uint8Array(10) })
    const files = { bring } as unknown as FileBringer
    const library = new PomLibrary({ files, logger: new RecordingLogger() })
    const give = library.bring.bind(library) as (file: ClosureArtifact) => Promise<unknown>
    const file = { group: 'a', artifact: 'b', version: '1', classifier: undefined }
    assert.equal(await give({ ...file, extension: 'jar' }), undefined)
  })
})

describe('FileBringer', () => {
  it('counts failures anew when a file is stored, and gives back the room of one that is not', async (t) => {
    const rig = new PrefetchRig(t)
    const clock = rig.clock
    const tally = new PrefetchTally()
    // Room for one file at a time.
    const blobs = { usage: () => ({ blobs: 0, bytes: 0, quotaBytes: 100 }) }
    let outcome: () => Promise<void> = () => Promise.resolve()
    const source: PrefetchSource = {
      id: rig.builder.id,
      isHere: () => Promise.resolve(undefined),
      bring: (path, { allow }) => {
        assert.ok(allow(60))
        const arrived = { bytes: new Uint8Array(60), stored: outcome() }
        return Promise.resolve({ entry: { ...rig.builder.entry(POM), path }, arrived })
      },
      read: () => Promise.resolve(undefined),
    }
    const hopeless: string[] = []
    const files = new FileBringer(
      {
        sources: () => [source],
        queue: new PQueue(),
        tally,
        room: new PrefetchRoom({ blobs, clock }),
        arrived: new ArrivedFiles(),
        clock,
        logger: new RecordingLogger(),
      },
      {
        signal: new AbortController().signal,
        onHopeless: ({ message }) => hopeless.push(message),
      },
    )
    files.refill()
    const bring = async (count: number, stored: () => Promise<void>): Promise<void> => {
      outcome = stored
      for (let n = 0; n < count; n += 1) {
        await files.bring(parsePath('a'), 0)
        await settle()
      }
    }
    const fail = (): Promise<void> => Promise.reject(new StorageFailedError('the disk failed'))
    await bring(MAX_FAILURES_IN_A_ROW - 1, fail)
    await bring(1, () => Promise.resolve())
    await bring(MAX_FAILURES_IN_A_ROW - 1, fail)
    assert.deepEqual(hopeless, [])
    await bring(1, fail)
    assert.match(hopeless.join(), /^\d+ files in a row could not be had$/)
    assert.equal(tally.counts().files, 1)
  })
})
