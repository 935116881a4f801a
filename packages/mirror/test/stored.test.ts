import { UnavailableError } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BIG, BIG_BYTES, POM, readAll, Rig } from './_rig.ts'

describe('a stored file', () => {
  for (const path of [POM, BIG]) {
    it(`sends no byte of a stored file that the disk has damaged: ${path}`, async (t) => {
      const rig = new Rig(t)
      const node = await rig.fullNode()
      const { digest, pieceList = '' } = rig.builder.entry(path)
      const { blobs, index } = node.stores
      const read = blobs.read.bind(blobs)
      let damaged = true
      blobs.read = async (wanted, range) => {
        const bytes = await read(wanted, range)
        if (damaged && bytes !== undefined && wanted === digest) bytes[0] = (bytes[0] ?? 0) ^ 1
        return bytes
      }
      if (path === BIG) {
        const content = await rig.open(node, BIG)
        await assert.rejects(rig.wait(readAll(content)), /damaged/)
        content.release()
      } else assert.equal(await rig.fetch(node, path), 'origin')
      damaged = false
      await rig.wait(node.repository.store(rig.builder.entry(path), {}))
      await index.deleteObjects([pieceList])
      assert.equal(await rig.fetch(node, path), 'store')
    })
  }

  it('ends an answer when the blob leaves the store in its midst', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const content = await rig.open(node, BIG)
    const reading = content.read({ offset: 0, length: BIG_BYTES.length }, {})
    const chunks = reading[Symbol.asyncIterator]()
    assert.equal((await chunks.next()).done, false)
    await node.stores.blobs.delete(rig.builder.entry(BIG).digest)
    await assert.rejects(chunks.next(), UnavailableError)
    content.release()
  })
})
