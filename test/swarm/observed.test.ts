import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { SystemClock } from '@jarswarm/node'
import type { Node } from '@jarswarm/node'
import { NotHeldError } from '@jarswarm/ports'
import type { Swarm } from '@jarswarm/ports'
import { createSwarm } from '@jarswarm/swarm'
import { MemorySwarmContent, silentLogger } from '@jarswarm/testkit'
import { waitFor } from '../_wait-for.ts'
import { Testnet } from './_testnet.ts'
import type { TestnetNodeInit } from './_testnet.ts'

const OLD = 'org/example/lib/1.0/lib-1.0.jar'
const NEW = 'org/example/lib/2.0/lib-2.0.jar'
const NEW_POM = 'org/example/lib/2.0/lib-2.0.pom'
const LARGE = 'org/example/large/1/large-1.zip'
const CHECKSUM = /^(.*)\.(sha1|sha256|sha512|md5)$/

/** A plain Maven repository that somebody else than its operator signs, and what came there since. */
class ObservedNet {
  readonly net: Testnet
  readonly files = new Map<string, Buffer>()
  readonly url: string
  away = false
  readonly #aim: { repo: ObservedNet | undefined }

  private constructor(net: Testnet, url: string, aim: { repo: ObservedNet | undefined }) {
    this.net = net
    this.url = url
    this.#aim = aim
    this.#aim.repo = this
  }

