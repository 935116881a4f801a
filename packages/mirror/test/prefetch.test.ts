import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePath } from '@jarswarm/maven'
import { MemoryBlobStore, RecordingLogger } from '@jarswarm/testkit'
import { Prefetcher } from '../src/index.ts'
import type { PrefetchSource } from '../src/index.ts'
import { MAX_WATCHED_FILES } from '../src/prefetch/limits.ts'
import { MAX_FAILURES_IN_A_ROW } from '../src/prefetch/file-bringer.ts'
import { PREFETCH_IDLE_MS } from '../src/prefetch/prefetcher.ts'
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
import { POM, readAll } from './_rig.ts'

const A = parsePath('a')
const B = parsePath('b')
describe('Prefetcher', () => {
  it('brings parents, jar and closure of a pom, each once', async (t) => {
    const [rig, node] = await begin(t)
    await rig.fetch(node, `${ROOT}.pom`)
    rig.served(`${ROOT}.pom`)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => rig.prefetcher?.counts().files === ALL.length - 1)
    rig.served(pathOf('a', 'pom'), 'store')
    await rig.prefetcher?.stop()
    for (const path of ALL) {
      assert.ok(await node.stores.blobs.has(rig.builder.entry(path).digest), path)
    }
    const asked = rig.asked()
    assert.deepEqual(asked, [...new Set(asked)])
  })
  it('brings everything from a peer while the origin is away', async (t) => {
    const rig = new PrefetchRig(t).sample()
    rig.builder.publish()
    await rig.fullNode({ name: 'full' })
    const before = rig.asked()
    const node = await rig.beginUnpublished({ name: 'asking', upstreams: [] })
    t.after(() => rig.prefetcher?.stop())
    rig.served(`${ROOT}.pom`, 'peer')
    await rig.until(() => rig.prefetcher?.counts().files === ALL.length)
    for (const path of ALL) {
      assert.ok(await node.stores.blobs.has(rig.builder.entry(path).digest), path)
    }
    assert.deepEqual(rig.asked(), before)
  })
  it('counts what clients then ask for', async (t) => {
    const [rig] = await begin(t)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => rig.prefetcher?.counts().files === ALL.length)
    rig.served(pathOf('a', 'jar'), 'store')
    rig.served(pathOf('a', 'jar'), 'store')
    rig.served(pathOf('b', 'pom'), 'store')
    assert.deepEqual(rig.prefetcher?.counts(), { files: ALL.length, used: 2 })
  })
  it('does nothing for jars, for metadata, and for a pom whose jar was here before', async (t) => {
    const [rig, node] = await begin(t)
    await rig.fetch(node, `${ROOT}.jar`)
    const before = rig.asked()
    rig.served(`${ROOT}.pom`, 'store')
    rig.served(pathOf('a', 'jar'))
    rig.served('org/example/s/1-SNAPSHOT/maven-metadata.xml')
    await settle()
    assert.deepEqual(rig.asked(), before)
  })
  it('walks from a pom that was here without its jar', async (t) => {
    const [rig] = await begin(t)
    rig.served(`${ROOT}.pom`, 'store')
    await rig.until(() => rig.prefetcher?.counts().files === ALL.length)
  })
  it('ends when no client asks any more, and begins anew with the next', async (t) => {
    const [rig, node] = await begin(t)
    const jar = pathOf('b', 'jar')
    const timesAsked = (): number => rig.asked().filter((path) => path === jar).length
    rig.served(`${ROOT}.pom`)
    await rig.until(() => rig.prefetcher?.counts().files === ALL.length)
    await node.stores.blobs.delete(rig.builder.entry(jar).digest)
    rig.served(`${ROOT}.pom`)
    await settle()
    assert.equal(timesAsked(), 1)
    rig.clock.advance(PREFETCH_IDLE_MS - 1)
    rig.served(jar)
    rig.clock.advance(PREFETCH_IDLE_MS - 1)
    rig.served(`${ROOT}.pom`)
    await settle()
    assert.equal(timesAsked(), 1)
    rig.clock.advance(PREFETCH_IDLE_MS)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => timesAsked() === 2)
  })
  it('ends with the node, and begins nothing afterwards', async (t) => {
    const [rig] = await begin(t)
    rig.origin.gate = () => new Promise(() => undefined)
    rig.served(`${ROOT}.pom`)
    await rig.until(() => rig.asked().length === 1)
    await rig.prefetcher?.stop()
    rig.served(pathOf('a', 'pom'))
    await rig.prefetcher?.stop()
    assert.deepEqual(rig.asked(), [`${ROOT}.pom`])
  })
  it('pushes no more out of a full store than an eighth', async (t) => {
    const rig = new PrefetchRig(t).sample()
    const blobs = new MemoryBlobStore({ quotaBytes: 400 })
    const node = await rig.begin({ stores: { ...rig.stores(), blobs } })
    await rig.fetch(node, `${ROOT}.pom`)
    const removed: string[] = []
    blobs.onChange(({ kind, digest }) => {
      if (kind === 'removed') removed.push(digest)
    })
    rig.served(`${ROOT}.pom`)
    await rig.until(() => node.logger.lines.some(({ message }) => message === 'not fetched ahead'))
    await rig.prefetcher?.stop()
    assert.deepEqual(removed, [])
  })
  it('has room in a full store again when a client uses what was fetched', async (t) => {
    const rig = new PrefetchRig(t)
    const allowed: string[] = []
    const source: PrefetchSource = {
      id: rig.builder.id,
      isHere: () => Promise.resolve(undefined),
      bring: (path, { allow }) => {
        if (!path.endsWith('.pom') || !allow(60)) return Promise.resolve(undefined)
        allowed.push(path)
        return Promise.resolve({ entry: { ...rig.builder.entry(POM), path, sizeBytes: 60 } })
      },
      read: () => Promise.resolve(undefined),
    }
    const prefetcher = new Prefetcher({
      sources: () => [source],
      blobs: { usage: () => ({ blobs: 9, bytes: 800, quotaBytes: 800 }) },
      clock: rig.clock,
      logger: new RecordingLogger(),
    })
    t.after(() => prefetcher.stop())
    const poms = ['a', 'b', 'c'].map((name) => parsePath(pathOf(name, 'pom')))
    for (const path of poms) {
      const pom = { repository: rig.builder.id, path, source: 'origin' } as const
      prefetcher.served(pom)
      await settle()
      prefetcher.served(pom)
    }
    assert.deepEqual(allowed, poms)
  })
  it('finds a dependency in another repository', async (t) => {
    const rig = new PrefetchRig(t).project('top', dependencies(gav('elsewhere', '1')))
    const wanted: string[] = []
    const other: PrefetchSource = {
      id: 'f'.repeat(64),
      isHere: () => Promise.resolve(undefined),
      bring: (path) => {
        wanted.push(path)
        return Promise.resolve(undefined)
      },
      read: () => Promise.resolve(undefined),
    }
    await rig.begin({}, [other])
    rig.served(`${ROOT}.pom`)
    await rig.until(() => wanted.length > 0)
    await rig.until(() => rig.prefetcher?.counts().files === 2)
    assert.deepEqual(wanted, [pathOf('elsewhere', 'pom')])
    await rig.prefetcher?.stop()
  })
  it('gives up after many files in a row that cannot be had', async (t) => {
    const rig = new PrefetchRig(t)
    const names = Array.from({ length: 4 * MAX_FAILURES_IN_A_ROW }, (_, n) => `n${String(n)}`)
    for (const name of names) rig.project(name)
    rig.project('top', dependencies(...names.map((name) => gav(name, '1'))))
    const node = await rig.begin()
    await rig.fetch(node, `${ROOT}.pom`)
    rig.origin.gate = () => Promise.reject(new Error('the network is down'))
    rig.served(`${ROOT}.pom`)
    await rig.until(() => {
      const failed = node.logger.lines.filter(({ message }) => message === 'not fetched ahead')
      return failed.length >= MAX_FAILURES_IN_A_ROW
    })
    await rig.wait(rig.prefetcher?.stop() ?? Promise.resolve())
    assert.ok(rig.asked().length < names.length)
  })
  it('fails for no client that waits for the same file', async (t) => {
    const [rig, node] = await begin(t)
    const gate = Promise.withResolvers<undefined>()
    rig.origin.gate = (path) => (path.endsWith('.jar') ? gate.promise : Promise.resolve())
    rig.served(`${ROOT}.pom`)
    await rig.until(() => rig.asked().includes(`${ROOT}.jar`))
    const opening = node.repository.open(rig.builder.entry(`${ROOT}.jar`), {})
    opening.catch(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    rig.origin.gate = () => Promise.resolve()
    gate.reject(new Error('the connection was reset'))
    const content = await rig.wait(opening)
    assert.equal(String(await rig.wait(readAll(content))), 'the jar of top')
    content.release()
  })
})

describe('PrefetchTally', () => {
  it('counts a use before the file is here, and none of what failed', () => {
    const tally = new PrefetchTally()
    tally.began(A)
    tally.used(A)
    tally.stored(A)
    tally.began(B)
    tally.failed(B)
    tally.used(B)
    assert.deepEqual(tally.counts(), { files: 1, used: 1 })
  })
  it('watches MAX_WATCHED_FILES', () => {
    const tally = new PrefetchTally()
    for (let n = 0; n <= MAX_WATCHED_FILES; n += 1) tally.began(parsePath(String(n)))
    tally.stored(parsePath('0'))
    tally.used(parsePath('0'))
    assert.equal(tally.counts().used, 0)
  })
})
