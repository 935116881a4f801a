import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { sha256 } from '@jarswarm/manifest'
import type { Swarm } from '@jarswarm/ports'
import { waitFor } from '../_wait-for.ts'
import { median } from '../_percentile.ts'
import { PIECE_BYTES, PIECES, REPOSITORY, startExchangeNode } from './_exchange-node.ts'
import type { Offer } from './_exchange-node.ts'
import { lateLink } from './_late-link.ts'
import { timed } from './_measure.ts'
import type { Bench, Row } from './_row.ts'

const HOLDER = fileURLToPath(new URL('_exchange-holder.ts', import.meta.url))
const ROUNDS = 5
/** Requests that stand open: what the exchange allows, and some that wait. */
const PIPELINED = 16
const MEGABYTE = 1_000_000
const PIECE = { kind: 'blob', repository: REPOSITORY, offset: 0, length: PIECE_BYTES } as const

/** Round trips of a line across a continent, and across an ocean. */
const FAR_MS = [30, 80] as const
/** So far away fewer pieces take as long. */
const FAR_PIECES = 256

/** Ask for pieces over one connection, and check each as the mirror does. */
async function ask(swarm: Swarm, { peer, digests }: Offer, pieces: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < pieces) {
      const digest = digests[next++ % digests.length] ?? ''
      const bytes = await swarm.request(peer, { ...PIECE, digest }, {})
      if (sha256(bytes) !== digest) throw new Error(`Cannot measure: wrong bytes for ${digest}`)
    }
  }
  await Promise.all(Array.from({ length: PIPELINED }, worker))
}

/** Read the same number of bytes from a plain socket. */
async function readTcp({ tcpPort }: Offer): Promise<void> {
  const socket = connect(tcpPort, '127.0.0.1')
  let bytes = 0
  for await (const chunk of socket) bytes += (chunk as Uint8Array).length
  if (bytes !== PIECES * PIECE_BYTES) throw new Error(`Cannot measure: ${String(bytes)} came`)
}

async function megabytesPerSecond(pieces: number, work: () => Promise<void>): Promise<number> {
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round += 1)
    rates.push((pieces * PIECE_BYTES * 1_000) / MEGABYTE / (await timed(work)))
  return median(rates)
}

/** From the holder at an address, by a node that begins anew. */
async function measurePieces(offer: Offer, address: string, pieces: number): Promise<number> {
  const { swarm } = await startExchangeNode([address])
  try {
    await waitFor(
      'the greeting',
      () => swarm.followers(REPOSITORY).includes(offer.peer) || undefined,
    )
    return await megabytesPerSecond(pieces, () => ask(swarm, offer, pieces))
  } finally {
    await swarm.stop()
  }
}

async function measureFar(offer: Offer, roundTripMs: number): Promise<Row> {
  const port = /(?<=\/tcp\/)\d+/
  const link = await lateLink(Number(port.exec(offer.address)?.[0]), roundTripMs)
  try {
    const address = offer.address.replace(port, String(link.port))
    return {
      bench: 'exchange',
      what: `the same with a round trip of ${String(roundTripMs)} ms`,
      value: await measurePieces(offer, address, FAR_PIECES),
      unit: 'MB/s',
    }
  } finally {
    await link.close()
  }
}

async function measure(holder: ChildProcess): Promise<readonly Row[]> {
  const [offer] = (await once(holder, 'message')) as [Offer]
  const beside = await megabytesPerSecond(PIECES, () => readTcp(offer))
  const near: Row = {
    bench: 'exchange',
    what: 'verified pieces of 256 KiB from one peer, pipelined, two processes',
    value: await measurePieces(offer, offer.address, PIECES),
    unit: 'MB/s',
    beside: { what: 'a plain TCP socket between the same processes', value: beside },
    target: 'at least 100 MB/s',
  }
  const far: Row[] = []
  for (const roundTripMs of FAR_MS) far.push(await measureFar(offer, roundTripMs))
  return [near, ...far]
}

export const exchange: Bench = {
  name: 'exchange',
  about: 'peer to peer, without store and HTTP',
  run: async () => {
    const holder = fork(HOLDER)
    try {
      return await measure(holder)
    } finally {
      const gone = once(holder, 'exit')
      holder.disconnect()
      await gone
    }
  },
}
