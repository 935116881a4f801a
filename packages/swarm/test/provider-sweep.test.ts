import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { sha256 } from '@jarswarm/manifest'
import { providerKey } from '@jarswarm/ports'
import type { Clock } from '@jarswarm/ports'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { CID } from 'multiformats/cid'
import { placeOfPeer } from '../src/dht/key-region.ts'
import { MAX_RECORDS_AT_ONCE } from '../src/dht/limits.ts'
import { ProvideQueue } from '../src/dht/provide-queue.ts'
import { providerCid } from '../src/dht/provider-cid.ts'
import { ProviderSweep } from '../src/dht/provider-sweep.ts'
import { RecordSender } from '../src/dht/record-sender.ts'
import { PROVIDE_PAUSE_MS } from '../src/pace.ts'
import { REPOSITORY, silentLogger, startNode, systemClock, waitFor } from './_nodes.ts'
import type { TestNode } from './_nodes.ts'

const keyOf = (project: string): string => providerKey({ repository: REPOSITORY, project })
const projectsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `g/p${String(at)}`)

/** A project that each server is told of before it counts. */
const PROBE = 'g/probe'

interface Rig {
  readonly holder: TestNode
  readonly servers: readonly TestNode[]
  /** Keys of the records that each server was given, in that order. */
  readonly given: readonly string[][]
}

/** DHT servers whose index has some projects, and a node that knows all of them. */
async function rig(t: TestContext, known: readonly string[], count = 1): Promise<Rig> {
  const servers: TestNode[] = []
  const given: string[][] = []
  for (let at = 0; at < count; at += 1) {
    const server = await startNode(t, { role: 'bootstrap' })
    for (const project of [...known, PROBE]) server.content.addProject(REPOSITORY, project)
    const keys: string[] = []
    const { content } = server
    const knows = content.knowsProviderKey.bind(content)
    t.mock.method(content, 'knowsProviderKey', (repository: string, key: string) => {
      keys.push(key)
      return knows(repository, key)
    })
    servers.push(server)
    given.push(keys)
  }
  const bootstrap = servers.flatMap(({ swarm }) => swarm.listenAddresses())
  const holder = await startNode(t, { bootstrap, dht: 'client', summaries: false })
  await waitFor('all servers', () => holder.swarm.followers(REPOSITORY).length === count)
  // Who is connected is known to the DHT a moment later.
  await waitFor('all servers in the DHT', async () => {
    await tell(holder, [PROBE]).catch(() => undefined)
    return given.every((keys) => keys.includes(keyOf(PROBE)))
  })
  for (const keys of given) keys.length = 0
  return { holder, servers, given }
}

async function tell({ swarm }: TestNode, projects: readonly string[]): Promise<string[]> {
  const told: string[] = []
  for await (const project of swarm.provide(REPOSITORY, projects, {})) told.push(project ?? '*')
  return told
}

describe('announcing many projects', () => {
  it('gives each record once to each server', async (t) => {
    const projects = projectsOf(40)
    const { holder, given } = await rig(t, projects, 3)
    assert.deepEqual((await tell(holder, projects)).toSorted(), projects.toSorted())
    for (const keys of given) assert.deepEqual(keys.toSorted(), projects.map(keyOf).toSorted())
  })

  it('loses none behind one that a server refuses', async (t) => {
    const projects = projectsOf(12)
    const { holder, given } = await rig(t, projects)
    const all = [...projects.slice(0, 5), 'not/indexed', ...projects.slice(5)]
    assert.deepEqual((await tell(holder, all)).toSorted(), all.toSorted())
    assert.deepEqual(new Set(given[0]), new Set(all.map(keyOf)))
  })

  it('gives MAX_RECORDS_AT_ONCE at a time', async (t) => {
    const projects = projectsOf(MAX_RECORDS_AT_ONCE + 1)
    const { holder, given } = await rig(t, projects)
    let told = 0
    for await (const project of holder.swarm.provide(REPOSITORY, projects, {})) {
      assert.ok(project !== undefined)
      told += 1
      if (told <= MAX_RECORDS_AT_ONCE) assert.equal(given[0]?.length, MAX_RECORDS_AT_ONCE)
    }
    assert.equal(told, projects.length)
    assert.equal(given[0]?.length, projects.length)
  })

  it('goes on with the servers that are left', async (t) => {
    const projects = projectsOf(3)
    const { holder, servers, given } = await rig(t, projects, 2)
    await servers[0]?.swarm.stop()
    assert.deepEqual((await tell(holder, projects)).toSorted(), projects)
    assert.equal(given[1]?.length, 3)
  })
})

