import { UnavailableError } from '@jarswarm/ports'
import { MemoryUpstream, wrongBytes } from '@jarswarm/testkit'
import type { MemoryBlobStore, PeerManner } from '@jarswarm/testkit'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BIG, BIG_BYTES, JAR, METADATA, POM, readAll, Rig } from './_rig.ts'

describe('fetch', () => {
  it('takes from a peer that claims it, and leaves the origin alone', async (t) => {
    const rig = new Rig(t)
    await rig.fullNode({ name: 'full' })
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.requests.length = 0
    assert.equal(await rig.fetch(node, JAR), 'peer')
    assert.equal(await rig.fetch(node, JAR), 'store')
    assert.deepEqual(rig.origin.requests, [])
  })

  it('takes from the origin when nobody claims it', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    assert.equal(await rig.fetch(node, JAR), 'origin')
  })

  it('reads mutable files at the origin by digest', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.files.set(METADATA, new TextEncoder().encode('<metadata>later</metadata>'))
    const entry = rig.builder.entry(METADATA)
    const content = await rig.wait(node.repository.open(entry, {}))
    assert.equal((await readAll(content)).toString(), '<metadata/>')
    content.release()
  })

  it('downloads once for sixteen who ask at the same time', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.requests.length = 0
    await Promise.all(Array.from({ length: 16 }, () => rig.fetch(node, POM)))
    assert.deepEqual(rig.origin.requests, [POM])
  })

  const manners: PeerManner[] = ['lying', 'truncating', 'silent', 'slow', 'unreachable']
  for (const manner of manners) {
    it(`loses only time to a ${manner} peer`, async (t) => {
      const rig = new Rig(t)
      const bad = await rig.fullNode({ name: 'bad', roundTripMs: 1 })
      await rig.fullNode({ name: 'good', roundTripMs: 9 })
      const node = await rig.node({ upstreams: [] })
      await rig.synced(node)
      bad.swarm.manner = manner
      const before = rig.clock.now()
      assert.equal(await rig.fetch(node, JAR), 'peer')
      assert.equal(await rig.fetch(node, BIG), 'peer')
      assert.ok(rig.clock.now() - before < 8_000)
    })
  }

  it('bans a liar and asks it no more', async (t) => {
    const rig = new Rig(t)
    const bad = await rig.fullNode({ name: 'bad' })
    const node = await rig.node()
    await rig.synced(node)
    bad.swarm.manner = 'lying'
    assert.equal(await rig.fetch(node, JAR), 'origin')
    assert.deepEqual(node.swarm.claimants(rig.builder.id, rig.builder.entry(POM).digest), [])
  })

  it('hedges a silent peer before it is given up', async (t) => {
    const rig = new Rig(t)
    const silent = await rig.fullNode({ name: 'silent' })
    const node = await rig.node()
    await rig.synced(node)
    silent.swarm.manner = 'silent'
    const before = rig.clock.now()
    assert.equal(await rig.fetch(node, POM), 'origin')
    assert.ok(rig.clock.now() - before < 1_000)
  })

  it('never takes other bytes of a release from the origin', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.files.set(JAR, wrongBytes(rig.builder.files.get(JAR) ?? new Uint8Array()))
    await assert.rejects(rig.open(node, JAR), UnavailableError)
    assert.equal(await node.stores.blobs.has(rig.builder.entry(JAR).digest), false)
    assert.ok(
      node.logger.lines.some(({ level, fields }) => level === 'warn' && fields['path'] === JAR),
    )
  })

  it('goes on where a cut connection stopped', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.behaviour = 'truncating'
    rig.origin.requests.length = 0
    rig.origin.gate = () => {
      if (rig.origin.requests.length > 1) rig.origin.behaviour = 'healthy'
      return Promise.resolve()
    }
    const content = await rig.open(node, BIG)
    assert.deepEqual(await rig.wait(readAll(content)), Buffer.from(BIG_BYTES))
    content.release()
    assert.deepEqual(rig.origin.requests, [BIG, `${BIG}#524288+${BIG_BYTES.length - 524_288}`])
  })

  it('asks an origin that ignores ranges for all that is left in one go', async (t) => {
    const rig = new Rig(t)
    const huge = 'org/example/huge/1.0/huge-1.0.bin'
    rig.builder.put(huge, Buffer.alloc(5_000_000, 'huge')).publish()
    rig.origin.ignoresRanges = true
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.requests.length = 0
    assert.equal(await rig.fetch(node, huge), 'origin')
    assert.deepEqual(rig.origin.requests, [huge])
  })

  it('sends pieces before the blob is complete', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.behaviour = 'stalling'
    const content = await rig.open(node, BIG)
    const { digest, sizeBytes } = rig.builder.entry(BIG)
    const reading = content.read({ offset: 0, length: sizeBytes }, {})[Symbol.asyncIterator]()
    const first = await rig.wait(reading.next())
    assert.deepEqual(first.value, Buffer.from(BIG_BYTES.subarray(0, 262_144)))
    assert.equal(await node.stores.blobs.has(digest), false)
    await reading.return?.()
    content.release()
  })

  it('takes a large blob from several peers at once', async (t) => {
    const rig = new Rig(t)
    const one = await rig.fullNode({ name: 'one' })
    const two = await rig.fullNode({ name: 'two' })
    const before = [one.swarm.transferred().sentBytes, two.swarm.transferred().sentBytes]
    const node = await rig.node({ upstreams: [], syncIndex: false })
    await rig.until(() => node.repository.head !== undefined)
    await rig.fetch(node, BIG)
    assert.ok(one.swarm.transferred().sentBytes - (before[0] ?? 0) > 262_144)
    assert.ok(two.swarm.transferred().sentBytes - (before[1] ?? 0) > 262_144)
  })

  it('finds a holder in the DHT when nobody connected has it and the origin is down', async (t) => {
    const rig = new Rig(t, { autoConnect: false })
    const holder = await rig.fullNode({ name: 'holder' })
    const node = await rig.node({ name: 'node' })
    await rig.synced(node)
    rig.network.addRecord({ repository: rig.builder.id, project: 'org/example/lib' }, 'holder')
    rig.origin.behaviour = 'refusing'
    rig.origin.reported = { healthy: false, medianMs: 20, waitingMs: 0 }
    assert.equal(await rig.fetch(node, JAR), 'peer')
    assert.ok(holder.swarm.transferred().sentBytes > 0)
  })

  it('asks a failing origin only after the swarm had a head start', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.reported = { healthy: false, medianMs: 20, waitingMs: 0 }
    node.swarm.findProviders = (_subject, { signal }) => silence(signal)
    const before = rig.clock.now()
    assert.equal(await rig.fetch(node, POM), 'origin')
    assert.ok(rig.clock.now() - before >= 1_500)
  })

  it('decides within 8 s, and names what failed', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    rig.origin.behaviour = 'silent'
    const before = rig.clock.now()
    await assert.rejects(rig.open(node, POM), (error: Error) => {
      assert.ok(error instanceof UnavailableError)
      assert.match(error.message, /^Cannot get lib-1\.0\.pom: [\x20-\x7e]+$/)
      return true
    })
    assert.ok(rig.clock.now() - before <= 8_000)
  })

  it('goes on with the fetch after the client went away', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const gate = Promise.withResolvers<undefined>()
    rig.origin.gate = () => gate.promise
    const holds = countHolds(node.stores.blobs)
    const client = new AbortController()
    const opening = node.repository.open(rig.builder.entry(POM), { signal: client.signal })
    client.abort(new Error('gone'))
    await assert.rejects(rig.wait(opening), /gone/)
    gate.resolve(undefined)
    const { digest } = rig.builder.entry(POM)
    let stored = false
    await rig.until(() => {
      void node.stores.blobs.has(digest).then((has) => (stored = has))
      return stored
    })
    assert.equal(holds(), 0)
  })

  it('asks nobody while it is offline', async (t) => {
    const rig = new Rig(t)
    const { stores, stop } = await rig.fullNode()
    await stop()
    await stores.blobs.delete(rig.builder.entry(METADATA).digest)
    rig.origin.requests.length = 0
    const node = await rig.node({ offline: true, stores })
    assert.equal(await rig.fetch(node, JAR), 'store')
    await assert.rejects(rig.open(node, METADATA), /offline/)
    assert.deepEqual(rig.origin.requests, [])
  })

  it('prefers a mirror that works to an origin that does not', async (t) => {
    const rig = new Rig(t)
    const url = 'http://mirror.test/repo'
    const mirror = new MemoryUpstream({ kind: 'mirror', url, files: rig.builder.files })
    rig.origin.reported = { healthy: false, medianMs: 20, waitingMs: 0 }
    const node = await rig.node({ upstreams: [rig.origin, mirror] })
    await rig.synced(node)
    assert.equal(await rig.fetch(node, POM), 'mirror')
  })

  it('gives a part of a large blob on its way, wherever it begins', async (t) => {
    const rig = new Rig(t)
    const node = await rig.node()
    await rig.synced(node)
    const content = await rig.open(node, BIG)
    const chunks: Uint8Array[] = []
    const reading = (async () => {
      for await (const chunk of content.read({ offset: 1_000_001, length: 300_000 }, {})) {
        chunks.push(chunk)
      }
    })()
    await rig.wait(reading)
    assert.deepEqual(Buffer.concat(chunks), Buffer.from(BIG_BYTES.subarray(1_000_001, 1_300_001)))
    content.release()
  })
})

/** Yields nothing, and ends with the signal. */
async function* silence(signal: AbortSignal | undefined): AsyncGenerator<string> {
  await new Promise((resolve) => signal?.addEventListener('abort', resolve))
  yield* []
}

/** How many holds of a store are not released. */
function countHolds(blobs: MemoryBlobStore): () => number {
  const hold = blobs.hold.bind(blobs)
  let held = 0
  blobs.hold = (digest) => {
    const inner = hold(digest)
    held += 1
    return {
      release: () => {
        held -= 1
        inner.release()
      },
    }
  }
  return () => held
}
