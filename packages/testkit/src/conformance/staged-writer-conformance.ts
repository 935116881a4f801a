import { sha256 } from '@jarswarm/manifest'
import { DigestMismatchError, NoSpaceError } from '@jarswarm/ports'
import type { BlobStore } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { it } from 'node:test'

const A = new Uint8Array(300).fill(1)
const OTHER = sha256(new Uint8Array(300).fill(2))

/** What a blob store of 1 000 bytes must do with blobs that are named at their end. */
export function testStagedWriters(store: () => BlobStore): void {
  it('names a staged blob at its end', async () => {
    const writer = await store().createStagedWriter(A.length)
    await writer.write(0, A)
    assert.deepEqual([...(await writer.read({ offset: 299, length: 1 }))], [1])
    await writer.commit(sha256(A))
    assert.deepEqual([...((await store().read(sha256(A))) ?? [])], [...A])
    assert.equal(store().usage().bytes, 300)
  })

  it('refuses a name that a staged blob does not have, and keeps nothing', async () => {
    const writer = await store().createStagedWriter(A.length)
    await writer.write(0, A)
    await assert.rejects(writer.commit(OTHER), DigestMismatchError)
    assert.equal(await store().has(OTHER), false)
    assert.equal(store().usage().bytes, 0)
  })

  it('reserves the size of a staged blob until it ends', async () => {
    await assert.rejects(store().createStagedWriter(1_001), NoSpaceError)
    const writer = await store().createStagedWriter(900)
    await assert.rejects(store().put(sha256(A), A), NoSpaceError)
    await writer.abort()
    await store().put(sha256(A), A)
  })
}
