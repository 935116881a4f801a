import { NoSpaceError, StorageFailedError, UnavailableError } from '@jarswarm/ports'
import { MemoryBlobStore } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_BYTES_WITHOUT_DISK } from '../src/limits.ts'
import { BIG, JAR, POM, readAll, Rig } from './_rig.ts'

describe('fetch on a disk that is full, or fails', () => {
  it('serves on when the disk is full, and says so once', async (t) => {
    const rig = new Rig(t)
    const stores = { ...rig.stores(), blobs: new MemoryBlobStore({ quotaBytes: 0 }) }
    const node = await rig.node({ stores })
    await rig.synced(node)
    assert.equal(await rig.fetch(node, JAR), 'origin')
    assert.equal(await rig.fetch(node, BIG), 'origin')
    const warnings = node.logger.lines.filter(({ message }) => message.startsWith('no room'))
    assert.equal(warnings.length, 1)
  })

  it('holds MAX_BYTES_WITHOUT_DISK in memory while the disk is full, and no more', async (t) => {
    const rig = new Rig(t)
    const largest = 'org/example/most/1.0/most-1.0.bin'
    const larger = 'org/example/more/1.0/more-1.0.bin'
    rig.builder.put(largest, Buffer.alloc(MAX_BYTES_WITHOUT_DISK, 7))
    rig.builder.put(larger, Buffer.alloc(MAX_BYTES_WITHOUT_DISK + 1, 8))
    rig.builder.publish()
    const stores = { ...rig.stores(), blobs: new MemoryBlobStore({ quotaBytes: 0 }) }
    const node = await rig.node({ stores })
    await rig.synced(node)
    const opened = await rig.wait(node.repository.open(rig.builder.entry(largest), {}))
    opened.release()
    await assert.rejects(rig.wait(node.repository.open(rig.builder.entry(larger), {})))
  })

  it('serves and says so, once, while the disk refuses what it fetches', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const { blobs } = node.stores
    const put = blobs.put.bind(blobs)
    const said = (): readonly string[] =>
      node.logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
    blobs.put = () => Promise.reject(new StorageFailedError('Cannot write: the disk failed'))
    for (const path of [JAR, POM, JAR]) assert.equal(await rig.fetch(node, path), 'origin')
    assert.deepEqual(said(), ['the disk fails: serving without storing'])
    blobs.put = put
    await rig.fetch(node, JAR)
    await rig.wait(node.repository.store(rig.builder.entry(JAR), {}))
    blobs.put = () => Promise.reject(new NoSpaceError('Cannot write: the disk is full'))
    await rig.fetch(node, POM)
    assert.deepEqual(said().slice(1), ['no room: serving without storing'])
  })

  it('tells readers at once when the disk fills in the midst of a blob', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const { blobs } = node.stores
    const createWriter = blobs.createWriter.bind(blobs)
    let dropped = false
    blobs.createWriter = async (...wanted) => {
      const writer = await createWriter(...wanted)
      return {
        read: (range) => writer.read(range),
        commit: () => writer.commit(),
        write: async (offset, bytes) => {
          if (offset > 0) throw new NoSpaceError('Cannot write: the disk is full')
          await writer.write(offset, bytes)
        },
        abort: async () => {
          dropped = true
          await writer.abort()
        },
      }
    }
    const content = await rig.open(node, BIG)
    const before = rig.clock.now()
    await assert.rejects(rig.wait(readAll(content)), UnavailableError)
    content.release()
    assert.ok(rig.clock.now() - before < 1_000)
    assert.ok(dropped)
  })
})
