import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import { setTimeout as delay } from 'node:timers/promises'
import { createBareLibp2p } from '../../swarm/_wire-peer.ts'
import { providerCid } from '../../../packages/swarm/src/dht/provider-cid.ts'
import { kadProtocol } from '../../../packages/swarm/src/protocols.ts'
import { assault } from './attack.ts'
import type { AttackContext, Target } from './attack.ts'
import { bytesField, lengthPrefixed, nonsense, numberField } from './bytes.ts'

const ADD_PROVIDER = 2
const SHA2_256 = 0x12
const RECORDS_AT_ONCE = 4_000
/** Nobody is there. */
const NOWHERE = multiaddr('/ip4/127.77.0.1/tcp/9')
const ADDRESSES_OF_A_GHOST = 500
const HOLD_MS = 200

/** Tells the DHT that it holds what nobody ever heard of, by the hundred thousand. */
export async function records(context: AttackContext): Promise<void> {
  const libp2p = await createBareLibp2p(context)
  await libp2p.start()
  await assault(context, async (target) => {
    const keys = Array.from({ length: RECORDS_AT_ONCE }, unknownKey)
    await provide(libp2p, { context, target, keys, addresses: [NOWHERE] })
    context.count('records of unknown keys', RECORDS_AT_ONCE)
  })
  await libp2p.stop()
}

/** Says under a new name each time that it holds what builds look for, and is gone. */
export async function ghosts(context: AttackContext): Promise<void> {
  const { repository, project } = context
  const keys = [
    providerCid({ repository, project }),
    providerCid({ repository, project: undefined }),
  ]
  const addresses = Array.from({ length: ADDRESSES_OF_A_GHOST }, (_, at) =>
    multiaddr(`/ip4/127.77.${String(at >> 8)}.${String(at & 255)}/tcp/9`),
  )
  await assault(context, async (target) => {
    const ghost = await createBareLibp2p(context)
    await ghost.start()
    try {
      await provide(ghost, { context, target, keys, addresses })
      context.count('ghosts')
    } finally {
      await ghost.stop()
    }
  })
}

interface Provision {
  readonly context: AttackContext
  readonly target: Target
  readonly keys: readonly CID[]
  readonly addresses: readonly Multiaddr[]
}

async function provide(
  libp2p: Libp2p,
  { context, target, keys, addresses }: Provision,
): Promise<void> {
  const stream = await libp2p.dialProtocol(
    multiaddr(target.address),
    kadProtocol(context.repository),
  )
  const peer = Buffer.concat([
    bytesField(1, libp2p.peerId.toMultihash().bytes),
    ...addresses.map((address) => bytesField(2, address.bytes)),
  ])
  try {
    for (const key of keys) {
      const message = [numberField(1, ADD_PROVIDER), bytesField(2, key.bytes), bytesField(9, peer)]
      stream.send(lengthPrefixed(Buffer.concat(message)))
    }
    await delay(HOLD_MS)
  } finally {
    stream.abort(new Error('enough'))
  }
}

const unknownKey = (): CID => CID.createV1(raw.code, create(SHA2_256, nonsense()))
