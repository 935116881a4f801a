import { sha256 } from '@jarswarm/manifest'
import type { Digest } from '@jarswarm/manifest'
import { NoSpaceError } from '@jarswarm/ports'
import type { BlobStore } from '@jarswarm/ports'
import { openDataDirectory, StorageFailedError } from '@jarswarm/store'
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeRoot, openTestDirectory } from './_data-directory.ts'
import { FaultyFiles } from './_faulty-files.ts'
import type { Fault } from './_faulty-files.ts'

function blob(text: string): { digest: Digest; bytes: Uint8Array } {
  const bytes = new TextEncoder().encode(text)
  return { digest: sha256(bytes), bytes }
}

const KEPT = blob('stored before the fault')
const HIT = blob('stored during the fault')

/** Each site at which a blob's way to the disk can fail. */
const PUT_SITES: readonly Omit<Fault, 'code'>[] = [
  { call: 'space', path: '' },
  { call: 'create', path: '/tmp/' },
  { call: 'write', path: '/tmp/' },
  { call: 'sync', path: '/tmp/' },
  { call: 'rename', path: HIT.digest },
  { call: 'openToRead', path: `/blobs/${HIT.digest.slice(0, 2)}` },
  { call: 'sync', path: `/blobs/${HIT.digest.slice(0, 2)}` },
]

const WRITER_SITES: readonly Omit<Fault, 'code'>[] = [
  ...PUT_SITES,
  { call: 'truncate', path: '/tmp/' },
  { call: 'read', path: '/tmp/' },
]

const ERRORS = [
  { code: 'ENOSPC', type: NoSpaceError },
  { code: 'EDQUOT', type: NoSpaceError },
  { code: 'EIO', type: StorageFailedError },
]

async function put(store: BlobStore): Promise<void> {
  await store.put(HIT.digest, HIT.bytes)
}

async function writeInParts(store: BlobStore): Promise<void> {
  const writer = await store.createWriter({ digest: HIT.digest, sizeBytes: HIT.bytes.length })
  try {
    await writer.write(0, HIT.bytes)
    await writer.commit()
  } finally {
    await writer.abort()
  }
}

/** One fault while a blob is stored: it must be told, leave nothing, and pass. */
async function storeWithFault(
  fault: Fault,
  store: (blobs: BlobStore) => Promise<void>,
): Promise<void> {
  const files = new FaultyFiles()
  let nowMs = 1_600_000_000_000
  const opened = await openTestDirectory({}, { files, clock: { now: () => nowMs } })
  try {
    const { blobs } = opened.directory
    await blobs.put(KEPT.digest, KEPT.bytes)
    // Long enough that the volume is looked at again.
    nowMs += 60_000
    files.break(fault)
    const type = ERRORS.find(({ code }) => code === fault.code)?.type
    assert.ok(type)
    await assert.rejects(store(blobs), type)
    assert.ok(files.struck > 0)
    assert.equal(await blobs.has(HIT.digest), false)
    assert.deepEqual(await blobs.read(KEPT.digest), KEPT.bytes)
    assert.equal(blobs.usage().blobs, 1)
    files.heal()
    assert.deepEqual(await readdir(join(opened.root, 'tmp')), [])
    const folder = await readdir(join(opened.root, 'blobs', HIT.digest.slice(0, 2)))
    assert.deepEqual(folder, [])
    await store(blobs)
    assert.deepEqual(await blobs.read(HIT.digest), HIT.bytes)
  } finally {
    files.heal()
    await opened.close()
  }
}

