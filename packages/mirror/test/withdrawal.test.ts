import { formatWithdrawalBatch, MAX_WITHDRAWALS_PER_DAY, sha256 } from '@jarswarm/manifest'
import { TEST_NOW_MS } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { PURGE_CHECK_MS } from '../src/withdrawal/withdrawal-watch.ts'
import { JAR, POM, Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const MALWARE = 'malware: steals keys'
const DAY_MS = 86_400_000

/** A repository of so many files more, and a node that holds everything. */
async function createSwarm(t: TestContext, files = 0) {
  const rig = new Rig(t)
  for (let n = 0; n < files; n += 1)
    rig.builder.put(`a/f${String(n)}/1/f-1.jar`, `file ${String(n)}`)
  if (files > 0) rig.builder.publish()
  const full = await rig.fullNode()
  return { rig, full }
}

const blobOf = (node: Node, rig: Rig, digest: string): Promise<Uint8Array | undefined> =>
  rig.wait(node.mirror.readBlob(rig.builder.id, digest, { offset: 0, length: 5 }))

/** Withdraw files whose numbers lie in a range. */
function withdraw(rig: Rig, [from, to]: [number, number], nowMs = rig.clock.now()): void {
  for (let n = from; n < to; n += 1) rig.builder.remove(`a/f${String(n)}/1/f-1.jar`, 'legal')
  rig.builder.publish({ nowMs })
}

describe('a withdrawn file', () => {
  it('is not to be had any more, and its reason is known', async (t) => {
    const { rig, full } = await createSwarm(t)
    const { digest } = rig.builder.entry(JAR)
    const other = await rig.node()
    await rig.fetch(other, JAR)
    const entry = rig.builder.entry(JAR)
    assert.ok(await blobOf(full, rig, digest))
    rig.builder.remove(JAR, MALWARE).publish()
    await rig.refresh(full)
    await rig.refresh(other)
    for (const node of [full, other]) {
      assert.deepEqual(await rig.resolve(node, JAR), {
        kind: 'withdrawn',
        digest,
        reason: MALWARE,
        issuedSeconds: TEST_NOW_MS / 1000,
      })
      assert.equal(await blobOf(node, rig, digest), undefined)
      await assert.rejects(node.repository.open(entry, {}), /withdrawn/)
      await assert.rejects(node.repository.store(entry, {}), /withdrawn/)
      assert.equal((await rig.resolve(node, POM)).kind, 'artifact')
    }
  })

  it('is known to a newcomer without the history', async (t) => {
    const { rig } = await createSwarm(t)
    rig.builder.remove(JAR, MALWARE).publish()
    rig.builder.put('org/more/1/more-1.jar', 'x').publish()
    const newcomer = await rig.node({ syncIndex: false })
    assert.equal((await rig.resolve(newcomer, JAR)).kind, 'withdrawn')
  })

  it('is withdrawn after a restart, and without anybody to ask', async (t) => {
    const { rig, full } = await createSwarm(t)
    rig.builder.remove(JAR, MALWARE).publish()
    await rig.refresh(full)
    await full.stop()
    const again = await rig.node({ stores: full.stores, offline: true })
    assert.equal((await rig.resolve(again, JAR)).kind, 'withdrawn')
    assert.equal(again.repository.status().withdrawn?.count, 1)
  })

  it('leaves the blob to another path that has it', async (t) => {
    const { rig } = await createSwarm(t)
    const twin = 'org/example/twin/1.0/twin-1.0.jar'
    rig.builder.put(twin, 'a jar').publish()
    const full = await rig.fullNode()
    const { digest } = rig.builder.entry(JAR)
    rig.builder.remove(JAR, 'legal').publish()
    await rig.refresh(full)
    await rig.until(() => full.mirror.sources()[0]?.holds(digest) === true)
    assert.ok(await blobOf(full, rig, digest))
    assert.equal(await rig.fetch(full, twin), 'store')
  })

  it('comes back when it is restored', async (t) => {
    const { rig, full } = await createSwarm(t)
    rig.builder.remove(JAR, 'legal').publish()
    await rig.refresh(full)
    assert.equal((await rig.resolve(full, JAR)).kind, 'withdrawn')
    rig.builder.put(JAR, 'a jar').publish()
    await rig.refresh(full)
    assert.equal((await rig.resolve(full, JAR)).kind, 'artifact')
    await rig.until(() => full.mirror.sources()[0]?.holds(rig.builder.entry(JAR).digest) === true)
    assert.equal(full.repository.status().withdrawn?.count, 0)
  })

  it('is told of to whoever had it', async (t) => {
    const { rig, full } = await createSwarm(t)
    full.stores.served.note(JAR, TEST_NOW_MS)
    full.stores.served.note(JAR, TEST_NOW_MS + 5_000)
    rig.builder.remove(POM, 'legal').remove(JAR, MALWARE).publish()
    await rig.refresh(full)
    const servedAt = { first: '2026-11-22T20:00:00.000Z', last: '2026-11-22T20:00:05.000Z' }
    await rig.until(() => full.repository.status().withdrawn?.count === 2)
    await rig.until(() => full.repository.status().withdrawn?.files[0]?.path === JAR)
    const [first, second] = full.repository.status().withdrawn?.files ?? []
    assert.deepEqual([first?.reason, first?.servedAt], [MALWARE, servedAt])
    assert.deepEqual([second?.path, second?.servedAt], [POM, null])
    const warning = full.logger.lines.find(({ message }) => /a build got/.test(message))
    assert.equal(warning?.level, 'warn')
  })

  it('leaves the disk after 30 days of two clocks', async (t) => {
    const { rig, full } = await createSwarm(t)
    const { digest } = rig.builder.entry(JAR)
    rig.builder.remove(JAR, MALWARE).publish()
    await rig.refresh(full)
    const has = () => full.stores.blobs.has(digest)
    const pass = async (): Promise<void> => {
      rig.clock.advance(PURGE_CHECK_MS * 2)
      await rig.wait(full.repository.lookForNewerHead({}))
    }
    // This machine's clock alone is not believed.
    rig.clock.advance(31 * DAY_MS)
    await pass()
    assert.equal(await has(), true)
    await full.stop()
    const again = await rig.node({ stores: full.stores })
    rig.builder.resign(TEST_NOW_MS + 29 * DAY_MS)
    rig.clock.advance(11_000)
    await rig.wait(again.repository.lookForNewerHead({}))
    rig.clock.advance(PURGE_CHECK_MS * 2)
    assert.equal(await has(), true)
    rig.builder.resign(TEST_NOW_MS + 30 * DAY_MS)
    rig.clock.advance(11_000)
    await rig.wait(again.repository.lookForNewerHead({}))
    rig.clock.advance(PURGE_CHECK_MS * 2)
    let gone = false
    again.stores.blobs.onChange(({ kind }) => {
      gone ||= kind === 'removed'
    })
    await rig.until(() => gone)
    assert.equal(await has(), false)
  })

  it("is not purged by the publisher's clock alone", async (t) => {
    const { rig, full } = await createSwarm(t)
    const { digest } = rig.builder.entry(JAR)
    rig.builder.remove(JAR, MALWARE).publish()
    await rig.refresh(full)
    rig.builder.resign(TEST_NOW_MS + 60 * DAY_MS)
    rig.clock.advance(11_000)
    await rig.wait(full.repository.lookForNewerHead({}))
    rig.clock.advance(PURGE_CHECK_MS * 2)
    await rig.wait(full.repository.lookForNewerHead({}))
    assert.equal(await full.stores.blobs.has(digest), true)
  })
})

describe('more withdrawals than the online keys may make', () => {
  it('are held back with all that came with them, and served on, until a root allows them', async (t) => {
    const { rig, full } = await createSwarm(t, 101)
    const batch = Array.from({ length: 101 }, (_, n) => {
      const { path, digest } = rig.builder.entry(`a/f${String(n)}/1/f-1.jar`)
      return { path, digest, reason: 'legal' }
    })
    withdraw(rig, [0, 101])
    const { head } = rig.builder.state ?? {}
    rig.clock.advance(11_000)
    await rig.wait(full.repository.lookForNewerHead({}))
    await rig.until(() => full.repository.status().history?.heldBack?.seq === head?.seq)
    await rig.until(() =>
      /101 within 24 hours/.test(full.repository.status().history?.heldBack?.reason ?? ''),
    )
    assert.equal(full.repository.status().history?.heldBack?.refused, false)
    assert.equal((await rig.resolve(full, 'a/f7/1/f-1.jar')).kind, 'artifact')
    const answer = await rig.resolve(full, 'a/none.jar')
    assert.ok(answer.kind === 'unknown' && /holders of the root/.test(answer.reason))
    assert.ok(
      full.logger.lines.some(({ level, message }) => level === 'warn' && /held back/.test(message)),
    )
    // Nor does it help to wait, or to start anew.
    await full.stop()
    rig.clock.advance(3 * DAY_MS)
    const again = await rig.node({ stores: full.stores })
    assert.equal((await rig.resolve(again, 'a/f7/1/f-1.jar')).kind, 'artifact')
    const newcomer = await rig.node()
    await rig.until(() =>
      /101 within/.test(newcomer.repository.status().history?.heldBack?.reason ?? ''),
    )

    rig.builder.nextRoot({ withdrawals: [sha256(formatWithdrawalBatch(batch))] })
    rig.builder.publish({ nowMs: rig.clock.now() })
    for (const node of [again, newcomer]) {
      rig.clock.advance(11_000)
      await rig.wait(node.repository.lookForNewerHead({}))
      await rig.until(() => node.repository.status().history?.heldBack === null)
      assert.equal((await rig.resolve(node, 'a/f7/1/f-1.jar')).kind, 'withdrawn')
    }
  })

  it('are counted over heads, and by a time that can be true', async (t) => {
    const { rig, full } = await createSwarm(t, 201)
    withdraw(rig, [0, 60])
    await rig.refresh(full)
    rig.builder.resign(rig.clock.now())
    rig.clock.advance(11_000)
    await rig.wait(full.repository.lookForNewerHead({}))
    // It says that a day has passed, but the timestamp and the clock here say otherwise.
    withdraw(rig, [60, 101], rig.clock.now() + 2 * DAY_MS)
    rig.clock.advance(11_000)
    await rig.wait(full.repository.lookForNewerHead({}))
    await rig.until(() =>
      /101 within/.test(full.repository.status().history?.heldBack?.reason ?? ''),
    )
    assert.equal((await rig.resolve(full, 'a/f100/1/f-1.jar')).kind, 'artifact')
    assert.equal((await rig.resolve(full, 'a/f1/1/f-1.jar')).kind, 'withdrawn')
  })

  it('are none with MAX_WITHDRAWALS_PER_DAY, when a day lies between', async (t) => {
    const { rig, full } = await createSwarm(t, 201)
    withdraw(rig, [0, MAX_WITHDRAWALS_PER_DAY])
    await rig.refresh(full)
    rig.clock.advance(DAY_MS)
    withdraw(rig, [MAX_WITHDRAWALS_PER_DAY, 2 * MAX_WITHDRAWALS_PER_DAY])
    await rig.refresh(full)
    assert.equal((await rig.resolve(full, 'a/f199/1/f-1.jar')).kind, 'withdrawn')
  })
})

describe('a list of withdrawals', () => {
  it('that is not what the history says is refused with its head', async (t) => {
    const { rig, full } = await createSwarm(t)
    rig.builder.remove(JAR, MALWARE).publish({ withdrawals: 'hidden' })
    rig.clock.advance(11_000)
    await rig.wait(full.repository.lookForNewerHead({}))
    await rig.until(() => full.repository.status().history?.heldBack?.refused === true)
    assert.match(
      full.repository.status().history?.heldBack?.reason ?? '',
      /not withdrawn as the history says/,
    )
    assert.equal((await rig.resolve(full, JAR)).kind, 'artifact')
  })
})
