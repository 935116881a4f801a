import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { DigestMismatchError, NoSpaceError } from '@jarswarm/ports'
import type { BlobChange, BlobStat, BlobStore } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { collect } from './collect.ts'
import { testStagedWriters } from './staged-writer-conformance.ts'

/** A blob store under test. */
export interface BlobStoreFixture {
  readonly store: BlobStore
  /** Let an hour pass, so that uses before and after it are told apart. */
  passHour(): void
  /** Flip a bit of a stored blob behind the store's back. */
  corrupt(digest: Digest): Promise<void>
  close(): Promise<void>
}

const QUOTA_BYTES = 1_000

/** A blob of a size whose bytes all have the value `seed`. */
function blob(seed: number, sizeBytes = 300): { digest: Digest; bytes: Uint8Array } {
  const bytes = new Uint8Array(sizeBytes).fill(seed)
  return { digest: sha256(bytes), bytes }
}

const [A, B, C, D] = [blob(1), blob(2), blob(3), blob(4)] as const
const ABSENT = blob(9)
const BAD_DIGESTS = ['', '../../../etc/passwd', A.digest.toUpperCase(), `${A.digest}0`]

/** What every blob store must do. `create` opens an empty one with the given quota. */
export function blobStoreConformance(
  name: string,
  create: (init: { readonly quotaBytes: number }) => Promise<BlobStoreFixture>,
): void {
  describe(`${name} as BlobStore`, () => {
    let fixture: BlobStoreFixture
    let store: BlobStore
    beforeEach(async () => {
      fixture = await create({ quotaBytes: QUOTA_BYTES })
      store = fixture.store
    })
    afterEach(() => fixture.close())

    const current = (): BlobStore => store
    testReading(current)
    testPutting(current)
    testWriters(current)
    testStagedWriters(current)
    const passHour = (): void => {
      fixture.passHour()
    }
    testEviction(current, passHour)
    testKeeping(current, passHour)
    testCheck(current, (digest) => fixture.corrupt(digest))
  })
}

function testReading(store: () => BlobStore): void {
  it('knows nothing of what was never stored', async () => {
    assert.equal(await store().has(ABSENT.digest), false)
    assert.equal(await store().stat(ABSENT.digest), undefined)
    assert.equal(await store().read(ABSENT.digest), undefined)
    await store().delete(ABSENT.digest)
  })

  it('reads back what was put, whole and in part', async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, at) => at % 251)
    const digest = sha256(bytes)
    await store().put(digest, bytes)
    assert.equal(await store().has(digest), true)
    assert.deepEqual(await store().stat(digest), { digest, sizeBytes: 300 })
    assert.deepEqual(plain(await store().read(digest)), [...bytes])
    const part = await store().read(digest, { offset: 250, length: 50 })
    assert.deepEqual(plain(part), [...bytes.subarray(250)])
    assert.deepEqual(plain(await store().read(digest, { offset: 300, length: 0 })), [])
  })

  it('stores the empty blob', async () => {
    const empty = blob(0, 0)
    await store().put(empty.digest, empty.bytes)
    assert.deepEqual(plain(await store().read(empty.digest)), [])
  })

  it('refuses a range that leaves the blob', async () => {
    await store().put(A.digest, A.bytes)
    for (const range of [
      { offset: 0, length: 301 },
      { offset: 301, length: 0 },
      { offset: -1, length: 1 },
      { offset: 0, length: -1 },
      { offset: 0.5, length: 1 },
    ]) {
      await assert.rejects(store().read(A.digest, range), RangeError)
    }
  })

  it('refuses what is no digest before it touches anything', async () => {
    for (const bad of BAD_DIGESTS) {
      await assert.rejects(store().has(bad), TypeError)
      await assert.rejects(store().stat(bad), TypeError)
      await assert.rejects(store().read(bad), TypeError)
      await assert.rejects(store().put(bad, A.bytes), TypeError)
      await assert.rejects(store().createWriter({ digest: bad, sizeBytes: 1 }), TypeError)
      await assert.rejects(store().delete(bad), TypeError)
      assert.throws(() => store().hold(bad), TypeError)
    }
  })

  it('lists blobs in ascending order', async () => {
    for (const { digest, bytes } of [A, B, C]) await store().put(digest, bytes)
    const wanted = [A, B, C].map(({ digest }) => digest).sort()
    assert.deepEqual(
      (await listed(store())).map(({ digest }) => digest),
      wanted,
    )
  })
}

