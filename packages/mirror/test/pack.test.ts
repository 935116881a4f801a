import { formatPack, MAX_OBJECT_BYTES, sha256 } from '@jarswarm/manifest'
import type { Head } from '@jarswarm/manifest'
import type { IndexStore, NamedObject } from '@jarswarm/ports'
import { RecordingLogger } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { fetchPack } from '../src/index-tree/pack.ts'
import type { UpstreamSet } from '../src/upstreams/upstream-set.ts'

/** Fetch a pack of these bytes from an upstream that has it. */
async function fetched(
  bytes: Uint8Array,
  putObjects: (batch: readonly NamedObject[]) => Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly string[]> {
  const upstream = {
    health: () => ({ healthy: true }),
    readPublished: () => Promise.resolve(bytes),
  }
  const upstreams = { rankedPublishers: () => [{ upstream }] } as unknown as UpstreamSet
  const logger = new RecordingLogger()
  const index = { putObjects } as unknown as IndexStore
  const pack = { digest: sha256(bytes), sizeBytes: bytes.length }
  await fetchPack({ index, upstreams, logger }, { pack } as Head, signal)
  return logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
}

const objects = (count: number, length: number): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => new Uint8Array(length).fill(n))

describe('fetchPack', () => {
  it('stores each object under its digest, in batches of at most 512 and about 1 MiB', async () => {
    for (const all of [objects(1_100, 10), objects(5, MAX_OBJECT_BYTES)]) {
      const batches: (readonly NamedObject[])[] = []
      const warnings = await fetched(zstdCompressSync(formatPack(all)), (batch) => {
        batches.push(batch)
        return Promise.resolve()
      })
      assert.deepEqual(warnings, [])
      assert.deepEqual(
        batches.flat().map(({ digest }) => digest),
        all.map((object) => sha256(object)),
      )
      for (const batch of batches) {
        assert.ok(batch.length <= 512)
        const before = batch.slice(0, -1).reduce((sum, { bytes }) => sum + bytes.length, 0)
        assert.ok(before < 1024 * 1024)
      }
    }
  })

  const none = (): Promise<void> => Promise.resolve()
  const malformed = Buffer.concat([formatPack(objects(3, 10)), Buffer.alloc(4)])
  for (const [what, bytes, put] of [
    ['is not compressed', Buffer.from('no zstd'), none],
    ['ends early', zstdCompressSync(formatPack(objects(600, 999))).subarray(0, -9), none],
    ['is malformed', zstdCompressSync(malformed), none],
    [
      'the disk refuses',
      zstdCompressSync(formatPack(objects(1_100, 10))),
      () => Promise.reject(new Error('full')),
    ],
  ] as const) {
    it(`goes on without a pack that ${what}`, async () => {
      assert.deepEqual(await fetched(bytes, put), ['pack could not be used'])
    })
  }

  it('ends between two batches when it is no longer wanted', async () => {
    const controller = new AbortController()
    let batches = 0
    const fetching = fetched(
      zstdCompressSync(formatPack(objects(1_100, 10))),
      () => {
        batches += 1
        controller.abort(new Error('not wanted'))
        return Promise.resolve()
      },
      controller.signal,
    )
    await assert.rejects(fetching, /not wanted/)
    assert.equal(batches, 1)
  })
})
