import { parsePath } from '@jarswarm/maven'
import type { LanContent } from '@jarswarm/ports'
import { ManualClock, MemoryNetwork, MemorySwarmContent, RecordingLogger } from '@jarswarm/testkit'
import type { MemorySwarm } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { LanPeers, LanShelf } from '../src/index.ts'
import { LAN_FILE_MS, LAN_FIND_MS, LAN_PIECE_MS, LAN_REST_MS } from '../src/lan/lan-peers.ts'
import { MAX_LAN_PEERS } from '../src/limits.ts'
import { createProxyRig, JAR, METADATA, read, waitFor } from './_proxy-rig.ts'
import type { ProxyRig } from './_proxy-rig.ts'

const BIG = Buffer.alloc(1_000_000, 'jar')
const WRONG = Buffer.alloc(1_000_000, 'war')
const DIGEST = createHash('sha256').update(BIG).digest('hex')
const SHA512 = createHash('sha512').update(BIG).digest('hex')
const RANGE = { offset: 0, length: 3 }

interface LanRig {
  readonly net: MemoryNetwork
  readonly clock: ManualClock
  /** The node that asks. */
  readonly asking: ProxyRig
  readonly swarm: MemorySwarm
}

/** A node that proxies a repository whose origin has one large file, among the peers that the test adds. */
async function createLanRig(t: TestContext): Promise<LanRig> {
  const clock = new ManualClock()
  const net = new MemoryNetwork({ clock })
  const swarm = net.createSwarm({ name: 'asking', content: new MemorySwarmContent([]) })
  await swarm.start()
  const lan = new LanPeers({ swarm, clock, logger: new RecordingLogger() })
  const asking = createProxyRig(t, { lan, clock })
  asking.origin.put(JAR, { bytes: BIG })
  return { net, clock, asking, swarm }
}

async function addPeer(
  { net }: LanRig,
  lan: LanContent,
  init: { readonly local?: boolean; readonly name?: string } = {},
): Promise<MemorySwarm> {
  const content = new MemorySwarmContent([])
  const peer = net.createSwarm({ name: 'peer', ...init, content, lan })
  await peer.start()
  return peer
}

/** A node that has fetched the file from the origin. */
async function holder(t: TestContext): Promise<ProxyRig> {
  const rig = createProxyRig(t)
  rig.origin.put(JAR, { bytes: BIG })
  await rig.repository.fetch(parsePath(JAR), {})
  return rig
}

function shelfOf({ blobs, cache, repository }: ProxyRig): LanShelf {
  return new LanShelf({ blobs, caches: new Map([[repository.id, cache]]) })
}

/** A peer that says whatever the test wants. */
function liar(init: Partial<LanContent>): LanContent & { reads: number } {
  const content = {
    reads: 0,
    proxies: () => true,
    find: () => Promise.resolve({ digest: DIGEST, sizeBytes: BIG.length }),
    readBlob: () => {
      content.reads += 1
      return Promise.resolve(undefined)
    },
    ...init,
  }
  return content
}

/** The file as a client gets it; time goes on meanwhile. */
async function readWhile(rig: LanRig, stepMs: number): Promise<{ source: string; ms: number }> {
  const begun = rig.clock.now()
  let done = false
  const reading = read(rig.asking, JAR).finally(() => {
    done = true
  })
  reading.catch(() => undefined)
  let turns = 0
  await waitFor(() => {
    turns += 1
    if (!done && turns % 200 === 0) rig.clock.advance(stepMs)
    return done
  })
  const { text, source } = await reading
  assert.equal(text, BIG.toString('latin1'))
  return { source, ms: rig.clock.now() - begun }
}

