import type { ArtifactContent } from '@jarswarm/ports'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BIG, BIG_BYTES, JAR, Rig } from './_rig.ts'
import type { Node } from './_rig.ts'

const TWIN = 'org/example/twin/1.0/twin-1.0.bin'
const WHOLE = { offset: 0, length: BIG_BYTES.length }

/** The chunks of a whole artifact, one at a time. */
const chunksOf = (content: ArtifactContent): AsyncIterator<Uint8Array, unknown> =>
  content.read(WHOLE, {})[Symbol.asyncIterator]()

async function withdraw(rig: Rig, node: Node, path: string): Promise<void> {
  rig.builder.remove(path, 'malware').publish()
  await rig.refresh(node)
}

/** An origin that sends half of a file and then nothing more. */
function stallHalfway(rig: Rig, path: string): void {
  rig.origin.gate = (label) => {
    rig.origin.behaviour = label.startsWith(path) ? 'stalling' : 'healthy'
    return Promise.resolve()
  }
}

describe('when a file is withdrawn', () => {
  it('its answers are cut, out of the store too', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const content = await rig.open(node, BIG)
    assert.equal(content.source, 'store')
    const chunks = chunksOf(content)
    await rig.wait(chunks.next())
    await withdraw(rig, node, BIG)
    await assert.rejects(rig.wait(chunks.next()), /big-1\.0\.bin was withdrawn/)
    content.release()
  })

  it('its download ends, and who reads from it is told at once', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const entry = rig.builder.entry(BIG)
    stallHalfway(rig, BIG)
    const content = await rig.open(node, BIG)
    const chunks = chunksOf(content)
    await rig.wait(chunks.next())
    await rig.wait(chunks.next())
    const third = chunks.next()
    third.catch(() => undefined)
    await withdraw(rig, node, BIG)
    await assert.rejects(rig.wait(third), /big-1\.0\.bin was withdrawn/)
    content.release()
    await assert.rejects(node.repository.store(entry, {}), /withdrawn/)
    assert.equal(await node.stores.blobs.has(entry.digest), false)
  })

  it('what another path fetches with the same bytes goes on', async (t) => {
    const rig = new Rig(t)
    rig.builder.put(TWIN, BIG_BYTES).publish()
    const node = await rig.node()
    await rig.synced(node)
    stallHalfway(rig, BIG)
    const [cut, whole] = [await rig.open(node, BIG), await rig.open(node, TWIN)]
    const chunks = chunksOf(whole)
    await rig.wait(chunks.next())
    await withdraw(rig, node, BIG)
    await assert.rejects(rig.wait(chunksOf(cut).next()), /withdrawn/)
    // The download was begun by the other path, which the origin still has.
    rig.builder.files.set(BIG, BIG_BYTES)
    rig.origin.gate = () => Promise.resolve()
    rig.origin.behaviour = 'healthy'
    let bytes = 0
    for (;;) {
      const next = await rig.wait(chunks.next())
      if (next.done === true) break
      bytes += next.value.length
    }
    assert.ok(bytes > BIG_BYTES.length / 2)
    cut.release()
    whole.release()
    await rig.until(() => node.repository.holds(rig.builder.entry(TWIN).digest))
  })

  it('a peer is not given what was being read for it', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const { digest } = rig.builder.entry(JAR)
    const gate = Promise.withResolvers<undefined>()
    const { blobs } = node.stores
    const read = blobs.read.bind(blobs)
    t.mock.method(blobs, 'read', async (...args: Parameters<typeof read>) => {
      await gate.promise
      return await read(...args)
    })
    const ask = () => node.mirror.readBlob(rig.builder.id, digest, { offset: 0, length: 5 })
    const asked = ask()
    await withdraw(rig, node, JAR)
    gate.resolve(undefined)
    assert.equal(await rig.wait(asked), undefined)
  })

  it('the published form of a blob is cut', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const { digest } = rig.builder.entry(BIG)
    const open = () => rig.wait(node.repository.openPublished({ kind: 'blob', digest }))
    const content = await open()
    assert.ok(content)
    const chunks = chunksOf(content)
    await rig.wait(chunks.next())
    await withdraw(rig, node, BIG)
    await assert.rejects(rig.wait(chunks.next()), /not given any more/)
    content.release()
    assert.equal(await open(), undefined)
  })

  it('nobody is given it although the disk is full', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const entry = rig.builder.entry(JAR)
    t.mock.method(node.stores.records, 'set', () => Promise.reject(new Error('disk full')))
    rig.builder.remove(JAR, 'malware').publish()
    rig.clock.advance(11_000)
    await rig.wait(node.repository.lookForNewerHead({}))
    await rig.until(() => !node.repository.holds(entry.digest))
    await assert.rejects(node.repository.open(entry, {}), /withdrawn/)
  })

  it('a late word that it is here does not bring it back', async (t) => {
    const rig = new Rig(t)
    const node = await rig.fullNode()
    const entry = rig.builder.entry(JAR)
    await withdraw(rig, node, JAR)
    node.repository.noteStored(entry)
    assert.equal(node.repository.holds(entry.digest), false)
  })
})
