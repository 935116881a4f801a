import { sha256 } from '@jarswarm/manifest'
import type { TrustRecord, TrustStore } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'

/** A trust store under test. */
export interface TrustStoreFixture {
  readonly store: TrustStore
  close(): Promise<void>
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const REPOSITORY = sha256(bytesOf('1.root.json'))
const OTHER = sha256(bytesOf('another 1.root.json'))

/** A record that differs with each number, of `roots` roots. */
function record(number: number, roots = 1): TrustRecord {
  return {
    roots: Array.from({ length: roots }, (_, at) => bytesOf(`root ${String(at + 1)}`)),
    manifest: bytesOf(`manifest ${String(number)}`),
  }
}

/** What every trust store must do. `create` opens an empty one. */
export function trustStoreConformance(
  name: string,
  create: () => Promise<TrustStoreFixture>,
): void {
  describe(`${name} as TrustStore`, () => {
    let fixture: TrustStoreFixture
    beforeEach(async () => {
      fixture = await create()
    })
    afterEach(() => fixture.close())

    it('knows nothing of a repository that was never saved', async () => {
      await fixture.store.save(OTHER, record(1))
      assert.equal(await fixture.store.load(REPOSITORY), undefined)
    })

    it('loads what was saved last', async () => {
      for (const number of [1, 2, 3, 4, 5]) {
        await fixture.store.save(REPOSITORY, record(number, number))
        assert.deepEqual(await loaded(fixture.store), plain(record(number, number)))
      }
    })

    it('keeps a record without manifest', async () => {
      const first: TrustRecord = { roots: record(1).roots, manifest: undefined }
      await fixture.store.save(REPOSITORY, first)
      assert.deepEqual(await loaded(fixture.store), plain(first))
    })

    it('keeps repositories apart', async () => {
      await fixture.store.save(REPOSITORY, record(1))
      await fixture.store.save(OTHER, record(2))
      assert.deepEqual(await loaded(fixture.store), plain(record(1)))
    })

    it('saves in the order of the calls', async () => {
      await Promise.all([1, 2, 3].map((number) => fixture.store.save(REPOSITORY, record(number))))
      assert.deepEqual(await loaded(fixture.store), plain(record(3)))
    })
  })
}

async function loaded(store: TrustStore): Promise<unknown> {
  const found = await store.load(REPOSITORY)
  return found && plain(found)
}

function plain({ roots, manifest }: TrustRecord): unknown {
  return { roots: roots.map((root) => [...root]), manifest: manifest && [...manifest] }
}