describe('FileBlobStore when the disk fails', () => {
  for (const { code } of ERRORS) {
    for (const site of PUT_SITES) {
      it(`refuses a put, keeps nothing and recovers: ${code} in ${site.call} ${site.path}`, () =>
        storeWithFault({ ...site, code }, put))
    }
    for (const site of WRITER_SITES) {
      it(`refuses a writer, keeps nothing and recovers: ${code} in ${site.call} ${site.path}`, () =>
        storeWithFault({ ...site, code }, writeInParts))
    }
  }

  it('never repeats a failed sync of the same file', async () => {
    const files = new FaultyFiles()
    const opened = await openTestDirectory({}, { files })
    try {
      files.break({ call: 'sync', path: '/tmp/', code: 'EIO', times: 1 })
      await assert.rejects(put(opened.directory.blobs), StorageFailedError)
      assert.equal(await opened.directory.blobs.has(HIT.digest), false)
    } finally {
      await opened.close()
    }
  })

  it('fails only the blobs whose folder could not be synced', async () => {
    const files = new FaultyFiles()
    const opened = await openTestDirectory({}, { files })
    try {
      const { blobs } = opened.directory
      files.break({ call: 'sync', path: `/blobs/${HIT.digest.slice(0, 2)}`, code: 'EIO' })
      const [hit, kept] = await Promise.allSettled([put(blobs), blobs.put(KEPT.digest, KEPT.bytes)])
      assert.deepEqual([hit.status, kept.status], ['rejected', 'fulfilled'])
      assert.equal(await blobs.has(HIT.digest), false)
      assert.equal(await blobs.has(KEPT.digest), true)
    } finally {
      await opened.close()
    }
  })

  it('says so when a blob cannot be read', async () => {
    const files = new FaultyFiles()
    const opened = await openTestDirectory({}, { files })
    try {
      const { blobs } = opened.directory
      await blobs.put(KEPT.digest, KEPT.bytes)
      files.break({ call: 'read', path: KEPT.digest, code: 'EIO' })
      await assert.rejects(blobs.read(KEPT.digest), StorageFailedError)
      const [finding] = await collect(blobs.check())
      assert.equal(finding?.kind, 'corrupt')
      files.heal()
      assert.deepEqual(await blobs.read(KEPT.digest), KEPT.bytes)
    } finally {
      await opened.close()
    }
  })

  it('evicts, then refuses, when the volume falls below the free-space floor', async () => {
    let freeBytes = 1_000
    const files = new FaultyFiles()
    files.space = () => Promise.resolve({ totalBytes: 10_000, freeBytes })
    const opened = await openTestDirectory({ freeFloorBytes: 950 }, { files })
    try {
      const { blobs } = opened.directory
      await blobs.put(KEPT.digest, KEPT.bytes)
      freeBytes = 960
      await blobs.put(HIT.digest, HIT.bytes)
      assert.equal(await blobs.has(KEPT.digest), false)
      freeBytes = 900
      await assert.rejects(blobs.put(KEPT.digest, KEPT.bytes), NoSpaceError)
      assert.equal(await blobs.has(HIT.digest), true)
    } finally {
      await opened.close()
    }
  })
})

describe('FileTrustStore when the disk fails', () => {
  const sites: readonly Omit<Fault, 'code'>[] = [
    { call: 'makeDirectory', path: '/trust/' },
    { call: 'create', path: '/trust/' },
    { call: 'write', path: '/trust/' },
    { call: 'sync', path: '/trust/' },
    { call: 'rename', path: '/trust/' },
  ]
  const record = (text: string): { roots: Uint8Array[]; manifest: Uint8Array } => ({
    roots: [KEPT.bytes],
    manifest: new TextEncoder().encode(text),
  })

  for (const site of sites) {
    it(`keeps the generation before: EIO in ${site.call}`, async () => {
      const files = new FaultyFiles()
      const opened = await openTestDirectory({}, { files })
      try {
        const { trust } = opened.directory
        await trust.save(KEPT.digest, record('one'))
        files.break({ ...site, code: 'EIO' })
        await assert.rejects(trust.save(KEPT.digest, record('two')), StorageFailedError)
        assert.deepEqual(await trust.load(KEPT.digest), record('one'))
        files.heal()
        await trust.save(KEPT.digest, record('three'))
        assert.deepEqual(await trust.load(KEPT.digest), record('three'))
      } finally {
        files.heal()
        await opened.close()
      }
    })
  }
})

describe('openDataDirectory when the disk fails', () => {
  const sites: readonly Omit<Fault, 'code'>[] = [
    { call: 'makeDirectory', path: '' },
    { call: 'names', path: '' },
    { call: 'create', path: 'jarswarm.json' },
    { call: 'sync', path: 'jarswarm.json' },
    { call: 'rename', path: 'jarswarm.json' },
    { call: 'create', path: 'pid' },
    { call: 'makeDirectory', path: '/blobs' },
    { call: 'sync', path: '/blobs' },
  ]
  for (const site of sites) {
    it(`refuses, lets go, and opens the next time: ENOSPC in ${site.call} ${site.path}`, async () => {
      const files = new FaultyFiles()
      const root = await makeRoot()
      try {
        files.break({ ...site, code: 'ENOSPC' })
        await assert.rejects(openDataDirectory(root, {}, { files }), NoSpaceError)
        files.heal()
        const directory = await openDataDirectory(root, {}, { files })
        await directory.close()
      } finally {
        await rm(root, { recursive: true })
      }
    })
  }
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}
