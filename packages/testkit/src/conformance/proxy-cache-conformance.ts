import { sha256 } from '@jarswarm/manifest'
import { parsePath } from '@jarswarm/maven'
import type { ProxyCache, ProxyRecord } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { collect } from './collect.ts'

/** A proxy cache under test, and another of the same store. */
export interface ProxyCacheFixture {
  readonly cache: ProxyCache
  readonly other: ProxyCache
  close(): Promise<void>
}

function record(path: string, more: Partial<ProxyRecord> = {}): ProxyRecord {
  return {
    path: parsePath(path),
    digest: sha256(new TextEncoder().encode(path)),
    sha1: 'a'.repeat(40),
    sizeBytes: 5,
    mtimeSeconds: 1_700_000_000,
    checksum: 'sha512',
    fetchedAtMs: 1_800_000_000_000,
    ...more,
  }
}

/** What every proxy cache must do. `create` opens an empty one. */
export function proxyCacheConformance(
  name: string,
  create: () => Promise<ProxyCacheFixture>,
): void {
  describe(`${name} as ProxyCache`, () => {
    let fixture: ProxyCacheFixture
    let cache: ProxyCache
    beforeEach(async () => {
      fixture = await create()
      cache = fixture.cache
    })
    afterEach(() => fixture.close())

    it('knows nothing of what was never put', async () => {
      assert.equal(await cache.get(parsePath('a/b')), undefined)
      await cache.delete([parsePath('a/b')])
      assert.deepEqual(await collect(cache.list('')), [])
    })

    it('gives back what was put last, and nothing once it is deleted', async () => {
      const first = record('a/b-1+x.jar')
      await cache.put(first)
      assert.deepEqual(await cache.get(first.path), first)
      const second = record('a/b-1+x.jar', {
        etag: 'W/"x"',
        checksum: 'md5',
        pieceList: 'f'.repeat(64),
      })
      await cache.put(second)
      assert.deepEqual(await cache.get(first.path), second)
      await cache.delete([first.path])
      assert.equal(await cache.get(first.path), undefined)
    })

    it('lists by prefix, in the order of the paths', async () => {
      const paths = ['a/c', 'a/b/d', 'ab/c', 'a', 'b', 'a/~', 'a/B']
      for (const path of paths) await cache.put(record(path))
      const listed = async (prefix: string): Promise<readonly string[]> =>
        (await collect(cache.list(prefix))).map(({ path }) => path)
      assert.deepEqual(await listed(''), [...paths].sort())
      assert.deepEqual(await listed('a/'), ['a/B', 'a/b/d', 'a/c', 'a/~'])
      assert.deepEqual(await listed('c'), [])
    })

    it('keeps repositories apart', async () => {
      await cache.put(record('a/b'))
      assert.equal(await fixture.other.get(parsePath('a/b')), undefined)
      assert.deepEqual(await collect(fixture.other.list('')), [])
    })
  })
}
