import { sha256 } from '@jarswarm/manifest'
import type { Tile } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { AcceptedHead, AcceptedStep, GoneRelease, HistoryStore } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'

/** A history store under test. */
export interface HistoryStoreFixture {
  readonly store: HistoryStore
  /** That of another repository, beside it. */
  readonly other: HistoryStore
  close(): Promise<void>
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const JAR = parsePath('org/example/lib/1.0/lib-1.0.jar')
const LEFT: GoneRelease = { path: JAR, digest: sha256(bytesOf('jar')), sizeBytes: 3, line: 7 }

function headOf(seq: number): AcceptedHead {
  return { seq, issued: '2026-01-01T00:00:00Z', size: seq * 2, root: sha256(bytesOf(String(seq))) }
}

function stepOf(seq: number, more: Partial<AcceptedStep> = {}): AcceptedStep {
  const manifest = bytesOf(`manifest ${String(seq)}`)
  return { manifest, head: headOf(seq), gone: [], replayed: false, ...more }
}

async function headsOf(store: HistoryStore): Promise<readonly AcceptedHead[]> {
  const heads: AcceptedHead[] = []
  for await (const head of store.heads()) heads.push(head)
  return heads
}

/** Heads that the stores under test remember. */
const MAX_HEADS = 5

/** What every history store must do. `create` opens empty ones that remember `maxHeads` heads. */
export function historyStoreConformance(
  name: string,
  create: (init: { readonly maxHeads: number }) => Promise<HistoryStoreFixture>,
): void {
  describe(`${name} as HistoryStore`, () => {
    let fixture: HistoryStoreFixture
    beforeEach(async () => {
      fixture = await create({ maxHeads: MAX_HEADS })
    })
    afterEach(() => fixture.close())
    keepsTiles(() => fixture)
    keepsSteps(() => fixture)
  })
}

function keepsTiles(fixture: () => HistoryStoreFixture): void {
  const tile: Tile = { level: 0, index: 1_234_567, width: 2 }

  it('has no tile that was never written', async () => {
    const { store, other } = fixture()
    await other.writeTile(tile, bytesOf('ab'))
    await store.writeTile({ ...tile, level: 1 }, bytesOf('ab'))
    await store.writeTile({ ...tile, level: 'entries' }, bytesOf('ab'))
    await store.writeTile({ ...tile, index: 1_234_568 }, bytesOf('ab'))
    assert.equal(await store.readTile(tile), undefined)
  })

  it('gives the widest tile that was written, whatever came when', async () => {
    const { store } = fixture()
    for (const [width, text] of [
      [2, 'ab'],
      [256, 'whole'],
      [3, 'abc'],
      [256, 'other'],
    ] as const) {
      await store.writeTile({ ...tile, width }, bytesOf(text))
    }
    const { width, bytes } = (await store.readTile(tile)) ?? {}
    assert.deepEqual([width, [...(bytes ?? [])]], [256, [...bytesOf('whole')]])
  })

  it('keeps the widest of tiles that are written at once', async () => {
    const { store } = fixture()
    await Promise.all(
      [1, 5, 3].map((width) => store.writeTile({ ...tile, width }, bytesOf(String(width)))),
    )
    assert.equal((await store.readTile(tile))?.width, 5)
  })
}

function keepsSteps(fixture: () => HistoryStoreFixture): void {
  it('knows no step, no head and no release at first', async () => {
    const { store, other } = fixture()
    await other.accept(stepOf(1, { gone: [LEFT] }))
    assert.equal(await store.lastStep(), undefined)
    assert.deepEqual(await headsOf(store), [])
    assert.equal(await store.gone(JAR), undefined)
  })

  it('knows the last step, all heads in order, and what left with any of them', async () => {
    const { store } = fixture()
    await store.accept(stepOf(2, { gone: [LEFT] }))
    await store.accept(stepOf(10))
    await store.accept(stepOf(9, { replayed: true }))
    const { manifest, head, replayed } = (await store.lastStep()) ?? {}
    assert.deepEqual(
      { manifest: [...(manifest ?? [])], head, replayed },
      { manifest: [...bytesOf('manifest 9')], head: headOf(9), replayed: true },
    )
    assert.deepEqual(await headsOf(store), [2, 9, 10].map(headOf))
    assert.deepEqual(await store.gone(JAR), LEFT)
  })

  it('takes a head again, with what is known of it now', async () => {
    const { store } = fixture()
    await store.accept(stepOf(1))
    await store.accept(stepOf(1, { replayed: true }))
    assert.equal((await store.lastStep())?.replayed, true)
    assert.deepEqual(await headsOf(store), [headOf(1)])
  })

  it('knows the head that the last step was not shown to continue, until a step has none', async () => {
    const { store } = fixture()
    await store.accept(stepOf(1, { unproven: bytesOf('before') }))
    assert.deepEqual(Buffer.from((await store.lastStep())?.unproven ?? []).toString(), 'before')
    await store.accept(stepOf(2))
    assert.equal((await store.lastStep())?.unproven, undefined)
  })

  it('tells of the last removal of a release', async () => {
    const { store } = fixture()
    await store.accept(stepOf(1, { gone: [LEFT] }))
    await store.accept(stepOf(2, { gone: [{ ...LEFT, line: 9 }] }))
    assert.equal((await store.gone(JAR))?.line, 9)
  })

  it('lets go of the oldest heads', async () => {
    const { store } = fixture()
    for (let seq = 1; seq <= MAX_HEADS + 2; seq += 1) await store.accept(stepOf(seq))
    assert.deepEqual(await headsOf(store), [3, 4, 5, 6, 7].map(headOf))
    await store.accept(stepOf(MAX_HEADS + 2, { replayed: true }))
    assert.deepEqual(await headsOf(store), [3, 4, 5, 6, 7].map(headOf), 'none is new')
  })
}