describe('LanPeers', () => {
  it('asks MAX_LAN_PEERS for a file, and no more', async (t) => {
    const rig = await createLanRig(t)
    let asked = 0
    const find = () => {
      asked += 1
      return Promise.resolve(undefined)
    }
    for (let number = 0; number < MAX_LAN_PEERS + 3; number += 1)
      await addPeer(rig, liar({ find }), { name: `peer ${String(number)}` })
    assert.equal((await read(rig.asking, JAR)).source, 'origin')
    assert.equal(asked, MAX_LAN_PEERS)
  })

  it('takes a large file from a peer instead of the origin', async (t) => {
    const rig = await createLanRig(t)
    await addPeer(rig, shelfOf(await holder(t)))
    const { text, source } = await read(rig.asking, JAR)
    assert.equal(text, BIG.toString('latin1'))
    assert.equal(source, 'peer')
    const sums = ['sha512', 'sha256', 'sha1'].reduce((sum, kind) => {
      return sum + createHash(kind).digest('hex').length
    }, 0)
    assert.equal(rig.asking.origin.receivedBytes(), sums)
    assert.equal((await rig.asking.cache.get(parsePath(JAR)))?.digest, DIGEST)
    assert.equal((await read(rig.asking, JAR)).source, 'store')
  })

  it('does not ask for small or mutable files, nor by a checksum that can be forged', async (t) => {
    const rig = await createLanRig(t)
    const asked: string[] = []
    const find: LanContent['find'] = (_, { path }) => {
      asked.push(path)
      return Promise.resolve(undefined)
    }
    await addPeer(rig, liar({ find }))
    const { origin } = rig.asking
    origin.put('org/a/b/1/b-1.pom', { bytes: '<project/>' })
    origin.put(METADATA, { bytes: BIG })
    origin.put('org/a/c/1/c-1.jar', { bytes: BIG, checksums: ['md5'] })
    for (const path of ['org/a/b/1/b-1.pom', METADATA, 'org/a/c/1/c-1.jar', JAR]) {
      assert.equal((await read(rig.asking, path)).source, 'origin')
    }
    assert.deepEqual(asked, [JAR])
  })

  it('does not ask peers beyond the LAN', async (t) => {
    const rig = await createLanRig(t)
    await addPeer(rig, liar({}), { local: false })
    const asked: string[] = []
    rig.swarm.request = (peer) => {
      asked.push(peer)
      return Promise.reject(new Error('asked'))
    }
    assert.equal((await read(rig.asking, JAR)).source, 'origin')
    assert.deepEqual(asked, [])
  })

  it('never passes on wrong bytes, and reports who sent them', async (t) => {
    const rig = await createLanRig(t)
    const readBlob: LanContent['readBlob'] = (_repository, _digest, { offset, length }) =>
      Promise.resolve(WRONG.subarray(offset, offset + length))
    await addPeer(rig, liar({ readBlob }))
    let reported = ''
    rig.swarm.reportWrongBytes = (peer) => {
      reported = peer
    }
    const { text, source } = await read(rig.asking, JAR)
    assert.equal(text, BIG.toString('latin1'))
    assert.equal(source, 'origin')
    assert.equal(reported, 'peer')
    assert.equal((await rig.asking.cache.get(parsePath(JAR)))?.digest, DIGEST)
  })

  it('does not begin with a peer that states another size', async (t) => {
    const rig = await createLanRig(t)
    const wrong = liar({ find: () => Promise.resolve({ digest: DIGEST, sizeBytes: 10 ** 15 }) })
    await addPeer(rig, wrong)
    assert.equal((await read(rig.asking, JAR)).source, 'origin')
    assert.equal(wrong.reads, 0)
  })

  it('waits for a silent peer no longer than for a round trip in a LAN, and then leaves it alone', async (t) => {
    const rig = await createLanRig(t)
    let asked = 0
    const find = (): Promise<never> => {
      asked += 1
      return new Promise(() => undefined)
    }
    await addPeer(rig, liar({ find }))
    const { source, ms } = await readWhile(rig, LAN_FIND_MS)
    assert.equal(source, 'origin')
    assert.equal(ms, LAN_FIND_MS)
    await rig.asking.blobs.delete(DIGEST)
    assert.equal((await read(rig.asking, JAR)).source, 'origin')
    assert.equal(asked, 1)
    rig.clock.advance(LAN_REST_MS)
    await rig.asking.blobs.delete(DIGEST)
    await readWhile(rig, LAN_FIND_MS)
    assert.equal(asked, 2)
  })

  it('gives up a peer that falls silent after a piece', async (t) => {
    const rig = await createLanRig(t)
    const readBlob: LanContent['readBlob'] = (_repository, _digest, { offset, length }) =>
      offset === 0 ? Promise.resolve(BIG.subarray(0, length)) : new Promise<never>(() => undefined)
    await addPeer(rig, liar({ readBlob }))
    const { source, ms } = await readWhile(rig, LAN_PIECE_MS)
    assert.equal(source, 'origin')
    assert.equal(ms, LAN_PIECE_MS)
  })

  it('leaves to the origin what would not be whole in time', async (t) => {
    const rig = await createLanRig(t)
    const readBlob: LanContent['readBlob'] = async (_repository, _digest, { offset, length }) => {
      rig.clock.advance(LAN_PIECE_MS - 1)
      return Promise.resolve(BIG.subarray(offset, offset + length))
    }
    const huge = Buffer.alloc(20_000_000, 'x')
    const find: LanContent['find'] = () =>
      Promise.resolve({ digest: DIGEST, sizeBytes: huge.length })
    rig.asking.origin.put(JAR, { bytes: huge })
    await addPeer(rig, liar({ find, readBlob }))
    const begun = rig.clock.now()
    assert.equal((await read(rig.asking, JAR)).source, 'origin')
    assert.ok(rig.clock.now() - begun < LAN_FILE_MS)
  })

  it('takes what it needs from the origin when a peer has nothing after all', async (t) => {
    const rig = await createLanRig(t)
    const peer = liar({})
    await addPeer(rig, peer)
    assert.equal((await read(rig.asking, JAR)).source, 'origin')
    assert.ok(peer.reads > 0)
  })

  it('takes a file from the second peer when the first one is silent', async (t) => {
    const rig = await createLanRig(t)
    await addPeer(rig, liar({ find: () => new Promise(() => undefined) }), { name: 'silent' })
    await addPeer(rig, shelfOf(await holder(t)), { name: 'honest' })
    assert.equal((await read(rig.asking, JAR)).source, 'peer')
  })
})