function testPutting(store: () => BlobStore): void {
  it('counts what it holds and tells of changes', async () => {
    const changes: BlobChange[] = []
    const unsubscribe = store().onChange((change) => changes.push(change))
    await store().put(A.digest, A.bytes)
    await store().put(A.digest, A.bytes)
    assert.deepEqual(store().usage(), { blobs: 1, bytes: 300, quotaBytes: QUOTA_BYTES })
    await store().delete(A.digest)
    assert.deepEqual(store().usage(), { blobs: 0, bytes: 0, quotaBytes: QUOTA_BYTES })
    assert.deepEqual(changes, [
      { kind: 'added', digest: A.digest },
      { kind: 'removed', digest: A.digest },
    ])
    unsubscribe()
    await store().put(A.digest, A.bytes)
    assert.equal(changes.length, 2)
  })

  it('stores a blob once when many put it at the same time', async () => {
    const changes: BlobChange[] = []
    store().onChange((change) => changes.push(change))
    await Promise.all([1, 2, 3].map(() => store().put(A.digest, A.bytes)))
    assert.equal(store().usage().blobs, 1)
    assert.equal(changes.length, 1)
  })

  it('refuses bytes that do not match, and keeps nothing', async () => {
    await assert.rejects(store().put(A.digest, B.bytes), DigestMismatchError)
    assert.equal(await store().has(A.digest), false)
    assert.equal(store().usage().bytes, 0)
  })

  it('does not begin once the signal is aborted', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(store().put(A.digest, A.bytes, { signal }), reason)
    const stat = { digest: A.digest, sizeBytes: 300 }
    await assert.rejects(store().createWriter(stat, { signal }), reason)
    assert.equal(await store().has(A.digest), false)
  })
}

function testWriters(store: () => BlobStore): void {
  const stat = { digest: A.digest, sizeBytes: A.bytes.length }

  it('puts parts together that come in any order', async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, at) => at % 251)
    const writer = await store().createWriter({ digest: sha256(bytes), sizeBytes: 300 })
    await writer.write(200, bytes.subarray(200))
    assert.deepEqual(plain(await writer.read({ offset: 250, length: 50 })), [
      ...bytes.subarray(250),
    ])
    await writer.write(0, bytes.subarray(0, 200))
    assert.equal(await store().has(sha256(bytes)), false)
    await writer.commit()
    assert.deepEqual(plain(await store().read(sha256(bytes))), [...bytes])
    await writer.abort()
    assert.equal(await store().has(sha256(bytes)), true)
  })

  it('refuses to commit what does not match, and keeps nothing', async () => {
    const writer = await store().createWriter(stat)
    await writer.write(0, A.bytes.subarray(0, 299))
    await assert.rejects(writer.commit(), DigestMismatchError)
    assert.equal(await store().has(A.digest), false)
    await assert.rejects(writer.write(0, A.bytes), TypeError)
    await store().put(A.digest, A.bytes)
  })

  it('refuses parts outside the blob, and use after the end', async () => {
    const writer = await store().createWriter(stat)
    await assert.rejects(writer.write(1, A.bytes), RangeError)
    await assert.rejects(writer.write(-1, A.bytes.subarray(0, 1)), RangeError)
    await assert.rejects(writer.read({ offset: 300, length: 1 }), RangeError)
    await writer.abort()
    await writer.abort()
    await assert.rejects(writer.write(0, A.bytes), TypeError)
    await assert.rejects(writer.read({ offset: 0, length: 1 }), TypeError)
    await assert.rejects(writer.commit(), TypeError)
  })

  it('reserves the size until the writer ends', async () => {
    const writer = await store().createWriter({ digest: ABSENT.digest, sizeBytes: 900 })
    await assert.rejects(store().put(A.digest, A.bytes), NoSpaceError)
    await writer.abort()
    await store().put(A.digest, A.bytes)
  })
}

