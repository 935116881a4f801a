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
import { timed } from './_measure.ts'
import type { Bench, Row } from './_row.ts'

const HOLDER = fileURLToPath(new URL('_exchange-holder.ts', import.meta.url))
const ROUNDS = 5
/** Requests that stand open: what the exchange allows, and some that wait. */
const PIPELINED = 16
const MEGABYTE = 1_000_000
const PIECE = { kind: 'blob', repository: REPOSITORY, offset: 0, length: PIECE_BYTES } as const

/** Ask for all pieces over one connection, and check each as the mirror does. */
async function askAll(swarm: Swarm, { peer, digests }: Offer): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < PIECES) {
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

async function megabytesPerSecond(work: () => Promise<void>): Promise<number> {
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round += 1)
    rates.push((PIECES * PIECE_BYTES * 1_000) / MEGABYTE / (await timed(work)))
  return median(rates)
}

async function measure(holder: ChildProcess): Promise<readonly Row[]> {
  const [message] = (await once(holder, 'message')) as [Offer]
  const { swarm } = await startExchangeNode([message.address])
  try {
    await waitFor(
      'the greeting',
      () => swarm.followers(REPOSITORY).includes(message.peer) || undefined,
    )
    const beside = await megabytesPerSecond(() => readTcp(message))
    return [
      {
        bench: 'exchange',
        what: 'verified pieces of 256 KiB from one peer, pipelined, two processes',
        value: await megabytesPerSecond(() => askAll(swarm, message)),
        unit: 'MB/s',
        beside: { what: 'a plain TCP socket between the same processes', value: beside },
        target: 'at least 100 MB/s',
      },
    ]
  } finally {
    await swarm.stop()
  }
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