describe('LanShelf', () => {
  const path = JAR
  const query = { path, checksum: { kind: 'sha512', hex: SHA512 } } as const

  it('names a file to who knows its checksum, by any that is strong enough', async (t) => {
    const rig = await holder(t)
    const shelf = shelfOf(rig)
    for (const kind of ['sha512', 'sha256', 'sha1'] as const) {
      const hex = createHash(kind).update(BIG).digest('hex')
      const claim = await shelf.find(rig.repository.id, { path, checksum: { kind, hex } })
      assert.deepEqual(claim, { digest: DIGEST, sizeBytes: BIG.length })
      const wrong = { path, checksum: { kind, hex: hex.replace(/^./, hex[0] === '0' ? '1' : '0') } }
      assert.equal(await shelf.find(rig.repository.id, wrong), undefined)
    }
  })

  it('gives only what it has named', async (t) => {
    const rig = await holder(t)
    const shelf = shelfOf(rig)
    const { id } = rig.repository
    assert.equal(await shelf.readBlob(id, DIGEST, RANGE), undefined)
    await shelf.find(id, query)
    assert.equal((await shelf.readBlob(id, DIGEST, RANGE))?.length, RANGE.length)
    assert.equal(await shelf.readBlob('99'.repeat(32), DIGEST, RANGE), undefined)
    assert.equal(await shelf.readBlob(id, DIGEST, { offset: 999_999, length: 9 }), undefined)
  })

  it('knows no other repositories, no paths that are none, and no blobs that left', async (t) => {
    const rig = await holder(t)
    const shelf = shelfOf(rig)
    const { id } = rig.repository
    assert.equal(shelf.proxies(id), true)
    assert.equal(shelf.proxies('99'.repeat(32)), false)
    assert.equal(await shelf.find('99'.repeat(32), query), undefined)
    assert.equal(await shelf.find(id, { ...query, path: `../${path}` }), undefined)
    await rig.blobs.delete(DIGEST)
    assert.equal(await shelf.find(id, query), undefined)
  })

  it('does not name what may change', async (t) => {
    const rig = createProxyRig(t)
    rig.origin.put(METADATA, { bytes: BIG })
    await rig.repository.fetch(parsePath(METADATA), {})
    const shelf = shelfOf(rig)
    assert.equal(await shelf.find(rig.repository.id, { ...query, path: METADATA }), undefined)
  })
})