function testEviction(store: () => BlobStore, passHour: () => void): void {
  const putAll = (...blobs: (typeof A)[]): Promise<void> => putSpaced(store(), blobs, passHour)
  const held = (): Promise<boolean[]> => whichAreHeld(store())

  it('evicts what was not used longest', async () => {
    await putAll(A, B, C)
    await store().read(A.digest)
    passHour()
    await putAll(D)
    assert.deepEqual(await held(), [true, false, true, true])
    assert.equal(store().usage().bytes, 900)
  })

  it('does not take a question for a use', async () => {
    await putAll(A, B, C)
    await store().has(A.digest)
    await store().stat(A.digest)
    passHour()
    await putAll(D)
    assert.deepEqual(await held(), [false, true, true, true])
  })

  it('refuses what cannot fit, and evicts nothing in vain', async () => {
    await store().put(A.digest, A.bytes, { pinned: true })
    await store().put(B.digest, B.bytes)
    const large = blob(5, 800)
    await assert.rejects(store().put(large.digest, large.bytes), NoSpaceError)
    const huge = blob(6, QUOTA_BYTES + 1)
    await assert.rejects(store().put(huge.digest, huge.bytes), NoSpaceError)
    await assert.rejects(store().createWriter({ ...huge, sizeBytes: 1_001 }), NoSpaceError)
    assert.deepEqual(await held(), [true, true, false, false])
  })
}

function testKeeping(store: () => BlobStore, passHour: () => void): void {
  const putAll = (...blobs: (typeof A)[]): Promise<void> => putSpaced(store(), blobs, passHour)
  const held = (): Promise<boolean[]> => whichAreHeld(store())

  it('never evicts pinned or held blobs', async () => {
    await store().put(A.digest, A.bytes, { pinned: true })
    passHour()
    await putAll(B, C)
    const hold = store().hold(B.digest)
    await putAll(D)
    assert.deepEqual(await held(), [true, true, false, true])
    hold.release()
    hold.release()
    await putAll(C)
    assert.deepEqual(await held(), [true, false, true, true])
  })

  it('keeps a hold until each holder has released it', async () => {
    await putAll(A, B, C)
    const [first, second] = [store().hold(A.digest), store().hold(A.digest)]
    first.release()
    await putAll(D)
    assert.deepEqual(await held(), [true, false, true, true])
    second.release()
  })

  it('pins a stored blob when it is put again as pinned, and never unpins it', async () => {
    await putAll(A, B)
    await store().put(A.digest, A.bytes, { pinned: true })
    await store().put(A.digest, A.bytes)
    passHour()
    await putAll(C, D)
    assert.deepEqual(await held(), [true, false, true, true])
  })

  it('pins a stored blob, and lets it go again', async () => {
    await putAll(A, B, C)
    for (const { digest } of [A, B, C]) assert.ok(await store().setPinned(digest, true))
    await assert.rejects(putAll(D), NoSpaceError)
    assert.ok(await store().setPinned(B.digest, false))
    await putAll(D)
    assert.equal(await store().setPinned(B.digest, true), false)
  })
}

function testCheck(store: () => BlobStore, corrupt: (digest: Digest) => Promise<void>): void {
  const findings = async (repair: boolean): Promise<string[]> => {
    const found: string[] = []
    for await (const { kind, digest } of store().check({ repair })) found.push(`${kind} ${digest}`)
    return found
  }

  it('finds a flipped bit, and with repair lets the blob be stored anew', async () => {
    await store().put(A.digest, A.bytes)
    await store().put(B.digest, B.bytes)
    assert.deepEqual(await findings(false), [])
    await corrupt(A.digest)
    assert.deepEqual(await findings(false), [`corrupt ${A.digest}`])
    assert.equal(await store().has(A.digest), true)
    const changes: BlobChange[] = []
    store().onChange((change) => changes.push(change))
    assert.deepEqual(await findings(true), [`corrupt ${A.digest}`])
    assert.deepEqual(changes, [{ kind: 'removed', digest: A.digest }])
    assert.equal(await store().has(A.digest), false)
    assert.deepEqual(await findings(false), [])
    await store().put(A.digest, A.bytes)
    assert.deepEqual(plain(await store().read(A.digest)), [...A.bytes])
  })

  it('ends the check with the signal', async () => {
    await store().put(A.digest, A.bytes)
    const reason = new Error('enough')
    const check = store().check({ signal: AbortSignal.abort(reason) })
    await assert.rejects(collect(check), reason)
  })
}

/** Put blobs in order, an hour apart. */
async function putSpaced(
  store: BlobStore,
  blobs: readonly (typeof A)[],
  passHour: () => void,
): Promise<void> {
  for (const { digest, bytes } of blobs) {
    await store.put(digest, bytes)
    passHour()
  }
}

function whichAreHeld(store: BlobStore): Promise<boolean[]> {
  return Promise.all([A, B, C, D].map(({ digest }) => store.has(digest)))
}

function listed(store: BlobStore): Promise<BlobStat[]> {
  return collect(store.list())
}

function plain(bytes: Uint8Array | undefined): number[] | undefined {
  return bytes && [...bytes]
}
