import { multiaddr } from '@multiformats/multiaddr'
import type { Libp2p } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { providerCid } from '../../../packages/swarm/src/dht/provider-cid.ts'
import { assault } from './attack.ts'
import type { Attack, AttackContext, Target } from './attack.ts'
import { nonsense } from './bytes.ts'
import { addProvider } from './dht-messages.ts'
import { sendDht, sendEachDht } from './dht-streams.ts'

const SHA2_256 = 0x12
/** A quarter of what a node takes of one peer in a day. */
const RECORDS_OF_A_NAME = 1_000
const UNKNOWN_AT_ONCE = 16
/** Nobody is there. */
const NOWHERE = multiaddr('/ip4/127.77.0.1/tcp/9')
const ADDRESSES_OF_A_GHOST = 500

/** Tells the DHT that it holds what nobody ever heard of: each record on a stream of its own, for it is cut after one. */
export async function records(context: AttackContext): Promise<void> {
  const libp2p = await createBareLibp2p(context)
  await libp2p.start()
  await assault(context, async (target) => {
    const messages = Array.from({ length: UNKNOWN_AT_ONCE }, () =>
      addProvider(unknownKey(), libp2p.peerId, [NOWHERE]),
    )
    await sendEachDht(libp2p, { context, target }, messages)
  })
  await libp2p.stop()
}

/** Says under a new name each time that it holds what builds look for, again and again. */
export const floods: Attack = (context) =>
  underNewNames(context, async (name, target) => {
    const keys = knownKeys(context)
    const messages = keys.map((key) => addProvider(key, name.peerId, [NOWHERE]))
    const count = Math.floor(RECORDS_OF_A_NAME / messages.length)
    const all = Array<readonly Uint8Array[]>(count).fill(messages).flat()
    await sendDht(name, { context, target }, all)
  })

/** Says under a new name each time that it holds what builds look for, at many addresses, and is gone. */
export const ghosts: Attack = (context) =>
  underNewNames(context, async (ghost, target) => {
    const addresses = Array.from({ length: ADDRESSES_OF_A_GHOST }, (_, at) =>
      multiaddr(`/ip4/127.77.${String(at >> 8)}.${String(at & 255)}/tcp/9`),
    )
    const messages = knownKeys(context).map((key) => addProvider(key, ghost.peerId, addresses))
    await sendDht(ghost, { context, target }, messages)
  })

async function underNewNames(
  context: AttackContext,
  act: (name: Libp2p, target: Target) => Promise<void>,
): Promise<void> {
  await assault(context, async (target) => {
    const name = await createBareLibp2p(context)
    await name.start()
    try {
      await act(name, target)
    } finally {
      await name.stop()
    }
  })
}

const knownKeys = ({ repository, projects }: AttackContext): readonly CID[] =>
  [undefined, ...projects].map((project) => providerCid({ repository, project }))

const unknownKey = (): CID => CID.createV1(raw.code, create(SHA2_256, nonsense()))
