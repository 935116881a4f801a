import { sha256 } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import { SourceUnavailableError } from '@jarswarm/ports'
import {
  ManualClock,
  MemoryBlobStore,
  MemoryIndexStore,
  MemoryNetwork,
  MemorySwarmContent,
  silentLogger,
} from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { DAILY_BUDGET } from '../src/limits.ts'
import {
  Announcer,
  CHECK_INTERVAL_MS,
  QUIET_MS,
  REPROVIDE_INTERVAL_MS,
} from '../src/share/announcer.ts'
import { HeldBlobs } from '../src/share/held-blobs.ts'

const REPOSITORY = 'ab'.repeat(32)

interface Rig {
  readonly announcer: Announcer
  readonly clock: ManualClock
  readonly told: string[]
  /** Whether anybody takes what is told of a project. */
  readonly dht: { isUp: (project: string) => boolean }
  readonly fill: { isUnderWay: boolean }
  readonly advance: (ms: number) => Promise<void>
}

/** An announcer of a cache that holds the given number of blobs of each project. */
function rig(t: TestContext, counts: Readonly<Record<string, number>>, enabled = true): Rig {
  const clock = new ManualClock()
  const blobs = new MemoryBlobStore()
  const held = new HeldBlobs({
    blobs,
    index: new MemoryIndexStore(REPOSITORY),
    isWithdrawn: () => false,
  })
  for (const [project, count] of Object.entries(counts)) {
    for (let at = 0; at < count; at += 1) {
      const path = parsePath(`${project}/${String(at)}/${project.slice(2)}-${String(at)}.jar`)
      const digest = sha256(Buffer.from(path))
      held.add({
        path,
        digest,
        sha1: '0'.repeat(40),
        sizeBytes: 1,
        mtimeSeconds: 0,
        pieceList: undefined,
      })
    }
  }
  const total = Object.keys(counts).length
  const told: string[] = []
  const dht: Rig['dht'] = { isUp: () => true }
  const swarm = new MemoryNetwork({ clock }).createSwarm({
    content: new MemorySwarmContent([REPOSITORY]),
  })
  t.mock.method(swarm, 'provide', async function* (_: string, projects: Iterable<string>) {
    for (const project of projects) {
      await Promise.resolve()
      if (!dht.isUp(project)) throw new SourceUnavailableError('nobody')
      told.push(project)
      yield project
    }
  })
  const components = { swarm, held, clock, random: () => 0.5, logger: silentLogger }
  const fill = { isUnderWay: false }
  const announcer = new Announcer(components, {
    repository: REPOSITORY,
    isComplete: () => false,
    isFilling: () => fill.isUnderWay,
    enabled,
  })
  t.after(() => announcer.stop())
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms)
    for (let turn = 0; turn <= total; turn += 1) await settle()
  }
  return { announcer, clock, told, dht, fill, advance }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve()
}

describe('Announcer', () => {
  it('tells the rarest first, and all again before the records end', async (t) => {
    const { announcer, told, advance } = rig(t, { 'g/many': 3, 'g/one': 1, 'g/two': 2 })
    announcer.start()
    await advance(QUIET_MS)
    assert.deepEqual(told.splice(0), ['g/one', 'g/two', 'g/many'])
    announcer.changed()
    await advance(QUIET_MS)
    assert.deepEqual(told, [])
    for (let ms = 0; ms < REPROVIDE_INTERVAL_MS + 2 * CHECK_INTERVAL_MS; ms += CHECK_INTERVAL_MS) {
      await advance(CHECK_INTERVAL_MS)
    }
    assert.deepEqual(told, ['g/one', 'g/two', 'g/many'])
  })

  for (const event of ['stored', 'changed'] as const) {
    it(`keeps due what nobody took, and tells it when ${event}() is called`, async (t) => {
      const { announcer, told, dht, advance } = rig(t, { 'g/a': 1, 'g/b': 1, 'g/c': 1, 'g/d': 1 })
      dht.isUp = (project) => project < 'g/c'
      announcer.start()
      await advance(QUIET_MS)
      assert.deepEqual(told.splice(0), ['g/a', 'g/b'])
      dht.isUp = () => true
      await advance(QUIET_MS)
      assert.deepEqual(told, [])
      announcer[event]()
      await advance(QUIET_MS)
      assert.deepEqual(told, ['g/c', 'g/d'])
    })
  }

  it('tells DAILY_BUDGET in a day, and no more', async (t) => {
    const projects = Array.from(
      { length: DAILY_BUDGET + 5 },
      (_, at) => [`g/p${String(at)}`, 1] as const,
    )
    const { announcer, told, advance } = rig(t, Object.fromEntries(projects))
    announcer.start()
    await advance(QUIET_MS)
    assert.equal(told.length, DAILY_BUDGET)
  })

  it('waits until nothing was stored for a while, and no longer than the hourly look', async (t) => {
    const { announcer, told, advance } = rig(t, { 'g/a': 1 })
    announcer.start()
    let waitedMs = 0
    for (; told.length === 0 && waitedMs < 2 * CHECK_INTERVAL_MS; waitedMs += QUIET_MS - 1) {
      announcer.stored()
      await advance(QUIET_MS - 1)
    }
    assert.deepEqual(told, ['g/a'])
    assert.ok(waitedMs >= CHECK_INTERVAL_MS, `told after ${String(waitedMs)} ms`)
  })

  it('waits no longer because something else changed', async (t) => {
    const { announcer, told, advance } = rig(t, { 'g/a': 1 })
    announcer.start()
    await advance(QUIET_MS - 1)
    announcer.stored()
    for (const ms of [QUIET_MS - 2, 1]) {
      await advance(ms)
      assert.deepEqual(told, [])
      announcer.changed()
    }
    await advance(1)
    assert.deepEqual(told, ['g/a'])
  })

  it('waits for the end of a fill', async (t) => {
    const { announcer, told, fill, advance } = rig(t, { 'g/a': 1 })
    fill.isUnderWay = true
    announcer.start()
    await advance(QUIET_MS)
    await advance(QUIET_MS)
    assert.deepEqual(told, [])
    fill.isUnderWay = false
    await advance(QUIET_MS)
    assert.deepEqual(told, ['g/a'])
  })

  it('waits for the end of a fill no longer than the hourly look', async (t) => {
    const { announcer, told, fill, advance } = rig(t, { 'g/a': 1 })
    fill.isUnderWay = true
    announcer.start()
    await advance(CHECK_INTERVAL_MS - 1)
    assert.deepEqual(told, [])
    await advance(1)
    assert.deepEqual(told, ['g/a'])
  })

  it('tells nothing when it is switched off', async (t) => {
    const { announcer, told, advance } = rig(t, { 'g/a': 1 }, false)
    announcer.start()
    announcer.stored()
    await advance(QUIET_MS)
    assert.deepEqual(told, [])
  })
})