/** A sweep over servers that are only names, each of which takes what `takes` says. */
async function sweepOver(t: TestContext, count: number) {
  const servers: PeerId[] = []
  for (let at = 0; at < count; at += 1)
    servers.push(peerIdFromPrivateKey(await generateKeyPair('Ed25519')))
  const closest = (key: Uint8Array): PeerId[] => {
    const from = (peer: PeerId): bigint =>
      BigInt(`0x${placeOfPeer(peer)}`) ^ BigInt(`0x${sha256(key)}`)
    return servers.toSorted((one, other) => (from(one) < from(other) ? -1 : 1)).slice(0, 20)
  }
  let walks = 0
  const dht = {
    routingTable: { size: count },
    providers: { addProvider: () => Promise.resolve(), getProviders: () => Promise.resolve([]) },
    async *getClosestPeers(key: Uint8Array) {
      await Promise.resolve()
      walks += 1
      for (const id of closest(key)) yield { name: 'FINAL_PEER', peer: { id } }
    },
  } as unknown as KadDHT
  const clock: Clock = {
    ...systemClock,
    setTimer: (callback, ms) => {
      if (ms === PROVIDE_PAUSE_MS) queueMicrotask(callback)
      return { cancel: () => undefined }
    },
  }
  const rig: { takes: (server: PeerId) => boolean } = { takes: () => true }
  t.mock.method(RecordSender.prototype, 'send', (server: PeerId, keys: readonly CID[]) =>
    rig.takes(server) ? Promise.resolve(keys.length) : Promise.reject(new Error('silent')),
  )
  const libp2p = { peerId: servers[0] } as unknown as Libp2p
  const queue = new ProvideQueue(clock, 2_000)
  const sweep = new ProviderSweep(
    { clock, logger: silentLogger, libp2p, dht, queue },
    { protocol: '/test' },
  )
  const tellAll = async (projects: readonly string[]): Promise<string[]> => {
    const told: string[] = []
    const subjects = projects.map((project) => ({ repository: REPOSITORY, project }))
    for await (const project of sweep.run(subjects, [])) told.push(project ?? '*')
    return told
  }
  return { rig, closest, tellAll, walks: () => walks }
}

describe('announcing in a large swarm', () => {
  it('takes fewer walks than there are projects', async (t) => {
    const { tellAll, walks } = await sweepOver(t, 60)
    const projects = projectsOf(200)
    assert.deepEqual((await tellAll(projects)).toSorted(), projects.toSorted())
    assert.ok(walks() < 20)
  })

  it('goes on where strangers around one key take nothing', async (t) => {
    const { rig, closest, tellAll } = await sweepOver(t, 60)
    const projects = projectsOf(200)
    const cid = providerCid({ repository: REPOSITORY, project: projects[0] })
    const strangers = new Set(closest(cid.multihash.bytes))
    rig.takes = (server) => !strangers.has(server)
    const told = await tellAll(projects)
    assert.ok(!told.includes('g/p0'))
    assert.ok(told.length > 50)
  })

  it('leaves the rest for later when nobody takes anything in three regions', async (t) => {
    const { rig, tellAll, walks } = await sweepOver(t, 200)
    rig.takes = () => false
    await assert.rejects(tellAll(projectsOf(200)), { code: 'ERR_SOURCE_UNAVAILABLE' })
    assert.equal(walks(), 3)
  })
})