  static async create(t: TestContext): Promise<ObservedNet> {
    const aim: { repo: ObservedNet | undefined } = { repo: undefined }
    const server = createServer((request, response) => {
      const path = (request.url ?? '').slice(1)
      if (aim.repo?.away === true) return response.socket?.resetAndDestroy()
      const bytes = aim.repo?.read(path)
      response.statusCode = bytes === undefined ? 404 : 200
      return response.end(bytes)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    const net = await Testnet.create(t, { [OLD]: Buffer.from('old') })
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/maven`
    const observed = new ObservedNet(net, url, aim)
    net.builder.publish({ observed: url })
    return observed
  }

  read(path: string): Buffer | undefined {
    const [, artifact = path, kind] = CHECKSUM.exec(path) ?? []
    const bytes = this.files.get(artifact.replace(/^maven\//, ''))
    if (bytes === undefined || kind === undefined) return bytes
    return Buffer.from(createHash(kind).update(bytes).digest('hex'))
  }

  async follower(init: TestnetNodeInit = {}): Promise<Node> {
    const node = await this.net.node({ origin: true, ...init })
    await this.synced(node)
    return node
  }

  /** Sign what stands at a path of the repository, and wait until a node knows. */
  async sign(node: Node, path: string, bytes: Uint8Array): Promise<void> {
    this.net.builder.put(path, bytes)
    this.net.builder.publish({ observed: this.url })
    // What is not in the index makes the node look for a newer head.
    await waitFor('the new head', async () => {
      await fetch(`${String(node.url)}/sample/org/example/none-${String(performance.now())}`)
      return node.statusNow().repositories[0]?.head?.seq === this.net.builder.state?.head.seq
        ? true
        : undefined
    })
    await this.synced(node)
  }

  async synced(node: Node): Promise<void> {
    await waitFor('the index', () =>
      node.statusNow().repositories[0]?.index.complete === true ? true : undefined,
    )
  }
}

const ask = (node: Node, path: string): Promise<Response> =>
  fetch(`${String(node.url)}/sample/${path}`)

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A peer that follows the repository and asks whatever it likes. */
async function startAsker(t: TestContext, node: Node, repository: string): Promise<Swarm> {
  const swarm = await createSwarm(
    {
      content: new MemorySwarmContent([repository]),
      clock: new SystemClock(),
      logger: silentLogger,
    },
    { listen: [], bootstrap: node.listenAddresses(), network: 'private', dht: 'client' },
  )
  t.after(() => swarm.stop())
  await swarm.start()
  await waitFor('the node', () => (swarm.followers(repository).length > 0 ? true : undefined))
  return swarm
}

describe('a node that follows an observed repository', () => {
  it('passes a deploy on before it is signed, verifies it after, and gives peers only what is signed', async (t) => {
    const observed = await ObservedNet.create(t)
    const node = await observed.follower()
    const repository = observed.net.builder.id
    const asker = await startAsker(t, node, repository)
    const bytes = Buffer.from('new')
    const blob = { kind: 'blob', repository, digest: sha256(bytes), offset: 0, length: 3 } as const
    const [peer = ''] = asker.followers(repository)
    assert.equal((await ask(node, NEW)).status, 404)

    const pom = Buffer.from('<project/>')
    observed.files.set(NEW_POM, pom)
    const first = await ask(node, NEW_POM)
    assert.equal(first.headers.get('x-jarswarm-source'), 'origin-unindexed')
    assert.equal(await first.text(), '<project/>')
    const sidecar = await ask(node, `${NEW_POM}.sha512`)
    assert.equal(await sidecar.text(), createHash('sha512').update(pom).digest('hex'))
    const unsigned = { ...blob, digest: sha256(pom), length: pom.length }
    await assert.rejects(asker.request(peer, unsigned, {}), NotHeldError)
    assert.equal(node.statusNow().served.bySource.origin, 1)
    assert.equal(node.statusNow().repositories[0]?.observed, observed.url)

    await observed.sign(node, NEW_POM, pom)
    const signed = await ask(node, NEW_POM)
    assert.notEqual(signed.headers.get('x-jarswarm-source'), 'origin-unindexed')
    assert.match(signed.headers.get('cache-control') ?? '', /immutable/)
    // The index is followed by a look at what was passed on before.
    const given = await waitFor('the blob, as one of the index', () =>
      asker.request(peer, unsigned, {}).catch((error: unknown) => {
        if (error instanceof NotHeldError) return undefined
        throw error
      }),
    )
    assert.deepEqual(Buffer.from(given), pom)
  })

  it('never serves what it passed on once other bytes are signed', async (t) => {
    const observed = await ObservedNet.create(t)
    const node = await observed.follower()
    observed.files.set(LARGE, Buffer.alloc(700_000, 'first '))
    const first = await ask(node, LARGE)
    assert.equal(first.headers.get('x-jarswarm-source'), 'origin-unindexed')
    assert.ok(Buffer.from(await first.arrayBuffer()).equals(Buffer.alloc(700_000, 'first ')))
    const signed = Buffer.alloc(700_000, 'signed ')
    await observed.sign(node, LARGE, signed)
    const second = await ask(node, LARGE)
    assert.ok(Buffer.from(await second.arrayBuffer()).equals(signed))
  })

  it('cannot say what there is while the repository is away, which is no 404', async (t) => {
    const observed = await ObservedNet.create(t)
    const node = await observed.follower()
    observed.away = true
    const refused = await ask(node, NEW)
    assert.equal(refused.status, 424)
    assert.match(
      refused.statusText,
      /^lib-2\.0\.jar is not in the signed index of sample \(head 2\)/,
    )
    assert.equal((await ask(node, OLD)).status, 200)
  })

  it('passes nothing on with strict, and says why', async (t) => {
    const observed = await ObservedNet.create(t)
    const node = await observed.follower({ strict: true })
    observed.files.set(NEW, Buffer.from('new'))
    const refused = await ask(node, NEW)
    assert.equal(refused.status, 424)
    assert.match(refused.statusText, /with --strict nothing else is passed on from http/)
    assert.equal((await ask(node, OLD)).status, 200)
    assert.equal((await ask(node, 'org/example/')).status, 200)
    assert.equal((await ask(node, 'org/none/')).status, 404)
  })

  it('tells who gets a file by hand that it is not verified', async (t) => {
    const observed = await ObservedNet.create(t)
    const node = await observed.follower()
    observed.files.set(NEW, Buffer.from('new'))
    for (const [path, isVerified] of [
      [NEW, false],
      [OLD, true],
    ] as const) {
      const gotten = await node.get(`sample/${path}`)
      gotten.release()
      assert.equal(gotten.verified, isVerified)
    }
  })
})
