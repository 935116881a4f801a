import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { Stream } from '@libp2p/interface'
import { MemorySwarmContent } from '@jarswarm/testkit'
import { decodeFrames } from '../src/exchange/frames.ts'
import { formatBlobPayload, formatRequest, KIND } from '../src/exchange/message.ts'
import { streamSource } from '../src/exchange/stream-iterables.ts'
import { MAX_INBOUND_STREAMS, MAX_OPEN_REQUESTS } from '../src/limits.ts'
import { EXCHANGE_PROTOCOL } from '../src/index.ts'
import { answering, connectHostile, frame, idOf } from './_hostile.ts'
import { joined, REPOSITORY, startNode } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

const DIGEST = '11'.repeat(32)
const BLOB = { kind: 'blob', repository: REPOSITORY, digest: DIGEST, offset: 0, length: 8 } as const

function ask(node: TestNode, peer: string): Promise<Uint8Array> {
  return node.swarm.request(peer, BLOB, {})
}

describe('request', () => {
  it('gets every kind of thing, and says what is not held', async (t) => {
    const one = await startNode(t)
    const { content } = one
    const object = content.addObject(REPOSITORY, Buffer.from('a node'))
    content.setManifest(REPOSITORY, Buffer.from('a manifest'))
    content.addRoot(REPOSITORY, 2, Buffer.from('a root'))
    content.addLogTile(REPOSITORY, 'tile/0/x001/067', Buffer.from('a tile'))
    const two = await startNode(t, { knownPeers: one.swarm.listenAddresses() })
    await joined(one, two)
    const get = async (request: Parameters<typeof two.swarm.request>[1]): Promise<string> =>
      Buffer.from(await two.swarm.request(one.swarm.peerId, request, {})).toString()
    const repository = REPOSITORY
    assert.equal(await get({ kind: 'object', repository, digest: object }), 'a node')
    assert.equal(await get({ kind: 'manifest', repository }), 'a manifest')
    assert.equal(await get({ kind: 'root', repository, number: 2 }), 'a root')
    assert.equal(await get({ kind: 'log', repository, tile: 'tile/0/x001/067' }), 'a tile')
    await assert.rejects(get({ kind: 'root', repository, number: 3 }), { code: 'ERR_NOT_HELD' })
    await assert.rejects(get({ ...BLOB }), { code: 'ERR_NOT_HELD' })
    await assert.rejects(get({ kind: 'manifest', repository: '99'.repeat(32) }), {
      code: 'ERR_NOT_HELD',
    })
    for (const tile of ['tile/../../etc', '/tile/0', 'tile//0', `tile/${'0'.repeat(200)}`]) {
      await assert.rejects(get({ kind: 'log', repository, tile }), /status 3/)
    }
  })

  it('goes on after one of its requests was aborted', async (t) => {
    const gate = Promise.withResolvers<undefined>()
    const content = new MemorySwarmContent([REPOSITORY])
    const readBlob = content.readBlob.bind(content)
    content.readBlob = async (repository, digest, range) => {
      if (digest === DIGEST) await gate.promise
      return readBlob(repository, digest, range)
    }
    const one = await startNode(t, {}, content)
    const digest = content.addBlob(REPOSITORY, Buffer.from('abcdefgh'))
    const two = await startNode(t, { knownPeers: one.swarm.listenAddresses() })
    await joined(one, two)
    const caller = new AbortController()
    const aborted = two.swarm.request(one.swarm.peerId, BLOB, { signal: caller.signal })
    const other = two.swarm.request(one.swarm.peerId, { ...BLOB, digest }, {})
    const reason = new Error('no longer wanted')
    caller.abort(reason)
    await assert.rejects(aborted, reason)
    assert.equal(Buffer.from(await other).toString(), 'abcdefgh')
    gate.resolve(undefined)
    const again = await two.swarm.request(one.swarm.peerId, { ...BLOB, digest }, {})
    assert.equal(Buffer.from(again).toString(), 'abcdefgh')
  })

  it('cannot reach an unknown peer', async (t) => {
    const one = await startNode(t)
    const gone = await startNode(t)
    await assert.rejects(ask(one, gone.swarm.peerId), { code: 'ERR_SOURCE_UNAVAILABLE' })
  })

  it('gives a silent peer up', async (t) => {
    const node = await startNode(t, { limits: { silenceMs: 50 } })
    const { peer } = await connectHostile(t, node, () => undefined)
    await assert.rejects(ask(node, peer), { code: 'ERR_SOURCE_UNAVAILABLE', message: /silent/ })
  })

  it('takes a short answer as truncated', async (t) => {
    const node = await startNode(t)
    const { peer } = await connectHostile(
      t,
      node,
      answering((request) => frame(idOf(request), Buffer.from('\0four'))),
    )
    await assert.rejects(ask(node, peer), { code: 'ERR_TRUNCATED', message: /found 4 bytes/ })
  })

  it('takes an end within a frame as truncated', async (t) => {
    const node = await startNode(t)
    const { peer } = await connectHostile(
      t,
      node,
      answering((request, stream) => {
        queueMicrotask(() => void stream.close())
        return frame(idOf(request), Buffer.from('\0eightbyt')).subarray(0, 9)
      }),
    )
    await assert.rejects(ask(node, peer), { code: 'ERR_TRUNCATED' })
  })

  it('takes an end before the answer as truncated', async (t) => {
    const node = await startNode(t)
    const { peer } = await connectHostile(t, node, async (stream) => {
      await once(stream as unknown as EventTarget, 'message')
      await stream.close()
    })
    await assert.rejects(ask(node, peer), { code: 'ERR_TRUNCATED' })
  })

  const breaches: readonly [string, (request: Uint8Array) => Uint8Array][] = [
    ['an answer that is too long', (request) => frame(idOf(request), Buffer.from('\0ninebytes'))],
    ['an impossible length', () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['a frame above the bound', () => Buffer.from([0xff, 0xff, 0xff, 0x01])],
    ['an answer to nothing', () => frame(Buffer.from([9, 9, 9, 9, 0]))],
    ['a frame that is too short', () => frame(Buffer.from([1]))],
    ['an unknown status', (request) => frame(idOf(request), Buffer.from([77]))],
  ]
  for (const [name, answer] of breaches) {
    it(`refuses ${name}`, async (t) => {
      const node = await startNode(t)
      const { peer } = await connectHostile(t, node, answering(answer))
      await assert.rejects(ask(node, peer), {
        code: 'ERR_SOURCE_UNAVAILABLE',
        message: /stream broke|wanted at most 8|status 77/,
      })
    })
  }

  it('refuses to ask for more than 256 KiB at once', async (t) => {
    const node = await startNode(t)
    const request = { ...BLOB, length: 262_145 }
    await assert.rejects(node.swarm.request('anyone', request, {}), RangeError)
  })
})

describe('the answering side', () => {
  const blobRequest = (id: number, length = 8): Uint8Array =>
    frame(
      formatRequest({
        id,
        kind: KIND.blob,
        repository: REPOSITORY,
        payload: formatBlobPayload(DIGEST, { offset: 0, length }),
      }),
    )

  async function open(node: TestNode, t: Parameters<typeof connectHostile>[0]): Promise<Stream> {
    const { connection } = await connectHostile(t, node, () => undefined)
    return connection.newStream(EXCHANGE_PROTOCOL)
  }

  async function statuses(stream: Stream, count: number): Promise<number[]> {
    const found: number[] = []
    for await (const answer of decodeFrames(streamSource(stream))) {
      found.push(answer[4] ?? -1)
      if (found.length === count) break
    }
    return found
  }

  it('answers what it does not know as a bad request', async (t) => {
    const stream = await open(await startNode(t), t)
    const payload = new Uint8Array(0)
    stream.send(frame(formatRequest({ id: 1, kind: 99, repository: REPOSITORY, payload })))
    stream.send(frame(formatRequest({ id: 2, kind: KIND.blob, repository: REPOSITORY, payload })))
    stream.send(frame(formatRequest({ id: 3, kind: KIND.hello, repository: REPOSITORY, payload })))
    stream.send(blobRequest(4, 262_145))
    stream.send(blobRequest(5, 0))
    assert.deepEqual(await statuses(stream, 5), [3, 3, 3, 3, 3])
  })

  it('cuts a stream that opens more than MAX_OPEN_REQUESTS', { timeout: 10_000 }, async (t) => {
    const content = new MemorySwarmContent([REPOSITORY])
    content.readBlob = () => new Promise(() => undefined)
    const node = await startNode(t, {}, content)
    const stream = await open(node, t)
    for (let id = 1; id <= MAX_OPEN_REQUESTS + 1; id += 1) stream.send(blobRequest(id))
    await assert.rejects(statuses(stream, 1), /reset/)
  })

  it('cuts a stream that sends garbage', async (t) => {
    const stream = await open(await startNode(t), t)
    stream.send(Buffer.alloc(64, 0xff))
    await assert.rejects(statuses(stream, 1), /reset/)
  })

  it('serves MAX_INBOUND_STREAMS of one peer, and no more', async (t) => {
    const node = await startNode(t)
    const { connection } = await connectHostile(t, node, () => undefined)
    const outcomes: string[] = []
    for (let count = 0; count <= MAX_INBOUND_STREAMS; count += 1) {
      const stream = await connection.newStream(EXCHANGE_PROTOCOL)
      try {
        stream.send(blobRequest(1))
        outcomes.push(`status ${String((await statuses(stream, 1))[0])}`)
      } catch {
        outcomes.push('cut')
      }
    }
    assert.deepEqual(outcomes, [...Array<string>(MAX_INBOUND_STREAMS).fill('status 1'), 'cut'])
  })

  it('shares nothing when told so', async (t) => {
    const one = await startNode(t, { share: 'none' })
    const digest = one.content.addBlob(REPOSITORY, Buffer.from('abcdefgh'))
    const two = await startNode(t, { knownPeers: one.swarm.listenAddresses() })
    await joined(one, two)
    await assert.rejects(two.swarm.request(one.swarm.peerId, { ...BLOB, digest }, {}), /status 4/)
    assert.deepEqual(two.swarm.claimants(REPOSITORY, digest), [])
  })
})
