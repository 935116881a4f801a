import type { EvidenceStore } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'

/** An evidence store under test. */
export interface EvidenceStoreFixture {
  readonly store: EvidenceStore
  /** Bytes that were kept under a name, as the user finds them. */
  read(name: string): Promise<Uint8Array>
  close(): Promise<void>
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What every evidence store must do. `create` opens an empty one. */
export function evidenceStoreConformance(
  name: string,
  create: () => Promise<EvidenceStoreFixture>,
): void {
  describe(`${name} as EvidenceStore`, () => {
    let fixture: EvidenceStoreFixture
    beforeEach(async () => {
      fixture = await create()
    })
    afterEach(() => fixture.close())

    it('has none at first', async () => {
      assert.deepEqual(await fixture.store.list(), [])
    })

    it('keeps each piece under a name that tells its kind', async () => {
      const { store } = fixture
      const names = await Promise.all([
        store.add('two-stories', bytesOf('one')),
        store.add('two-stories', bytesOf('another')),
        store.add('second-digest', bytesOf('third')),
      ])
      assert.deepEqual(await store.list(), names.toSorted())
      assert.ok(names[2].startsWith('second-digest-'))
      assert.deepEqual([...(await fixture.read(names[0]))], [...bytesOf('one')])
    })

    it('keeps the same piece once', async () => {
      const { store } = fixture
      const add = (): Promise<string> => store.add('two-roots', bytesOf('one'))
      const names = [await add(), ...(await Promise.all([add(), add()]))]
      assert.equal(new Set(names).size, 1)
      assert.equal((await store.list()).length, 1)
    })
  })
}
