/** A process with a Helia node, which holds blocks for another or fetches them; they talk Bitswap over TCP, Noise and Yamux. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** What the process is told in a message. */
export type HeliaTask =
  | { readonly kind: 'hold'; readonly files: readonly string[]; readonly store: HeliaStore }
  | {
      readonly kind: 'fetch'
      readonly address: string
      readonly blocks: readonly (readonly string[])[]
      readonly parallel: number
      readonly store: HeliaStore
    }
  | { readonly kind: 'idle'; readonly count: number; readonly peers: readonly string[] }

/** Where blocks are kept: a directory, or in memory. */
export type HeliaStore = { readonly directory: string } | 'memory'

export type HeliaReply =
  | {
      readonly kind: 'holds'
      readonly address: string
      /** CIDs of the blocks of each file, in order. */
      readonly blocks: readonly (readonly string[])[]
    }
  | {
      readonly kind: 'fetched'
      readonly ms: number
      /** SHA-256 of each file. */
      readonly digests: readonly string[]
    }
  | { readonly kind: 'runs'; readonly addresses: readonly string[] }

/** As much of Helia and its parts as is used here: they are not installed with the project. */
interface Helia {
  readonly blockstore: {
    put(cid: object, bytes: Uint8Array): Promise<unknown>
    get(cid: object): AsyncIterable<Uint8Array>
  }
  readonly libp2p: {
    getMultiaddrs(): readonly { toString(): string }[]
    dial(address: object): Promise<unknown>
  }
  start(): Promise<unknown>
  stop(): Promise<unknown>
}

interface Cid {
  toString(): string
}

interface CidModule {
  readonly CID: { createV1(codec: number, hash: object): Cid; parse(text: string): Cid }
}

interface HashModule {
  readonly sha256: { digest(bytes: Uint8Array): Promise<object> }
}

type Make<T = object> = (...init: readonly unknown[]) => T

/** As large as Helia's own importer makes them. */
const BLOCK_BYTES = 1_048_576
const RAW = 0x55

const load = async <T>(name: string): Promise<T> => (await import(name)) as T

async function createHelia(store: HeliaStore): Promise<Helia> {
  const [helia, networked, bitswap, stores, files] = await Promise.all([
    load<{ createHeliaLight: Make }>('helia'),
    load<{ withLibp2pLight: Make }>('@helia/libp2p'),
    load<{ withBitswap: Make<Helia> }>('@helia/bitswap'),
    load<{ MemoryBlockstore: new () => object }>('blockstore-core'),
    load<{ FsBlockstore: new (directory: string) => object }>('blockstore-fs'),
  ])
  const [tcp, noise, yamux, identify] = await Promise.all([
    load<{ tcp: Make }>('@libp2p/tcp'),
    load<{ noise: Make }>('@libp2p/noise'),
    load<{ yamux: Make }>('@libp2p/yamux'),
    load<{ identify: Make }>('@libp2p/identify'),
  ])
  const blockstore =
    store === 'memory' ? new stores.MemoryBlockstore() : new files.FsBlockstore(store.directory)
  const light = networked.withLibp2pLight(helia.createHeliaLight({ blockstore }), {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp.tcp()],
    connectionEncrypters: [noise.noise()],
    streamMuxers: [yamux.yamux()],
    services: { identify: identify.identify() },
  })
  const node = bitswap.withBitswap(light)
  await node.start()
  return node
}

async function hold(files: readonly string[], store: HeliaStore): Promise<void> {
  const helia = await createHelia(store)
  const { CID } = await load<CidModule>('multiformats/cid')
  const { sha256 } = await load<HashModule>('multiformats/hashes/sha2')
  const blocks: string[][] = []
  for (const file of files) {
    const bytes = readFileSync(file)
    const cids: string[] = []
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = bytes.subarray(at, at + BLOCK_BYTES)
      const cid = CID.createV1(RAW, await sha256.digest(block))
      await helia.blockstore.put(cid, block)
      cids.push(cid.toString())
    }
    blocks.push(cids)
  }
  tell({ kind: 'holds', address: addressOf(helia), blocks })
  await once(process, 'disconnect')
  await helia.stop()
}

/** Ask for all blocks of all files, so many at a time. */
async function fetchAll(task: HeliaTask & { readonly kind: 'fetch' }): Promise<void> {
  const helia = await createHelia(task.store)
  await dial(helia, task.address)
  const { CID } = await load<CidModule>('multiformats/cid')
  const received = task.blocks.map((cids) => cids.map((): Uint8Array[] => []))
  const wanted = task.blocks.flatMap((cids, file) =>
    cids.map((cid, at) => ({ cid: CID.parse(cid), into: received[file]?.[at] ?? [] })),
  )
  const rest = wanted.values()
  const began = performance.now()
  await Promise.all(
    Array.from({ length: task.parallel }, async () => {
      for (const { cid, into } of rest)
        for await (const chunk of helia.blockstore.get(cid)) into.push(chunk)
    }),
  )
  const ms = performance.now() - began
  const digests = received.map((parts) => {
    const hash = createHash('sha256')
    for (const part of parts.flat()) hash.update(part)
    return hash.digest('hex')
  })
  tell({ kind: 'fetched', ms, digests })
  await once(process, 'disconnect')
  await helia.stop()
}

/** Be there, so many times, connected to others, and do nothing. */
async function idle(count: number, peers: readonly string[]): Promise<void> {
  const nodes = await Promise.all(Array.from({ length: count }, () => createHelia('memory')))
  for (const helia of nodes) for (const peer of peers) await dial(helia, peer)
  tell({ kind: 'runs', addresses: nodes.map(addressOf) })
  await once(process, 'disconnect')
  await Promise.all(nodes.map((helia) => helia.stop()))
}

async function dial(helia: Helia, address: string): Promise<void> {
  const { multiaddr } = await load<{ multiaddr: Make }>('@multiformats/multiaddr')
  await helia.libp2p.dial(multiaddr(address))
}

const addressOf = (helia: Helia): string => String(helia.libp2p.getMultiaddrs()[0])

function tell(reply: HeliaReply): void {
  process.send?.(reply)
}

// As a message: thousands of blocks are too many for an argument.
const [task] = (await once(process, 'message')) as [HeliaTask]
if (task.kind === 'hold') await hold(task.files, task.store)
else if (task.kind === 'fetch') await fetchAll(task)
else await idle(task.count, task.peers)
